//! The roles of people in a workspace, and the one table of what each may do.

use super::permission::{Permission as P, Permissions};

/// What a member is in a workspace. Each role may do what those after it may, and more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Sees.
    Viewer,
    /// Writes with customers.
    Agent,
    /// Runs sessions and webhooks.
    Operator,
    /// Runs the workspace: members, keys, settings.
    Admin,
    /// Everything, also its end.
    Owner,
}

const VIEWER: Permissions = Permissions::of(&[
    P::SessionsRead,
    P::MessagesRead,
    P::QueueRead,
    P::ChatsRead,
    P::ContactsRead,
    P::MediaRead,
    P::EventsRead,
    P::SettingsRead,
    P::MembersRead,
]);

const AGENT: Permissions = VIEWER.and(Permissions::of(&[P::MessagesSend, P::ChatsWrite, P::MediaWrite]));

const OPERATOR: Permissions = AGENT.and(Permissions::of(&[
    P::SessionsWrite,
    P::SessionsLink,
    P::SessionsDelete,
    P::QueueWrite,
    P::WebhooksRead,
    P::WebhooksWrite,
]));

const ADMIN: Permissions = OPERATOR.and(Permissions::of(&[
    P::SettingsWrite,
    P::KeysRead,
    P::KeysWrite,
    P::MembersWrite,
    P::AuditRead,
]));

impl Role {
    /// All of them, the mightiest first.
    pub const ALL: [Self; 5] = [Self::Owner, Self::Admin, Self::Operator, Self::Agent, Self::Viewer];

    /// What it may do: the permission table.
    #[must_use]
    pub const fn may(self) -> Permissions {
        match self {
            Self::Owner => Permissions::WORKSPACE,
            Self::Admin => ADMIN,
            Self::Operator => OPERATOR,
            Self::Agent => AGENT,
            Self::Viewer => VIEWER,
        }
    }

    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Operator => "operator",
            Self::Agent => "agent",
            Self::Viewer => "viewer",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_what_the_lesser_may_and_more() {
        for pair in Role::ALL.windows(2) {
            let [mightier, lesser] = pair else { unreachable!() };
            assert!(mightier > lesser);
            assert!(mightier.may().cover(lesser.may()) && mightier.may() != lesser.may(), "{mightier:?}");
            assert!(!mightier.may().has(P::Operate));
        }
        for role in Role::ALL {
            assert_eq!(Role::named(role.name()), Some(role));
        }
        assert_eq!(Role::named("Owner"), None);
    }

    #[test]
    fn who_may_what_that_hurts() {
        for (permission, lowest) in [
            (P::WorkspaceDelete, Role::Owner),
            (P::KeysWrite, Role::Admin),
            (P::MembersWrite, Role::Admin),
            (P::AuditRead, Role::Admin),
            (P::SessionsLink, Role::Operator),
            (P::WebhooksWrite, Role::Operator),
            (P::MessagesSend, Role::Agent),
            (P::MessagesRead, Role::Viewer),
        ] {
            for role in Role::ALL {
                assert_eq!(role.may().has(permission), role >= lowest, "{permission} {role:?}");
            }
        }
    }
}
