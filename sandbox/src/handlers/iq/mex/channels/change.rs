//! Making, changing and deleting channels.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::future::BoxFuture;
use rand::RngExt;
use rand::distr::Alphanumeric;
use serde_json::{Value, json};

use super::{place_as, told};
use crate::channels::{Push, describe, jid_of};
use crate::handlers::iq::mex::{Call, Data, IqError};
use crate::state::{Channel, Dated, Role};

/// Kind of the media object that a picture is.
const PICTURE: &str = "newsletter-image";
/// Channels, like groups, have ids that begin so and then have eleven digits more.
const FIRST_ID: u64 = 120_363_400_000_000_000;

pub(super) fn create(call: Call) -> BoxFuture<'static, Result<Data, IqError>> {
    Box::pin(async move {
        let name = call.required("/input/name", "input.name")?.to_owned();
        let description = call.text("/input/description").unwrap_or_default().to_owned();
        let picture = match call.text("/input/picture") {
            Some(picture) => Some(store_picture(&call, picture).await?),
            None => None,
        };
        let changed = call.core.clock.unix_millis() * 1000;
        let id = FIRST_ID + rand::rng().random_range(0..100_000_000_000);
        let channel = Channel {
            id,
            created: call.core.clock.unix_secs(),
            invite: invite_code(),
            name: Dated { text: name, changed },
            description: Dated { text: description, changed },
            picture,
            subscribers: 1,
        };
        call.core.state.create_channel(channel.clone(), call.origin.account.pn).await?;
        let member = call.core.state.channel_member(id, call.origin.account.pn).await?;
        let shown = describe(&channel, member.as_ref());
        let push = Push::joined(&shown);
        Ok(Data::of(shown).then(async move {
            told(call.core.push_change(id, &[call.origin.account.pn], &call.origin, &push)).await;
        }))
    })
}

/// `null` leaves a part as it is, an empty text removes it.
pub(super) fn update(call: Call) -> BoxFuture<'static, Result<Data, IqError>> {
    Box::pin(async move {
        let place = place_as(&call, Role::Admin).await?;
        let mut channel = place.channel;
        let wanted = |part: &str| call.variables.pointer(&format!("/updates/{part}")).and_then(Value::as_str);
        let now = call.core.clock.unix_millis() * 1000;
        let mut settings = serde_json::Map::new();
        for (part, dated) in [("name", &mut channel.name), ("description", &mut channel.description)] {
            let Some(text) = wanted(part) else { continue };
            *dated = Dated { text: text.to_owned(), changed: now.max(dated.changed + 1) };
            settings.insert(part.to_owned(), json!(text));
        }
        if channel.name.text.is_empty() {
            return Err(IqError::BadRequest("updates.name"));
        }
        if let Some(picture) = wanted("picture") {
            channel.picture =
                if picture.is_empty() { None } else { Some(store_picture(&call, picture).await?) };
            settings.insert("picture".to_owned(), json!(channel.picture));
        }
        let shown = describe(&channel, place.member.as_ref());
        if settings.is_empty() {
            return Ok(Data::of(shown));
        }
        let number = channel.id;
        call.core.state.save_channel(channel).await?;
        let push = Push {
            operation: "NotificationNewsletterUpdate",
            key: "xwa2_notify_newsletter_on_metadata_update",
            change: json!({ "id": shown["id"], "thread_metadata": shown["thread_metadata"] }),
            update: Some(json!({ "jid": shown["id"], "settings": settings })),
        };
        Ok(Data::of(shown).then(tell_members(call, number, push)))
    })
}

pub(super) fn delete(call: Call) -> BoxFuture<'static, Result<Data, IqError>> {
    Box::pin(async move {
        let channel = place_as(&call, Role::Owner).await?.channel.id;
        let members = call.core.state.channel_members(channel).await?;
        call.core.state.delete_channel(channel).await?;
        let id = jid_of(channel).to_string();
        let gone = json!({ "id": id, "state": { "type": "deleted" } });
        let change = |own| json!({ "id": id, "is_requestor": own, "state": { "type": "deleted" } });
        let push = |own| Push {
            operation: "NotificationNewsletterStateChange",
            key: "xwa2_notify_newsletter_on_state_change",
            change: change(own),
            update: None,
        };
        let (for_own, for_others) = (push(true), push(false));
        Ok(Data::of(gone).then(async move {
            let own = call.origin.account.pn;
            let others: Vec<u64> = members.iter().map(|member| member.pn).filter(|pn| *pn != own).collect();
            told(call.core.push_change(channel, &[own], &call.origin, &for_own)).await;
            told(call.core.push_change(channel, &others, &call.origin, &for_others)).await;
        }))
    })
}

async fn tell_members(call: Call, channel: u64, push: Push) {
    told(async {
        let members = call.core.state.channel_members(channel).await?;
        let accounts: Vec<u64> = members.iter().map(|member| member.pn).collect();
        call.core.push_change(channel, &accounts, &call.origin, &push).await
    })
    .await;
}

/// Keeps a picture that came in base64; the answer is its direct path.
async fn store_picture(call: &Call, base64: &str) -> Result<String, IqError> {
    let bytes = STANDARD.decode(base64).map_err(|_| IqError::BadRequest("picture"))?;
    let stored = call.core.media.put(&call.core.state, PICTURE, &bytes.into()).await?;
    Ok(stored.direct_path)
}

fn invite_code() -> String {
    let rest: String = rand::rng().sample_iter(Alphanumeric).take(16).map(char::from).collect();
    format!("0029Va{rest}")
}
