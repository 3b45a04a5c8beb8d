//! Webhooks that are told nothing any more.

use wagate_domain::{
    Env, MailId, Timestamp,
    events::{Told, ToldData},
    ids::{Id, ulid_of},
    mail::{Letter, Mail},
    webhooks::{Disabled, Webhook},
};

use crate::WorkerPorts;

/// It asked for that.
pub(super) fn gone(now: Timestamp) -> Disabled {
    let message =
        "It answered 410 Gone, which asks for no more events. Enable it again when that was a mistake.";
    Disabled { code: "gone".to_owned(), message: message.to_owned(), at: now }
}

/// It took nothing for too long.
pub(super) fn failing(since: Timestamp, now: Timestamp) -> Disabled {
    let message = format!(
        "Nothing has got through since {since}. Mend the endpoint, then enable the webhook: it goes on where it stopped."
    );
    Disabled { code: "failing".to_owned(), message, at: now }
}

/// Switches a webhook off and tells everybody else; says whether it is to be left alone from now on.
pub(super) async fn switch_off(env: &Env, ports: &WorkerPorts, webhook: &Webhook, why: Disabled) -> bool {
    let mail = notice(webhook, &why, &ports.public_url);
    match ports.webhooks.disable(webhook, &why, mail.as_ref()).await {
        Ok(true) => {}
        Ok(false) => return true,
        Err(error) => {
            tracing::warn!(webhook = %webhook.id, error = &error as &dyn std::error::Error, "a webhook could not be switched off");
            return false;
        }
    }
    tracing::warn!(webhook = %webhook.id, workspace = %webhook.workspace, code = why.code, "webhook.disabled");
    let data = ToldData::WebhookDisabled {
        webhook: webhook.id.to_string(),
        url: webhook.url.clone(),
        code: why.code,
        message: why.message,
    };
    let told =
        Told { id: env.new_id(), workspace: webhook.workspace, session: webhook.session, at: why.at, data };
    if let Err(error) = ports.told.tell(&[told]).await {
        tracing::warn!(error = &error as &dyn std::error::Error, "nobody was told of a webhook that is off");
    }
    let _ = ports.bell.ring().await;
    true
}

/// The mail to whoever wants to know.
fn notice(webhook: &Webhook, why: &Disabled, public_url: &str) -> Option<Mail> {
    let letter = Letter::WebhookDisabled {
        url: webhook.url.clone(),
        reason: why.message.clone(),
        link: format!("{public_url}/api/v1/webhooks/{}", webhook.id),
    };
    Some(Mail {
        // one mail of a webhook and a moment, however often it is said
        id: MailId::from_ulid(ulid_of(why.at, &webhook.id.ulid().to_bytes())),
        workspace: Some(webhook.workspace),
        to: webhook.notify_email.clone()?,
        letter,
        created_at: why.at,
    })
}
