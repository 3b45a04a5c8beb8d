//! The composition root: reads the configuration, connects the machines, starts the roles.
//!
//! `wagate up` runs everything in one process with embedded machines; `wagate api`, `worker` and `connector`
//! run one role each against machines that the configuration names.

mod admin;
mod args;
mod banner;
mod console;
mod ends;
mod machines;
mod operations;
mod roles;
mod running;
mod serving;
pub mod up;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Args, Command};

/// Parses the command line and runs it.
#[must_use]
pub fn main() -> ExitCode {
    let args = Args::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into()),
    };
    match runtime.block_on(run(args)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

async fn run(args: Args) -> anyhow::Result<()> {
    let config = || args.config();
    match &args.command {
        Command::Up(options) => up::run(config()?, options).await,
        Command::Api => roles::api(config()?).await,
        Command::Worker => roles::worker(config()?).await,
        Command::Connector => roles::connector(config()?).await,
        #[cfg(feature = "sandbox")]
        Command::Sandbox(options) => up::sandbox_alone(config()?, options).await,
        Command::Migrate => admin::migrate(config()?).await,
        Command::Admin(command) => admin::run(config, command).await,
        Command::Doctor => admin::doctor(config()?).await,
        Command::Openapi => admin::openapi(),
    }
}

#[expect(clippy::print_stderr, reason = "the last word of a failed program")]
fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("wagate: {error:#}");
    ExitCode::FAILURE
}
