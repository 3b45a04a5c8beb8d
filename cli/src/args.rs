//! The command line.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};
use wagate_infra::config::Config;

/// A self-hosted, multi-tenant WhatsApp gateway.
#[derive(Debug, Parser)]
#[command(version, about)]
pub(crate) struct Args {
    /// Configuration file (TOML); `wagate.toml` in the working directory when absent.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Args {
    /// The checked configuration.
    pub(crate) fn config(&self) -> anyhow::Result<Config> {
        Ok(Config::load(self.config.as_deref())?)
    }
}

/// What to run.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Everything in one process: API, worker, connector, Redis, SQLite, S3 and (in a sandbox build) a simulated network.
    Up(UpArgs),
    /// The HTTP API.
    Api,
    /// The worker: event log to SQL, control jobs.
    Worker,
    /// The connector: holds the WhatsApp sockets.
    Connector,
    /// The simulated WhatsApp network alone, for connectors of other processes and for foreign clients.
    #[cfg(feature = "sandbox")]
    Sandbox(SandboxArgs),
    /// Brings the database to this version's schema.
    Migrate,
    /// Tenants, keys and people.
    #[command(subcommand)]
    Admin(AdminCommand),
    /// Asks every machine whether it is well and shows what waits.
    Doctor,
    /// Writes the API's OpenAPI document to standard output.
    Openapi,
}

/// How `wagate up` runs.
#[derive(Debug, Clone, Default, ClapArgs)]
pub(crate) struct UpArgs {
    /// Takes free ports instead of the usual ones.
    #[arg(long)]
    pub(crate) free_ports: bool,
}

/// How `wagate sandbox` runs.
#[cfg(feature = "sandbox")]
#[derive(Debug, Clone, Default, ClapArgs)]
pub(crate) struct SandboxArgs {
    /// Takes free ports instead of the usual ones.
    #[arg(long)]
    pub(crate) free_ports: bool,
}

/// Tenants, keys and people.
#[derive(Debug, Subcommand)]
pub(crate) enum AdminCommand {
    #[command(flatten)]
    Tenants(TenantCommand),
    /// Prints a fresh key for the configuration's encryption.keys.
    NewKey,
    /// Seals every secret with new keys that the first of encryption.keys wraps, while everything runs; afterwards the
    /// other keys can be taken out.
    RotateKeys,
}

/// What is done with every machine at hand.
#[derive(Debug, Subcommand)]
pub(crate) enum TenantCommand {
    /// Makes a workspace (tenant) and its first key.
    CreateWorkspace {
        /// What people call it.
        name: String,
    },
    /// Gives a workspace a plan of its own.
    SetPlan {
        /// The workspace's id (`ws_…`).
        workspace: String,
        /// The plan in JSON, such as `{"sessions":5,"messages_per_day":1000}`; what is left out has no limit. Without it
        /// the workspace has the plan of the installation.
        plan: Option<String>,
    },
    /// Lets a workspace only read; its sessions are let go of.
    Suspend {
        /// The workspace's id (`ws_…`).
        workspace: String,
        /// Why, for those who are refused.
        reason: String,
    },
    /// Has a workspace deleted: it may only read from now on, and is removed after the grace time. `restore` undoes it.
    Delete {
        /// The workspace's id (`ws_…`).
        workspace: String,
        /// Its name, to confirm that it is this one.
        name: String,
        /// Makes no export before.
        #[arg(long)]
        without_export: bool,
    },
    /// Has everything of a workspace written into one file.
    Export {
        /// The workspace's id (`ws_…`).
        workspace: String,
    },
    /// Lists the exports of a workspace, also of a deleted one, with links to their files.
    Exports {
        /// The workspace's id (`ws_…`).
        workspace: String,
    },
    /// Undoes a deletion that has not begun, or ends a suspension.
    Restore {
        /// The workspace's id (`ws_…`).
        workspace: String,
    },
    /// Makes another API key of a workspace.
    CreateKey {
        /// The workspace's id (`ws_…`).
        workspace: String,
        /// What people call the key.
        name: String,
        /// What it may do, with commas between: `messages:send,sessions:*`; `operator` lets it run the gateway.
        #[arg(long, value_delimiter = ',', default_value = "*")]
        scopes: Vec<String>,
    },
    /// Makes the person of an address run the gateway, and an account for it when it has none. Prints a link that sets
    /// the password.
    CreateOperator {
        /// Their mail address.
        address: String,
        /// What people call them, for a new account.
        #[arg(long, default_value = "operator")]
        name: String,
    },
    /// Prints a link that sets the password of an account, for handing over.
    ResetPassword {
        /// The mail address of the account.
        address: String,
    },
    /// Signs access tokens with a new key; the one before verifies until its tokens have run out.
    RotateTokenKeys,
}
