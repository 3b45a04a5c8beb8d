//! A member with another number.

use std::sync::Arc;

use super::group::{Group, GroupId, Person};
use super::joining::rename;
use super::notice::action;
use super::refusal::Refusal;
use super::work::Work;
use crate::core::Core;
use crate::ports::{PortError, PortResult};
use crate::router::{Account, Origin};

impl Group {
    fn renumber(&mut self, old: u64, new: u64) {
        rename(&mut self.members, old, new);
        self.admission.renumber(old, new);
        let description = self.description.as_mut().map(|description| &mut description.by);
        for person in [&mut self.creator, &mut self.subject.by].into_iter().chain(description) {
            if person.pn == old {
                person.pn = new;
            }
        }
    }
}

impl Work<'_> {
    /// The actor has another number and was known by the old one.
    pub(super) fn renumber(&mut self, ids: &[GroupId], old: u64) -> Result<(), Refusal> {
        let actor = self.actor.clone();
        for id in ids {
            let group = self.edit(*id)?;
            group.renumber(old, actor.pn);
            let modify = action("modify", group.mode, std::slice::from_ref(&actor)).build();
            self.announce(*id, &[], modify);
        }
        self.actor = Person { pn: old, ..actor };
        Ok(())
    }
}

impl Core {
    /// Keeps somebody's place in their groups under their new number and tells the members.
    pub(crate) async fn renumber_member(
        self: &Arc<Self>,
        account: &Arc<Account>,
        old: u64,
    ) -> PortResult<()> {
        let ids: Vec<GroupId> = self.groups.of(old).iter().map(|group| group.id).collect();
        let origin = Origin { account: Arc::clone(account), device: 0 };
        let changed = self.change_groups(&origin, &ids, |work| work.renumber(&ids, old)).await?;
        let ((), announcement) = changed.map_err(|refusal| PortError::Refused(refusal.to_string()))?;
        announcement.send().await;
        Ok(())
    }
}
