//! How problems read.

use std::path::Path;

use infocus::diagnostic::{Diagnostic, Invalid, count, nearest};

#[test]
fn a_problem_names_the_fact_the_place_and_the_way_out() {
    let problem = Diagnostic::new("unknown key `titel`")
        .at(Path::new("feeds/in-focus.toml"), 3)
        .note("allowed", "title, url")
        .help("did you mean `title`?");
    assert_eq!(
        problem.to_string(),
        "unknown key `titel`\n  at: feeds/in-focus.toml:3\n  allowed: title, url\nhelp: did you mean `title`?"
    );
    assert_eq!(
        Invalid(vec![problem.clone(), Diagnostic::new("bad glob")]).to_string(),
        format!("{problem}\n\nerror: bad glob")
    );
}

#[test]
fn only_a_close_name_is_suggested() {
    assert_eq!(nearest("titel", ["title", "url", "kicker"]), Some("title"));
    assert_eq!(nearest("zzz", ["title", "url", "kicker"]), None);
}

#[test]
fn counts_carry_their_noun() {
    assert_eq!((count(1, "item"), count(2, "item")), ("1 item".into(), "2 items".into()));
}
