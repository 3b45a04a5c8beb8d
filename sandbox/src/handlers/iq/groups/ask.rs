//! A request about groups: who asks, about which group, and how a change is made for it.

use std::sync::Arc;

use wacore_binary::{Jid, Node};

use super::super::request::{IqError, Request};
use crate::core::Core;
use crate::groups::{Announcement, Candidate, Group, GroupId, Person, Refusal, Work};
use crate::nodes::jid;
use crate::router::{Category, Origin};

/// One request.
pub(super) struct Ask {
    pub(super) core: Arc<Core>,
    pub(super) origin: Origin,
    /// The group it went to; `None` when it went to all of them.
    to: Option<GroupId>,
    /// Its element.
    pub(super) element: Node,
}

/// A participant of a request.
pub(super) struct Named {
    /// Address as it was written.
    pub(super) asked: Jid,
    /// `None`: not on this network.
    pub(super) person: Option<Person>,
}

impl Ask {
    pub(super) fn of(request: &Request, element: Node) -> Result<Self, IqError> {
        Ok(Self {
            core: Arc::clone(&request.core),
            origin: request.origin()?.clone(),
            to: jid(&request.node, "to").as_ref().and_then(GroupId::of),
            element,
        })
    }

    /// Phone number of the account that asks.
    pub(super) fn me(&self) -> u64 {
        self.origin.account.pn
    }

    /// The group the request went to.
    pub(super) fn id(&self) -> Result<GroupId, IqError> {
        self.to.ok_or(IqError::BadRequest("no group addressed"))
    }

    /// The group the request went to, as it is now.
    pub(super) fn group(&self) -> Result<Arc<Group>, IqError> {
        self.look_up(self.id()?)
    }

    /// A group.
    pub(super) fn look_up(&self, id: GroupId) -> Result<Arc<Group>, IqError> {
        Ok(self.core.groups.get(id).ok_or(Refusal::NoSuchGroup)?)
    }

    /// Runs a rule that starts from these groups. The announcement goes behind the answer.
    pub(super) async fn change<T>(
        &self,
        about: &[GroupId],
        rule: impl FnOnce(&mut Work<'_>) -> Result<T, Refusal>,
    ) -> Result<(T, Announcement), IqError> {
        Ok(self.core.change_groups(&self.origin, about, rule).await??)
    }

    /// Everybody named by `<participant>` in an element.
    pub(super) async fn participants(&self, element: &Node) -> Result<Vec<Named>, IqError> {
        let mut named = Vec::new();
        for node in element.get_children_by_tag("participant") {
            let asked = jid(node, "jid").ok_or(IqError::BadRequest("participant without jid"))?.into_non_ad();
            let account = self.core.user(&asked).await?;
            named.push(Named { asked, person: account.map(|account| Person::from(account.as_ref())) });
        }
        Ok(named)
    }

    /// What those named say to being added by the account that asks.
    pub(super) fn candidates(&self, named: &[Named]) -> Vec<Candidate> {
        let people = named.iter().filter_map(|named| named.person.clone());
        let candidate = |person: Person| {
            let account = self.core.directory.by_pn(person.pn)?;
            let consents = account.permits(Category::GroupAdd, self.me(), false);
            Some(Candidate { person, blocks: account.blocks(self.me()), consents })
        };
        people.filter_map(candidate).collect()
    }
}
