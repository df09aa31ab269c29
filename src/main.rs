use std::process::ExitCode;

fn main() -> ExitCode {
    infocus::cli::main()
}
