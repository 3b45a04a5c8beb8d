//! What a phone sends.

mod act;
mod channel;
mod compose;
mod fanout;
mod group;
mod media;
mod message;
mod past;
mod peer;
mod receipts;
mod stanza;
mod status;

pub use media::MediaUpload;
pub use message::{Outgoing, ViewOnce};
pub use past::PastMessage;
pub(super) use peer::{Peer, protocol_message};
pub(super) use stanza::{Resend, ResendKind, own_keys_node, receipt, resend_stanza};
