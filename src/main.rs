use std::process::ExitCode;

/// Pages are parsed into many small nodes.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    infocus::cli::main()
}
