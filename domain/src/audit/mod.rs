//! Who did what, where from, and what it was before.

mod list;

pub use list::{AuditPage, ListAudit, list};

use std::net::IpAddr;

use serde_json::Value;

use crate::{ApiKeyId, AuditId, Invalid, Timestamp, UserId, WorkspaceId, auth::Actor};

/// One entry of the audit log. It is put down before what it tells of is done, and settled once by what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEntry {
    /// Identifier.
    pub id: AuditId,
    /// Tenant it concerns, if it concerns one.
    pub workspace: Option<WorkspaceId>,
    /// When it was done.
    pub at: Timestamp,
    /// Who did it.
    pub actor: AuditActor,
    /// Where from.
    pub address: Option<IpAddr>,
    /// The request that did it.
    pub request_id: Option<String>,
    /// What was done: `key.created`.
    pub action: String,
    /// Whether it was.
    pub outcome: Outcome,
    /// To what: an id.
    pub target: Option<String>,
    /// What of it changed, as it was. Without secrets.
    pub before: Option<Value>,
    /// What of it changed, as it is now. Without secrets.
    pub after: Option<Value>,
}

/// Whether what an entry tells of was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was begun, and may or may not have been done: it goes on, or the process ended or a machine failed meanwhile.
    Unknown,
    /// It was done, or refused where the action says so.
    Done,
}

impl Outcome {
    /// The name used on the wire and in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Done => "done",
        }
    }

    /// The outcome of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Unknown, Self::Done].into_iter().find(|outcome| outcome.name() == name)
    }
}

/// Who did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditActor {
    /// A program or a person.
    Caller(Actor),
    /// Whoever sits at the command line.
    Console,
    /// Somebody who had not said who it is.
    Unknown,
}

impl AuditActor {
    /// As it is stored and shown: an id, or `console`.
    #[must_use]
    pub fn written(self) -> Option<String> {
        match self {
            Self::Caller(actor) => Some(actor.to_string()),
            Self::Console => Some("console".to_owned()),
            Self::Unknown => None,
        }
    }

    /// Reads what [`AuditActor::written`] wrote.
    ///
    /// # Errors
    /// When it is neither an id of a key or a person nor `console`.
    pub fn read(text: &str) -> Result<Self, Invalid> {
        let key = |text: &str| text.parse::<ApiKeyId>().ok().map(Actor::Key);
        let person = |text: &str| text.parse::<UserId>().ok().map(Actor::Person);
        match text {
            "console" => Ok(Self::Console),
            id => key(id).or_else(|| person(id)).map(Self::Caller).ok_or_else(|| {
                Invalid::new("actor", "is not an actor", "use the id of a key or a person, or console")
            }),
        }
    }
}

/// Puts down only what differs, and no secret: `(before, after)`.
#[must_use]
pub fn difference(before: Option<Value>, after: Option<Value>) -> (Option<Value>, Option<Value>) {
    let (before, after) = (before.map(redacted), after.map(redacted));
    match (before, after) {
        (Some(Value::Object(mut before)), Some(Value::Object(mut after))) => {
            after.retain(|name, value| match before.get(name) {
                Some(old) if old == value => {
                    before.remove(name);
                    false
                }
                _ => true,
            });
            (Some(before.into()), Some(after.into()))
        }
        other => other,
    }
}

/// Names of fields whose values nobody who reads the log may see.
const SECRET: [&str; 9] =
    ["secret", "secrets", "password", "token", "code", "headers", "link", "recovery_codes", "refresh_token"];

fn redacted(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| {
                let hidden = SECRET.contains(&name.as_str()) && !value.is_null();
                let shown = if hidden { Value::from("redacted") } else { redacted(value) };
                (name, shown)
            })
            .collect(),
        Value::Array(values) => values.into_iter().map(redacted).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_differs_is_put_down_and_no_secret() {
        let before = json!({"name": "a", "url": "u", "secret": "s1", "list": [{"token": "t", "n": 1}]});
        let after =
            json!({"name": "b", "url": "u", "secret": "s2", "list": [{"token": "t", "n": 1}], "new": null});
        let (before, after) = difference(Some(before), Some(after));
        assert_eq!(before, Some(json!({"name": "a"})));
        assert_eq!(after, Some(json!({"name": "b", "new": null})));
        let (before, after) =
            difference(None, Some(json!({"headers": {"authorization": "x"}, "code": null})));
        assert_eq!((before, after), (None, Some(json!({"headers": "redacted", "code": null}))));
    }

    #[test]
    fn actors_read_back() {
        let key = "key_01JZZZ6E5R4Q3P2N1M0K9J8H7G".parse().unwrap();
        let user = "usr_01JZZZ6E5R4Q3P2N1M0K9J8H7G".parse().unwrap();
        for actor in [
            AuditActor::Caller(Actor::Key(key)),
            AuditActor::Caller(Actor::Person(user)),
            AuditActor::Console,
        ] {
            assert_eq!(AuditActor::read(&actor.written().unwrap()), Ok(actor));
        }
        assert_eq!(AuditActor::Unknown.written(), None);
        assert!(AuditActor::read("somebody").is_err());
    }
}
