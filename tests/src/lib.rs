//! The harness of the whole-stack tests: everything `wagate up` starts, on free ports and throw-away data,
//! and small clients for the two HTTP interfaces a person would use (the API and the sandbox's control API).
//!
//! Tests wait for conditions ([`eventually`]) and never sleep to make something come true.

mod api;
mod endpoint;
mod mail_server;
mod people;
mod phone;
mod provider;
mod receiver;
mod stack;
mod wait;

pub use api::{Answer, Api};
pub use endpoint::{Call, Endpoint, Manner};
pub use mail_server::{MailServer, Tls};
pub use people::{Mailbox, code_shown};
pub use phone::Phone;
pub use provider::OpenIdProvider;
pub use receiver::Files;
pub use stack::{Db, PausedRedis, Stack, impatient};
pub use wait::{PATIENCE, eventually};
