//! The scripts. Each is loaded once when a process connects and called by its hash from then on.

use std::sync::OnceLock;

/// A Lua script and the hash Redis knows it by.
#[derive(Debug)]
pub(super) struct Script {
    source: &'static str,
    sha: OnceLock<String>,
}

impl Script {
    pub(super) const fn new(source: &'static str) -> Self {
        Self { source, sha: OnceLock::new() }
    }

    pub(super) const fn source(&self) -> &'static str {
        self.source
    }

    pub(super) fn sha(&self) -> Option<&str> {
        self.sha.get().map(String::as_str)
    }

    /// Notes the hash. It depends on the source only, so whoever is first is right for all.
    pub(super) fn learned(&self, sha: String) {
        self.sha.get_or_init(|| sha);
    }
}

macro_rules! scripts {
    ($($name:ident = $file:literal;)*) => {
        $(pub(super) static $name: Script = Script::new(include_str!(concat!("lua/", $file)));)*

        /// All of them.
        pub(super) static ALL: &[&Script] = &[$(&$name),*];
    };
}

scripts! {
    ACCEPT = "accept.lua";
    CLAIM = "claim.lua";
    SETTLE = "settle.lua";
    PUT_BACK = "put_back.lua";
    EDIT = "edit.lua";
    FIND = "find.lua";
    STANDING = "standing.lua";
    FRONT = "front.lua";
    CANCEL = "cancel.lua";
    APPEND = "append.lua";
    TRIM = "trim.lua";
    LAG = "lag.lua";
    OLDEST = "oldest.lua";
    TAKE = "take.lua";
    RELEASE = "release.lua";
    HEARTBEAT = "heartbeat.lua";
    ALIVE = "alive.lua";
    LEAVE_COMMAND = "leave_command.lua";
    BEGIN = "begin.lua";
    FINISH = "finish.lua";
    ABANDON = "abandon.lua";
    RELEASE_KEY = "release_key.lua";
    RENEW = "renew.lua";
    LEAD = "lead.lua";
    RESIGN = "resign.lua";
    LIMIT = "limit.lua";
    GIVE_BACK = "give_back.lua";
    TRY = "try.lua";
    FORGIVE = "forgive.lua";
}

#[cfg(test)]
mod tests {
    use super::ALL;

    #[test]
    fn every_script_says_what_it_takes_gives_and_why_it_is_one() {
        for script in ALL {
            for heading in ["-- KEYS", "-- ARGV", "-- Returns", "-- Atomic"] {
                assert!(script.source().contains(heading), "{heading} in {}", script.source());
            }
        }
    }
}
