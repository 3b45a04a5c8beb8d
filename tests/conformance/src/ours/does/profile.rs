//! Who one is to others, and who others are.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use wacore::iq::privacy::{PrivacyCategory, PrivacyValue};
use wacore::iq::usync::{
    UsyncContext, UsyncMode, UsyncOutcome, UsyncProtocol, UsyncProtocolKind, UsyncProtocolResult, UsyncQuery,
    UsyncUser,
};
use wacore::net::{HttpClient, HttpRequest};
use wacore_binary::{Jid, JidExt};
use whatsapp_rust::Client;

use super::super::{Ours, refusal};
use super::failed;
use crate::File;
use crate::client::Refusal;

impl Ours {
    pub(super) async fn set_picture(
        &self,
        client: &Client,
        of: &Jid,
        file: Option<&File>,
    ) -> Result<Value, Refusal> {
        let Some(file) = file else {
            if of.is_group() {
                client.groups().remove_profile_picture(of).await.map_err(failed)?;
            } else {
                client.profile().remove_profile_picture().await.map_err(failed)?;
            }
            return Ok(Value::Null);
        };
        let bytes = tokio::fs::read(self.files.join(&file.sha256)).await.map_err(refusal)?;
        if of.is_group() {
            client.groups().set_profile_picture(of, bytes).await.map_err(failed)?;
        } else {
            client.profile().set_profile_picture(bytes).await.map_err(failed)?;
        }
        Ok(Value::Null)
    }

    pub(super) async fn picture(&self, client: &Client, of: &Jid) -> Result<Value, Refusal> {
        let Some(picture) = client.contacts().get_profile_picture(of, false).await.map_err(failed)? else {
            return Ok(json!({ "sha256": null }));
        };
        let answer = self.http.execute(HttpRequest::get(&picture.url)).await.map_err(refusal)?;
        if answer.status_code != 200 {
            return Err(refusal(format!("{}: {}", picture.url, answer.status_code)));
        }
        Ok(json!({ "sha256": hex::encode(Sha256::digest(&answer.body)) }))
    }
}

pub(super) async fn about(client: &Client, who: &Jid) -> Result<Value, Refusal> {
    let found = client.contacts().get_user_info(std::slice::from_ref(who)).await.map_err(failed)?;
    Ok(json!({ "text": found.values().next().and_then(|person| person.status.clone()) }))
}

pub(super) async fn disappearing(client: &Client, who: Jid) -> Result<Value, Refusal> {
    let (protocols, users) = (vec![UsyncProtocol::DisappearingMode], vec![UsyncUser::from_jid(who)]);
    let query = UsyncQuery::new(UsyncMode::Query, UsyncContext::Interactive, protocols, users);
    let found = client.query_usync(query.map_err(failed)?).await.map_err(failed)?;
    let person = found.users.first().ok_or_else(|| refusal("nobody was found"))?;
    match person.protocol(UsyncProtocolKind::DisappearingMode) {
        Some(UsyncProtocolResult::DisappearingMode(UsyncOutcome::Value(mode))) => {
            Ok(json!({ "seconds": mode.duration_seconds }))
        }
        other => Err(refusal(format!("{other:?}"))),
    }
}

pub(super) async fn block(client: &Client, who: &Jid, on: bool) -> Result<Value, Refusal> {
    let blocking = client.blocking();
    let done = if on { blocking.block(who).await } else { blocking.unblock(who).await };
    done.map_err(failed)?;
    Ok(Value::Null)
}

pub(super) async fn blocked(client: &Client) -> Result<Value, Refusal> {
    let list = client.blocking().get_blocklist().await.map_err(failed)?;
    let who: Vec<String> = list.iter().map(|entry| entry.jid.to_string()).collect();
    Ok(json!({ "who": who }))
}

pub(super) async fn privacy(client: &Client) -> Result<Value, Refusal> {
    let answer = client.fetch_privacy_settings().await.map_err(failed)?;
    let settings: serde_json::Map<String, Value> = answer
        .settings
        .iter()
        .map(|setting| (setting.category.as_str().to_owned(), json!(setting.value.as_str())))
        .collect();
    Ok(json!({ "settings": settings }))
}

pub(super) async fn set_privacy(client: &Client, setting: &str, value: &str) -> Result<Value, Refusal> {
    let (category, value) = (PrivacyCategory::from(setting), PrivacyValue::from(value));
    client.set_privacy_setting(category, value).await.map_err(failed)?;
    Ok(Value::Null)
}
