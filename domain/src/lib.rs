//! What wagate is, without saying how: identifiers, the life of sessions and messages,
//! events, use-cases and the ports they need.
//!
//! Nothing here knows tokio, HTTP, SQL, Redis, S3 or the wall clock. Use-cases live in
//! `<resource>/<verb>.rs` and are called the same way by the API, the worker and the connector.

pub mod address;
pub mod audit;
pub mod auth;
pub mod backoff;
pub mod chats;
pub mod contact;
pub mod contacts;
pub mod cors;
pub mod env;
pub mod events;
pub mod exports;
pub mod ids;
pub mod invalid;
pub mod limits;
pub mod mail;
pub mod media;
pub mod messages;
pub mod page;
pub mod people;
pub mod ports;
pub mod retention;
pub mod sessions;
pub mod time;
pub mod webhooks;
pub mod workspaces;

pub use address::Address;
pub use contact::{Contact, ContactIds};
pub use env::{Clock, Entropy, Env};
pub use ids::{
    ApiKeyId, AuditId, ConnectorId, ContactId, DeliveryId, EventId, ExportId, IdentityId, InvitationId,
    MailId, MediaId, MessageId, SessionId, SignInId, UserId, WebhookId, WorkspaceId,
};
pub use invalid::Invalid;
pub use time::Timestamp;
