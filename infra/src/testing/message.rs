//! Messages to test with.

use wagate_domain::{
    Address, ContactIds, Env, MessageId,
    messages::{Content, Direction, Message, Priority, Status, Times},
    sessions::SessionKey,
};

/// A text to a number, just accepted by nobody yet.
#[must_use]
pub fn text_message(env: &Env, lane: SessionKey, body: &str, priority: Priority) -> Message {
    let id: MessageId = env.new_id();
    let chat = Address::pn("6281234567890");
    Message {
        id,
        workspace: lane.workspace,
        session: lane.id,
        direction: Direction::Out,
        contact: ContactIds::of(&chat),
        chat,
        contact_id: None,
        stanza_id: id.stanza_id(),
        content: Content::Text { body: body.to_owned() },
        quote: None,
        mentions: Vec::new(),
        offline: false,
        push_name: None,
        priority,
        status: Status::Accepted,
        failure: None,
        times: Times::default(),
        send_at: None,
        expires_at: None,
        campaign: None,
        revision: 0,
        sender: None,
        at: env.now(),
    }
}
