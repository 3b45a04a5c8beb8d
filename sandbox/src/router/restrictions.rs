//! What an account may not do for a time: write to strangers, begin more chats, log in.
//!
//! How the real service decides is not known; here a restriction is set and ends by time.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use super::account::Account;
use crate::core::Core;
use crate::ports::PortResult;
use crate::state::{DeviceKey, RestrictionRow};
use crate::trace::{Event, EventKind};

/// Refusal of a message to a stranger.
const TIMELOCKED: u16 = 463;
/// Refusal of a message that would begin a chat too many.
const CAPPED: u16 = 475;

/// What is not allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Restriction {
    /// Messages to accounts that it is not acquainted with are refused with 463.
    ReachoutTimelock {
        /// As clients name it, such as `BIZ_QUALITY` or `WEB_COMPANION_ONLY`.
        enforcement_type: String,
    },
    /// Messages that would begin more new chats than `quota` are refused with 475.
    NewChatCap {
        /// New chats allowed until it ends.
        quota: u32,
        /// New chats begun so far.
        used: u32,
    },
    /// Logins are refused with 402; whoever is connected is thrown out.
    Ban {
        /// Reason, as clients number it (101 to 106).
        code: u32,
    },
}

impl Restriction {
    /// Name of the kind.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::ReachoutTimelock { .. } => "reachout_timelock",
            Self::NewChatCap { .. } => "new_chat_cap",
            Self::Ban { .. } => "ban",
        }
    }
}

/// A restriction and its time, in unix seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Restricted {
    pub(crate) what: Restriction,
    pub(crate) begins: u64,
    pub(crate) ends: u64,
}

/// All restrictions, by account and kind.
#[derive(Default)]
pub(crate) struct Restrictions(Mutex<HashMap<u64, BTreeMap<&'static str, Restricted>>>);

impl Restrictions {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, BTreeMap<&'static str, Restricted>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, pn: u64, restricted: Restricted) {
        self.lock().entry(pn).or_default().insert(restricted.what.kind(), restricted);
    }

    /// An account has another number.
    pub(super) fn renumber(&self, old: u64, new: u64) {
        let mut all = self.lock();
        if let Some(own) = all.remove(&old) {
            all.insert(new, own);
        }
    }

    fn active(&self, pn: u64, now: u64) -> Vec<Restricted> {
        let mut all = self.lock();
        let Some(own) = all.get_mut(&pn) else { return Vec::new() };
        own.retain(|_, restricted| restricted.ends > now);
        own.values().cloned().collect()
    }
}

impl Core {
    /// Loads what earlier starts have restricted.
    pub(crate) async fn load_restrictions(&self) -> Result<()> {
        for (pn, begins, ends, what) in self.state.restrictions().await? {
            let what = serde_json::from_str(&what)?;
            self.restrictions.keep(pn, Restricted { what, begins, ends });
        }
        Ok(())
    }

    /// Restrictions of an account that have not ended.
    pub(crate) fn restricted(&self, pn: u64) -> Vec<Restricted> {
        self.restrictions.active(pn, self.clock.unix_secs())
    }

    /// Restricts an account for so many seconds, and tells its companions.
    pub(crate) async fn restrict(
        self: &Arc<Self>,
        account: &Account,
        what: Restriction,
        seconds: u64,
    ) -> PortResult<()> {
        let begins = self.clock.unix_secs();
        let restricted = Restricted { what, begins, ends: begins.saturating_add(seconds) };
        self.save(account.pn, &restricted).await?;
        self.note(account.pn, format!("{} for {seconds} s", restricted.what.kind()));
        self.restrictions.keep(account.pn, restricted.clone());
        if matches!(restricted.what, Restriction::Ban { .. }) {
            for companion in account.companions() {
                if let (Some(conn), Some(failure)) =
                    (self.live.conn(account.key(companion.device)), self.banned(account.pn))
                {
                    conn.end_with(failure);
                }
            }
        }
        self.tell(account, restricted.what.kind()).await
    }

    /// Ends a restriction early; `false` when the account has none of this kind.
    pub(crate) async fn lift(self: &Arc<Self>, account: &Account, kind: &str) -> PortResult<bool> {
        let found = self.restrictions.lock().get_mut(&account.pn).and_then(|own| own.remove_entry(kind));
        let Some((kind, _)) = found else { return Ok(false) };
        self.state.drop_restriction(account.pn, kind).await?;
        self.note(account.pn, format!("{kind} lifted"));
        self.tell(account, kind).await?;
        Ok(true)
    }

    /// The refusal of a login while the account is banned.
    pub(crate) fn banned(&self, pn: u64) -> Option<Node> {
        let now = self.clock.unix_secs();
        self.restrictions.active(pn, now).into_iter().find_map(|restricted| match restricted.what {
            Restriction::Ban { code } => {
                let failure = NodeBuilder::new("failure").attr("reason", 402).attr("location", "sbx");
                Some(failure.attr("code", code).attr("expire", restricted.ends - now).build())
            }
            _ => None,
        })
    }

    /// The code with which a message between two accounts is refused because it would begin a
    /// chat; counts it when it may.
    pub(crate) async fn refuses_chat(&self, own: &Account, peer: &Account) -> PortResult<Option<u16>> {
        if own.pn == peer.pn || own.is_acquainted(peer.pn) {
            return Ok(None);
        }
        for mut restricted in self.restricted(own.pn) {
            match &mut restricted.what {
                Restriction::ReachoutTimelock { .. } => return Ok(Some(TIMELOCKED)),
                Restriction::NewChatCap { quota, used } if *used >= *quota => return Ok(Some(CAPPED)),
                Restriction::NewChatCap { used, .. } => {
                    *used += 1;
                    self.save(own.pn, &restricted).await?;
                    self.restrictions.keep(own.pn, restricted);
                }
                Restriction::Ban { .. } => {}
            }
        }
        Ok(None)
    }

    async fn save(&self, pn: u64, restricted: &Restricted) -> PortResult<()> {
        let what = serde_json::to_string(&restricted.what).map_err(anyhow::Error::from)?;
        let Restricted { begins, ends, .. } = *restricted;
        let row = RestrictionRow { pn, kind: restricted.what.kind(), begins, ends, what };
        Ok(self.state.save_restriction(row).await?)
    }

    fn note(&self, pn: u64, what: String) {
        let event = Event::new(EventKind::Restriction).of(Some(DeviceKey { pn, device: 0 }));
        self.trace.add(event.saying(what));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restrictions_end_by_themselves_and_stand_once_per_kind() {
        let restrictions = Restrictions::default();
        let cap = |used| Restriction::NewChatCap { quota: 1, used };
        restrictions.keep(1, Restricted { what: cap(0), begins: 100, ends: 200 });
        restrictions.keep(1, Restricted { what: cap(1), begins: 100, ends: 200 });
        restrictions.keep(1, Restricted { what: Restriction::Ban { code: 101 }, begins: 100, ends: 150 });
        assert_eq!(restrictions.active(1, 120).len(), 2);
        let left = restrictions.active(1, 150);
        assert_eq!(left.iter().map(|r| r.what.clone()).collect::<Vec<_>>(), [cap(1)]);
        assert!(restrictions.active(1, 200).is_empty() && restrictions.active(2, 0).is_empty());
    }

    #[test]
    fn each_kind_survives_its_stored_form() {
        for what in [
            Restriction::ReachoutTimelock { enforcement_type: "BIZ_QUALITY".into() },
            Restriction::NewChatCap { quota: 5, used: 2 },
            Restriction::Ban { code: 102 },
        ] {
            let stored = serde_json::to_value(&what).expect("json");
            assert_eq!(stored["kind"], what.kind());
            assert_eq!(serde_json::from_value::<Restriction>(stored).expect("read"), what);
        }
    }
}
