//! Making a change: one rule at a time, stored before anybody hears of it.

use std::sync::Arc;

use tokio::sync::OwnedMutexGuard;

use super::group::{Group, GroupId, Person};
use super::notice::Notice;
use super::refusal::Refusal;
use super::work::Work;
use crate::core::Core;
use crate::ports::PortResult;
use crate::router::{Account, Origin};
use crate::state::{DeviceKey, Entry};

/// Notifications of a change that is made. Until they are sent or dropped no other change is made.
#[must_use = "a change is announced"]
pub(crate) struct Announcement {
    core: Arc<Core>,
    entries: Vec<Entry>,
    turn: OwnedMutexGuard<()>,
}

impl Announcement {
    /// Queues the notifications. Belongs behind the answer to the request.
    pub(crate) async fn send(self) {
        if let Err(error) = self.core.enqueue(self.entries, |_| {}).await {
            tracing::error!(error = %format!("{error:#}"), "members were not told of a change");
        }
        drop(self.turn);
    }
}

impl From<&Account> for Person {
    fn from(account: &Account) -> Self {
        Self { pn: account.pn, lid: account.info.lid.clone() }
    }
}

impl Core {
    /// Runs a rule over the groups and stores what it has changed. `about` names the groups
    /// that the rule starts from; it may go on to those linked with them.
    pub(crate) async fn change_groups<T>(
        self: &Arc<Self>,
        origin: &Origin,
        about: &[GroupId],
        rule: impl FnOnce(&mut Work<'_>) -> Result<T, Refusal>,
    ) -> PortResult<Result<(T, Announcement), Refusal>> {
        self.warm(about).await?;
        let turn = Arc::clone(&self.groups.turn).lock_owned().await;
        let outcome = self.groups.snapshot(|groups| {
            let actor = Person::from(origin.account.as_ref());
            let mut work = Work::new(groups, actor, self.clock.unix_secs());
            rule(&mut work).map(|value| (value, work.done()))
        });
        let (value, done) = match outcome {
            Ok(outcome) => outcome,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let mut rows = Vec::new();
        for (id, group) in &done.changed {
            let body = group.as_ref().map(serde_json::to_string).transpose().map_err(anyhow::Error::from)?;
            rows.push((id.number(), body));
        }
        self.state.save_groups(rows).await?;
        self.groups.apply(done.changed);
        let mut entries = Vec::new();
        for notice in done.notices {
            entries.extend(self.entries(notice, &done.actor, &origin.push_name())?);
        }
        Ok(Ok((value, Announcement { core: Arc::clone(self), entries, turn })))
    }

    /// Loads the accounts of everybody in these groups and in the groups linked with them, so that
    /// no phone has to be asked while a change is under way. Accounts stay loaded.
    async fn warm(&self, about: &[GroupId]) -> PortResult<()> {
        let groups: Vec<Arc<Group>> = about.iter().filter_map(|id| self.groups.get(*id)).collect();
        let community = |group: &Arc<Group>| group.parent().or(group.is_community().then_some(group.id));
        let communities: Vec<GroupId> = groups.iter().filter_map(community).collect();
        let mut family = self.groups.all();
        family.retain(|group| community(group).is_some_and(|id| communities.contains(&id)));
        for group in groups.into_iter().chain(family) {
            for pn in group.members.keys() {
                self.by_number(*pn).await?;
            }
        }
        Ok(())
    }

    fn entries(&self, notice: Notice, actor: &Person, actor_name: &str) -> anyhow::Result<Vec<Entry>> {
        let to = notice.to.clone();
        let stanza = notice.stanza(self.clock.unix_secs(), actor, actor_name);
        let accounts = to.iter().filter_map(|pn| self.directory.by_pn(*pn));
        let targets: Vec<DeviceKey> = accounts.flat_map(|account| account.keys()).collect();
        let Some(first) = targets.first() else { return Ok(Vec::new()) };
        let entry = Entry::new(*first, &stanza, None)?;
        Ok(targets.into_iter().map(|target| Entry { target, ..entry.clone() }).collect())
    }
}
