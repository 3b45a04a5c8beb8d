//! Asking for events: in their order, from a place on, waiting for the first when there is none.

use std::time::Duration;

use futures::{StreamExt, future::Either};

use super::{EventFilter, EventKind};
use crate::{
    Address, ContactId, EventId, Invalid, SessionId, WorkspaceId,
    auth::Principal,
    ports::{Contacts, PortError, ToldEntry, ToldEvents, ToldFeed, ToldQuery},
};

/// Largest page.
const MAX_LIMIT: u32 = 500;
/// Page size when none is asked for.
const DEFAULT_LIMIT: u32 = 100;

/// Which events somebody wants.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Only of these types; none given: all.
    pub filters: Vec<EventFilter>,
    /// Only of this session.
    pub session: Option<SessionId>,
    /// Only of this chat: a contact id, a number or a JID.
    pub chat: Option<String>,
}

/// Which events, as they can be told apart.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    kinds: Vec<EventKind>,
    session: Option<SessionId>,
    orders: Vec<String>,
}

/// A request for events.
#[derive(Debug, Clone, Default)]
pub struct ListEvents {
    /// Which.
    pub wanted: Wanted,
    /// After this one; from the oldest that is kept without one.
    pub after: Option<EventId>,
    /// Page size, 1 to 500.
    pub limit: Option<u32>,
}

/// Why there are no events.
#[derive(Debug, thiserror::Error)]
pub enum EventsError {
    /// A parameter is wrong.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The event to go on after is not kept any more.
    #[error("the cursor is too old")]
    Expired,
    /// A machine behind us failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl Selection {
    /// Finds out what is meant.
    ///
    /// # Errors
    /// See [`EventsError`].
    pub async fn of(
        contacts: &dyn Contacts,
        caller: Principal,
        wanted: &Wanted,
    ) -> Result<Self, EventsError> {
        let orders = match &wanted.chat {
            None => Vec::new(),
            Some(chat) => orders(contacts, caller, wanted.session, chat).await?,
        };
        Ok(Self { kinds: EventFilter::kinds(&wanted.filters), session: wanted.session, orders })
    }

    /// Whether an event is among them.
    #[must_use]
    pub fn takes(&self, entry: &ToldEntry) -> bool {
        (self.kinds.is_empty() || self.kinds.contains(&entry.told.data.kind()))
            && self.session.is_none_or(|session| entry.told.session == Some(session))
            && (self.orders.is_empty() || self.orders.contains(&entry.order))
    }

    /// The same as a query.
    #[must_use]
    pub fn query(&self, after: u64, limit: u32) -> ToldQuery {
        ToldQuery {
            session: self.session,
            kinds: self.kinds.clone(),
            orders: self.orders.clone(),
            after,
            until: None,
            limit,
        }
    }
}

/// The names that a chat's events go by: the contact's (in each session that knows the person) and the address.
async fn orders(
    contacts: &dyn Contacts,
    caller: Principal,
    session: Option<SessionId>,
    chat: &str,
) -> Result<Vec<String>, EventsError> {
    if let Ok(id) = chat.parse::<ContactId>() {
        return Ok(vec![id.to_string()]);
    }
    let address: Address = chat
        .parse()
        .map_err(|why: crate::address::BadAddress| Invalid::new("chat", why.to_string(), why.remedy()))?;
    let known = if address.is_person() {
        contacts.find(caller.workspace, session, &address).await?
    } else {
        Vec::new()
    };
    let ids = known.into_iter().map(|contact| contact.id.to_string());
    Ok(ids.chain([address.to_string()]).collect())
}

/// The place after an event.
///
/// # Errors
/// [`EventsError::Expired`] when it is not kept any more.
pub async fn place_of(
    told: &dyn ToldEvents,
    workspace: WorkspaceId,
    id: EventId,
) -> Result<u64, EventsError> {
    Ok(told.get(workspace, id).await?.ok_or(EventsError::Expired)?.seq)
}

/// One page of events; with `wait` the first is waited for until that is over.
///
/// # Errors
/// See [`EventsError`].
pub async fn list(
    (told, contacts, feed): (&dyn ToldEvents, &dyn Contacts, &dyn ToldFeed),
    caller: Principal,
    request: ListEvents,
    wait: Option<impl Future<Output = ()> + Send>,
) -> Result<Vec<ToldEntry>, EventsError> {
    let limit = request.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(Invalid::new("limit", "is out of range", format!("use 1 to {MAX_LIMIT}")).into());
    }
    let selection = Selection::of(contacts, caller, &request.wanted).await?;
    let after = match request.after {
        Some(id) => place_of(told, caller.workspace, id).await?,
        None => 0,
    };
    let found = told.list(caller.workspace, &selection.query(after, limit)).await?;
    let Some(wait) = wait.filter(|_| found.is_empty()) else { return Ok(found) };
    // before the next look, so that nothing falls between
    let mut news = feed.follow();
    let mut timeout = std::pin::pin!(wait);
    loop {
        let found = told.list(caller.workspace, &selection.query(after, limit)).await?;
        if !found.is_empty() {
            return Ok(found);
        }
        loop {
            let next = match futures::future::select(news.next(), timeout.as_mut()).await {
                Either::Left((next, _)) => next,
                Either::Right(_) => return Ok(Vec::new()),
            };
            match next {
                Some(crate::ports::Fed::Told(entries)) => {
                    if entries.iter().any(|e| e.told.workspace == caller.workspace && selection.takes(e)) {
                        break;
                    }
                }
                Some(crate::ports::Fed::Missed) => break,
                Some(crate::ports::Fed::Over) | None => return Ok(Vec::new()),
            }
        }
    }
}

/// The longest a request waits for events.
pub const LONGEST_WAIT: Duration = Duration::from_secs(25);
