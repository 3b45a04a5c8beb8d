//! On which terms a workspace acts: its plan, whether it is suspended, and what it has left.

use super::{Decision, Payer};
use crate::{
    Timestamp, WorkspaceId,
    ports::{Limits, PortError, PortResult, Workspaces},
    sessions::SessionKey,
    workspaces::{Plan, Suspension},
};

/// Why a workspace may not do something.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// It may only read.
    #[error("the workspace is suspended: {0}")]
    Suspended(String),
    /// It is going to be deleted: it may only read.
    #[error("the workspace is going to be deleted after {0}")]
    Deleting(Timestamp),
    /// It was deleted.
    #[error("the workspace was deleted")]
    Deleted,
    /// Its plan has no room for it.
    #[error("the plan allows {most} {share}")]
    Plan {
        /// Of what.
        share: Share,
        /// How many.
        most: u32,
    },
    /// It has used up what it may for the moment.
    #[error("the limit of the {} is reached", .0.subject.name())]
    Limited(Box<Decision>),
    /// A machine behind us failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// What a plan has a fixed number of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// Sessions.
    Sessions,
    /// Members.
    Members,
    /// Days that anything is kept.
    RetentionDays,
}

impl std::fmt::Display for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Sessions => "sessions",
            Self::Members => "members",
            Self::RetentionDays => "days of retention",
        })
    }
}

/// How a workspace stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// What it may use.
    pub plan: Plan,
    /// Why it may only read.
    pub suspended: Option<Suspension>,
    /// Whether it is there for long.
    pub stay: Stay,
}

/// Whether a workspace is there for long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stay {
    /// It is.
    Lasting,
    /// It is going to be deleted after this moment.
    Until(Timestamp),
    /// It is not on record (any more).
    Over,
}

impl Standing {
    /// Whether the workspace may read.
    ///
    /// # Errors
    /// [`Refusal::Deleted`].
    pub const fn readable(&self) -> Result<(), Refusal> {
        match self.stay {
            Stay::Over => Err(Refusal::Deleted),
            Stay::Lasting | Stay::Until(_) => Ok(()),
        }
    }

    /// The plan of a workspace that may change something.
    ///
    /// # Errors
    /// [`Refusal::Suspended`], [`Refusal::Deleting`], [`Refusal::Deleted`].
    pub fn active(self) -> Result<Plan, Refusal> {
        match (self.stay, self.suspended) {
            (Stay::Over, _) => Err(Refusal::Deleted),
            (Stay::Until(due), _) => Err(Refusal::Deleting(due)),
            (Stay::Lasting, Some(suspension)) => Err(Refusal::Suspended(suspension.reason)),
            (Stay::Lasting, None) => Ok(self.plan),
        }
    }
}

/// Where the terms of workspaces are looked up, and kept to.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "ports have nothing to show")]
pub struct Terms<'a> {
    /// Workspaces, as they were on record a moment ago.
    pub workspaces: &'a dyn Workspaces,
    /// What is left.
    pub limits: &'a dyn Limits,
    /// The plan of a workspace that has none of its own.
    pub plan: &'a Plan,
}

impl Terms<'_> {
    /// How a workspace stands.
    ///
    /// # Errors
    /// As the record reports them.
    pub async fn standing(&self, workspace: WorkspaceId) -> PortResult<Standing> {
        let found = self.workspaces.get(workspace).await?;
        Ok(match found {
            Some(found) => Standing {
                plan: found.plan.unwrap_or(*self.plan),
                suspended: found.suspended,
                stay: found.deletion.map_or(Stay::Lasting, |deletion| Stay::Until(deletion.due_at)),
            },
            None => Standing { plan: *self.plan, suspended: None, stay: Stay::Over },
        })
    }

    /// The plan of a workspace that may change something.
    ///
    /// # Errors
    /// Why it may not, or as the record reports it.
    pub async fn active(&self, workspace: WorkspaceId) -> Result<Plan, Refusal> {
        self.standing(workspace).await?.active()
    }

    /// Charges a session and its workspace for messages; what is left, where there is a limit.
    ///
    /// # Errors
    /// See [`Refusal`]; then nothing was charged.
    pub async fn charge(&self, session: SessionKey, messages: u32) -> Result<Option<Decision>, Refusal> {
        let plan = self.active(session.workspace).await?;
        let charges = plan.for_messages(session.id, messages);
        match self.limits.take(Payer::Workspace(session.workspace), &charges).await? {
            Some(decision) if !decision.allowed => Err(Refusal::Limited(Box::new(decision))),
            decision => Ok(decision),
        }
    }

    /// Gives back a part of what messages were charged for, because so many of them turned out to be on their way already.
    ///
    /// # Errors
    /// As the port reports them; then it stays used.
    pub async fn give_back(
        &self,
        workspace: WorkspaceId,
        charged: Option<&Decision>,
        messages: u32,
    ) -> PortResult<()> {
        let spent: Vec<_> = charged
            .into_iter()
            .flat_map(|decision| &decision.spent)
            .map(|spent| super::Spent { count: messages.min(spent.count), ..*spent })
            .filter(|spent| spent.count > 0)
            .collect();
        if spent.is_empty() {
            return Ok(());
        }
        self.limits.give_back(Payer::Workspace(workspace), &spent).await
    }
}
