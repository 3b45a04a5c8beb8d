//! The `wagate` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    wagate_cli::main()
}
