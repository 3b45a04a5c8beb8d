//! What a caller may be allowed to do. A role is a set of permissions, and so are the scopes of a key.

use std::{fmt, str::FromStr};

use crate::Invalid;

macro_rules! permissions {
    ($(#[doc = $doc:literal] $variant:ident = $name:literal;)*) => {
        /// One thing that a caller may be allowed to do: `<resource>:<verb>`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Permission {
            $(#[doc = $doc] $variant,)*
        }

        impl Permission {
            /// All of them, in the order of the reference.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name on the wire.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it allows, in one line.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $doc.trim_ascii(),)* }
            }
        }
    };
}

permissions! {
    /// See sessions, their state and their pace.
    SessionsRead = "sessions:read";
    /// Make and change sessions, start and stop them.
    SessionsWrite = "sessions:write";
    /// Link a session to an account: see QR and pairing codes.
    SessionsLink = "sessions:link";
    /// Log a session out, delete it.
    SessionsDelete = "sessions:delete";
    /// See and search messages.
    MessagesRead = "messages:read";
    /// Send messages; change, cancel and repeat those that wait.
    MessagesSend = "messages:send";
    /// See what waits in a session's queue.
    QueueRead = "queue:read";
    /// Pause, resume and empty a session's queue.
    QueueWrite = "queue:write";
    /// See chats.
    ChatsRead = "chats:read";
    /// Mark chats read, show and watch presence.
    ChatsWrite = "chats:write";
    /// See contacts.
    ContactsRead = "contacts:read";
    /// See and download media.
    MediaRead = "media:read";
    /// Upload media.
    MediaWrite = "media:write";
    /// Read events, as a list and as they happen.
    EventsRead = "events:read";
    /// See webhooks and what became of their events.
    WebhooksRead = "webhooks:read";
    /// Make, change and delete webhooks, see their secrets, deliver again.
    WebhooksWrite = "webhooks:write";
    /// See the workspace's settings, plan and use.
    SettingsRead = "settings:read";
    /// Change the workspace's settings.
    SettingsWrite = "settings:write";
    /// See API keys, without their secrets.
    KeysRead = "keys:read";
    /// Make, change, rotate and revoke API keys, with at most one's own permissions.
    KeysWrite = "keys:write";
    /// See members and invitations.
    MembersRead = "members:read";
    /// Invite, change and remove members, with at most one's own role.
    MembersWrite = "members:write";
    /// Read the audit log.
    AuditRead = "audit:read";
    /// Export or delete the whole workspace.
    WorkspaceDelete = "workspace:delete";
    /// Run the gateway: make, change, suspend and delete workspaces. Part of no role.
    Operate = "operator";
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Permission {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::ALL.iter().copied().find(|permission| permission.name() == text).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|permission| permission.name()).collect();
            Invalid::new("scopes", format!("{text} is no scope"), format!("use some of {}", names.join(", ")))
        })
    }
}

/// A set of permissions.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Permissions(u64);

impl Permissions {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Everything in a workspace, but not running the gateway.
    pub const WORKSPACE: Self = Self((1 << Permission::Operate as u8) - 1);

    /// These.
    #[must_use]
    pub const fn of(permissions: &[Permission]) -> Self {
        let (mut bits, mut at) = (0, 0);
        while at < permissions.len() {
            bits |= 1 << permissions[at] as u8;
            at += 1;
        }
        Self(bits)
    }

    /// Whether one is among them.
    #[must_use]
    pub const fn has(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u8) != 0
    }

    /// Whether all of the others are among them.
    #[must_use]
    pub const fn cover(self, others: Self) -> bool {
        others.0 & !self.0 == 0
    }

    /// These and the others.
    #[must_use]
    pub const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// These without the others.
    #[must_use]
    pub const fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// Those that are in both.
    #[must_use]
    pub const fn common(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }

    /// Each of them, in the order of the reference.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |permission| self.has(*permission))
    }

    /// Their names, in the order of the reference; `*` for everything in a workspace, what is to come too.
    #[must_use]
    pub fn names(self) -> Vec<&'static str> {
        let whole = self.cover(Self::WORKSPACE);
        let rest = if whole { self.without(Self::WORKSPACE) } else { self };
        whole.then_some("*").into_iter().chain(rest.iter().map(Permission::name)).collect()
    }

    /// Reads names. `*` is everything in a workspace, `<resource>:*` everything with a resource.
    ///
    /// # Errors
    /// The first name that is none, as `scopes[n]`.
    pub fn read<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, Invalid> {
        names.into_iter().enumerate().try_fold(Self::NONE, |all, (at, name)| {
            let read = one(name).map_err(|wrong| Invalid { field: format!("scopes[{at}]"), ..wrong })?;
            Ok(all.and(read))
        })
    }
}

fn one(name: &str) -> Result<Permissions, Invalid> {
    if name == "*" {
        return Ok(Permissions::WORKSPACE);
    }
    let Some(resource) = name.strip_suffix(":*") else { return Ok(Permissions::of(&[name.parse()?])) };
    let with = |permission: &&Permission| permission.name().split(':').next() == Some(resource);
    let found: Vec<Permission> = Permission::ALL.iter().filter(with).copied().collect();
    // a resource without any is answered as the wrong name that it is
    if found.is_empty() {
        name.parse().map(|one| Permissions::of(&[one]))
    } else {
        Ok(Permissions::of(&found))
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_cover_their_resource() {
        for permission in Permission::ALL {
            assert_eq!(permission.name().parse::<Permission>().as_ref(), Ok(permission));
            assert!(permission.meaning().ends_with('.'));
        }
        let both = Permissions::of(&[Permission::KeysRead, Permission::KeysWrite]);
        assert_eq!(Permissions::read(["keys:*"]), Ok(both));
        assert_eq!(Permissions::read(["*"]), Ok(Permissions::WORKSPACE));
        assert_eq!(Permissions::read([]), Ok(Permissions::NONE));
        assert!(!Permissions::WORKSPACE.has(Permission::Operate), "running the gateway is never implied");
        for wrong in ["keys", "keys:", "nothing:*", "", "Keys:read"] {
            let error = Permissions::read(["keys:read", wrong]).unwrap_err();
            assert_eq!(error.field, "scopes[1]", "{wrong}");
        }
    }

    #[test]
    fn sets_do_as_sets_do() {
        let read = Permissions::of(&[Permission::KeysRead]);
        let write = Permissions::of(&[Permission::KeysWrite]);
        assert!(read.and(write).cover(read));
        assert!(!read.cover(read.and(write)));
        assert_eq!(read.and(write).without(write), read);
        assert_eq!(read.and(write).common(write), write);
        assert_eq!(read.and(write).names(), ["keys:read", "keys:write"]);
        assert_eq!(
            Permissions::WORKSPACE.and(Permissions::of(&[Permission::Operate])).names(),
            ["*", "operator"]
        );
    }
}
