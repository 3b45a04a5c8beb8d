//! Reading a workspace from one end to the other, a page at a time.

use std::sync::Arc;

use super::{Item, Settings};
use crate::{
    AuditId, ContactId, MediaId, MessageId, SessionId, Timestamp, WorkspaceId,
    events::EventKind,
    ports::{
        ApiKeys, AuditLog, AuditQuery, ChatPlace, ChatQuery, Chats, ContactQuery, Contacts, MediaIndex,
        Members, MessageQuery, Messages, Origins, PortResult, Retentions, Sessions, ToldEvents, ToldQuery,
        Webhooks, Workspaces,
    },
};

/// Things read at once: an export holds no more than that in memory, beside the part that is on its way to S3.
const PAGE: u32 = 200;

/// Where everything is read from.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "ports have nothing to show")]
pub struct Sources {
    /// Tenants.
    pub workspaces: Arc<dyn Workspaces>,
    /// How long what is kept.
    pub retention: Arc<dyn Retentions>,
    /// Origins of web pages that may call.
    pub origins: Arc<dyn Origins>,
    /// Members.
    pub members: Arc<dyn Members>,
    /// API keys.
    pub keys: Arc<dyn ApiKeys>,
    /// Webhooks.
    pub webhooks: Arc<dyn Webhooks>,
    /// Sessions.
    pub sessions: Arc<dyn Sessions>,
    /// Contacts.
    pub contacts: Arc<dyn Contacts>,
    /// Chats.
    pub chats: Arc<dyn Chats>,
    /// Messages.
    pub messages: Arc<dyn Messages>,
    /// Events.
    pub told: Arc<dyn ToldEvents>,
    /// Media objects.
    pub media: Arc<dyn MediaIndex>,
    /// The audit log.
    pub audit: Arc<dyn AuditLog>,
}

impl Sources {
    /// All of it from one record.
    pub fn of<R>(record: Arc<R>) -> Self
    where
        R: Workspaces + Retentions + Origins + Members + ApiKeys + Webhooks + Sessions + Contacts + Chats,
        R: Messages + ToldEvents + MediaIndex + AuditLog + 'static,
    {
        Self {
            workspaces: record.clone(),
            retention: record.clone(),
            origins: record.clone(),
            members: record.clone(),
            keys: record.clone(),
            webhooks: record.clone(),
            sessions: record.clone(),
            contacts: record.clone(),
            chats: record.clone(),
            messages: record.clone(),
            told: record.clone(),
            media: record.clone(),
            audit: record,
        }
    }
}

/// Where the next page begins. Of each kind: after which one.
#[derive(Debug, Clone)]
pub enum Place {
    /// With the workspace and what there is little of: settings, people, keys, webhooks.
    Start,
    /// Sessions.
    Sessions(Option<SessionId>),
    /// Contacts.
    Contacts(Option<ContactId>),
    /// Chats.
    Chats(Option<ChatPlace>),
    /// Messages, oldest first.
    Messages(Option<(Timestamp, MessageId)>),
    /// Events, in their order.
    Events(u64),
    /// Media objects.
    Media(Option<MediaId>),
    /// The audit log, newest first.
    Audit(Option<AuditId>),
}

/// A page, and where the next one begins.
type Page = (Vec<Item>, Option<Place>);

/// Reads one page. `now` says which invitations are still open.
///
/// # Errors
/// As the ports report them.
pub async fn page(
    sources: &Sources,
    workspace: WorkspaceId,
    place: Place,
    now: Timestamp,
) -> PortResult<Page> {
    match place {
        Place::Start => start(sources, workspace, now).await,
        Place::Sessions(after) => {
            let found = sources.sessions.list(workspace, after, PAGE).await?;
            let next = full(&found).map(|last| Place::Sessions(Some(last.id)));
            Ok(paged(found, |one| Item::Session(Box::new(one)), next, Place::Contacts(None)))
        }
        Place::Contacts(behind) => {
            let query = ContactQuery { behind, limit: PAGE, ..ContactQuery::default() };
            let found = sources.contacts.list(workspace, &query).await?;
            let next = full(&found).map(|last| Place::Contacts(Some(last.id)));
            Ok(paged(found, Item::Contact, next, Place::Chats(None)))
        }
        Place::Chats(behind) => {
            let found = sources
                .chats
                .list(workspace, &ChatQuery { behind, limit: PAGE, ..ChatQuery::default() })
                .await?;
            let place = |chat: &crate::chats::Chat| ChatPlace {
                at: chat.at,
                session: chat.session,
                key: chat.key.clone(),
            };
            let next = full(&found).map(|last| Place::Chats(Some(place(last))));
            Ok(paged(found, |one| Item::Chat(Box::new(one)), next, Place::Messages(None)))
        }
        Place::Messages(after) => {
            let query = MessageQuery { after, oldest_first: true, limit: PAGE, ..MessageQuery::default() };
            let found = sources.messages.list(workspace, &query).await?;
            let next = full(&found).map(|last| Place::Messages(Some((last.at, last.id))));
            Ok(paged(found, |one| Item::Message(Box::new(one)), next, Place::Events(0)))
        }
        Place::Events(after) => {
            let query = ToldQuery { kinds: exported_kinds(), after, limit: PAGE, ..ToldQuery::default() };
            let found = sources.told.list(workspace, &query).await?;
            let next = full(&found).map(|last| Place::Events(last.seq));
            Ok(paged(found, |one| Item::Event(Box::new(one.told)), next, Place::Media(None)))
        }
        Place::Media(after) => {
            let found = sources.media.list(workspace, after, PAGE).await?;
            let next = full(&found).map(|last| Place::Media(Some(last.id)));
            Ok(paged(found, |one| Item::Media(Box::new(one)), next, Place::Audit(None)))
        }
        Place::Audit(before) => {
            let query = AuditQuery { before, limit: PAGE, ..AuditQuery::default() };
            let found = sources.audit.list(Some(workspace), &query).await?;
            let next = full(&found).map(|last| Place::Audit(Some(last.id)));
            Ok((found.into_iter().map(|one| Item::Audit(Box::new(one))).collect(), next))
        }
    }
}

async fn start(sources: &Sources, workspace: WorkspaceId, now: Timestamp) -> PortResult<Page> {
    let found = sources.workspaces.get(workspace).await?;
    let mut items: Vec<Item> = found.into_iter().map(|one| Item::Workspace(Box::new(one))).collect();
    let (retention, origins) =
        (sources.retention.get(workspace).await?, sources.origins.get(workspace).await?);
    items.push(Item::Settings(Settings { retention, origins }));
    items.extend(sources.members.list(workspace).await?.into_iter().map(Item::Member));
    items.extend(sources.members.invitations(workspace, now).await?.into_iter().map(Item::Invitation));
    items.extend(sources.keys.list(workspace).await?.into_iter().map(|one| Item::Key(Box::new(one))));
    items.extend(sources.webhooks.list(workspace).await?.into_iter().map(|one| Item::Webhook(Box::new(one))));
    Ok((items, Some(Place::Sessions(None))))
}

/// All but the codes that a phone can use to link a session.
fn exported_kinds() -> Vec<EventKind> {
    EventKind::ALL.iter().copied().filter(|kind| *kind != EventKind::SessionQr).collect()
}

/// The last thing of a page behind which there may be more.
fn full<T>(found: &[T]) -> Option<&T> {
    found.last().filter(|_| found.len() >= PAGE as usize)
}

fn paged<T>(found: Vec<T>, item: impl Fn(T) -> Item, next: Option<Place>, then: Place) -> Page {
    (found.into_iter().map(item).collect(), Some(next.unwrap_or(then)))
}
