//! Asking WhatsApp until when it restricts an account (its GraphQL queries over IQ: wacore `iq/mex_operations.rs`).

use std::time::Duration;

use serde_json::{Value, json};
use wacore::iq::mex_operations::{fetch_new_chat_message_capping_info, fetch_reachout_timelock};
use wagate_domain::Timestamp;
use whatsapp_rust::{Client, MexRequest};

/// Longest wait for an answer: sends of new chats wait for it.
const PATIENCE: Duration = Duration::from_secs(10);

/// What WhatsApp may restrict while the rest goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Restriction {
    /// Nack 463: no writing to people who have not written first, for a time.
    ReachOut,
    /// Nack 475: no more new chats in this cycle.
    NewChats,
}

impl Restriction {
    /// The restriction a refusal names.
    pub(crate) fn of_nack(code: &str) -> Option<Self> {
        match code {
            "463" => Some(Self::ReachOut),
            "475" => Some(Self::NewChats),
            _ => None,
        }
    }

    /// Stable code of the reason shown.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::ReachOut => "reachout_timelock",
            Self::NewChats => "new_chat_cap",
        }
    }
}

/// When a restriction ends, as WhatsApp says; `None` when it does not.
pub(super) async fn ends(client: &Client, restriction: Restriction) -> Option<Timestamp> {
    let asked = tokio::time::timeout(PATIENCE, ask(client, restriction)).await;
    let seconds = match asked {
        Ok(Ok(seconds)) => seconds?,
        Ok(Err(error)) => {
            tracing::debug!(%error, "the end of a restriction could not be asked for");
            return None;
        }
        Err(_) => return None,
    };
    Some(Timestamp::from_millis(seconds.saturating_mul(1_000)))
}

async fn ask(client: &Client, restriction: Restriction) -> Result<Option<i64>, whatsapp_rust::MexError> {
    let (name, id, variables, end) = match restriction {
        Restriction::ReachOut => {
            let (name, id) = (fetch_reachout_timelock::NAME, fetch_reachout_timelock::DOC_ID);
            (name, id, json!({}), "/xwa2_fetch_account_reachout_timelock/time_enforcement_ends")
        }
        Restriction::NewChats => {
            let (name, id) =
                (fetch_new_chat_message_capping_info::NAME, fetch_new_chat_message_capping_info::DOC_ID);
            let variables = json!({ "input": { "type": "INDIVIDUAL_NEW_CHAT_MSG" } });
            (name, id, variables, "/xwa2_message_capping_info/cycle_end_timestamp")
        }
    };
    let answer = client.mex().query(MexRequest::new(name, id, variables)).await?;
    Ok(answer.data.as_ref().and_then(|data| data.pointer(end)).and_then(seconds))
}

/// Unix seconds, as a number or in a string; 0 is none.
fn seconds(value: &Value) -> Option<i64> {
    let seconds = value.as_i64().or_else(|| value.as_str()?.parse().ok())?;
    (seconds > 0).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_numbers_or_strings_and_0_is_none() {
        for (value, expected) in [
            (json!("1772366400"), Some(1_772_366_400)),
            (json!(1_772_366_400), Some(1_772_366_400)),
            (json!("0"), None),
            (json!(null), None),
            (json!("soon"), None),
        ] {
            assert_eq!(seconds(&value), expected, "{value}");
        }
    }
}
