//! File descriptors: every connection takes one, and files must not go short of them.

use rustix::process::{Resource, getrlimit, setrlimit};

/// How many connections each kind of listener may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share {
    /// The wire listener.
    pub(crate) wire: usize,
    /// Each of the HTTP listeners.
    pub(crate) http: usize,
}

/// Raises the process's limit as far as it may go, and cuts it into shares.
pub(crate) fn share() -> Share {
    let mut limit = getrlimit(Resource::Nofile);
    let before = limit.current;
    limit.current = limit.maximum;
    if setrlimit(Resource::Nofile, limit).is_err() {
        // Some systems name a maximum that they do not grant.
        limit.current = before;
    }
    Share::of(limit.current.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX)))
}

impl Share {
    /// Of the clients some may live in this process, too, and there are files, databases and logs.
    fn of(limit: usize) -> Self {
        Self { wire: (limit / 8 * 5).max(1), http: (limit / 16).clamp(1, 1024) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listeners_together_leave_descriptors_for_files() {
        for limit in [256, 1024, 20_000, 1 << 20, usize::MAX] {
            let share = Share::of(limit);
            assert!(share.wire + 3 * share.http <= limit - limit / 8, "{limit}: {share:?}");
        }
        assert_eq!(Share::of(20_000), Share { wire: 12_500, http: 1024 });
    }

    #[test]
    fn the_limit_is_as_high_as_it_may_be() {
        share();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
    }
}
