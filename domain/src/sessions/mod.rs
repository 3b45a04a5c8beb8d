//! A session is one WhatsApp account linked to the gateway.

mod create;
mod forecast;
mod health;
mod pacing;
mod pairing;
mod proxy;
mod remove;
mod rewrite;
mod run;
mod state;

pub use create::{CreateError, CreatePorts, CreateSession, create};
pub use forecast::Forecast;
pub use health::{Health, SILENCE, diagnose};
pub use pacing::{Day, Pacing, QuietHours, WarmUp};
pub use pairing::{Command, CommandReply, Pairing, PairingView};
pub use proxy::{PROXY_FAILED, Proxy, ProxyKind};
pub use remove::{RemoveError, RemovePorts, remove};
pub use rewrite::{RewriteSession, rewrite};
pub use run::{start, stop};
pub use state::{Reason, Signal, State};

use serde::{Deserialize, Serialize};

use crate::{SessionId, Timestamp, WorkspaceId};

/// A session as it is stored and shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Identifier.
    pub id: SessionId,
    /// Tenant.
    pub workspace: WorkspaceId,
    /// What people call it.
    pub name: String,
    /// Where it stands.
    pub state: State,
    /// Why it stands there, when there is more to say.
    pub reason: Option<Reason>,
    /// Whether a connector should hold it.
    pub wanted: bool,
    /// Phone number of the linked account, digits.
    pub pn: Option<String>,
    /// LID of the linked account, digits.
    pub lid: Option<String>,
    /// Push name of the linked account.
    pub push_name: Option<String>,
    /// Raised by compare-and-swap at every change of owner; a writer with a lower one is stale.
    pub epoch: u64,
    /// How fast it may send.
    pub pacing: Pacing,
    /// What it reaches WhatsApp by; straight when absent.
    pub proxy: Option<Proxy>,
    /// When its account was linked.
    pub linked_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
}

impl Session {
    /// Whether an account is linked, so that messages have somewhere to go.
    #[must_use]
    pub const fn is_linked(&self) -> bool {
        self.pn.is_some()
    }

    /// Which session, of which tenant.
    #[must_use]
    pub const fn key(&self) -> SessionKey {
        SessionKey { workspace: self.workspace, id: self.id }
    }
}

/// A session and its tenant: what every port takes instead of a bare session id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SessionKey {
    /// Tenant.
    pub workspace: WorkspaceId,
    /// Session.
    pub id: SessionId,
}
