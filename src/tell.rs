//! What is said to whoever watches, if somebody does.

/// A line to stderr. If nobody reads it any more, or there is no room for it, all else goes on.
macro_rules! tell {
    ($($argument:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($argument)*);
    }};
}
