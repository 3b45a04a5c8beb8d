//! The `wagate` program.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Of everything in the process, SQLite included: handing out memory was a fifth of the processor time of each role.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    wagate_cli::main()
}
