//! What callers may ask of a key, checked.

use serde::Deserialize;
use utoipa::ToSchema;
use wagate_domain::{
    Env, Invalid, SessionId, Timestamp, WorkspaceId,
    auth::{Networks, Permissions},
};

use crate::{ApiState, extract::given, problem::Problem};

/// Longest name of a key, in characters.
const MAX_NAME: usize = 100;
/// Most sessions, and most networks, that one key names.
const MAX_LIST: usize = 100;

/// What a key may do and where; what is left out stays, or is as wide as may be.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyWish {
    /// What people call it, 1 to 100 characters.
    #[schema(example = "web shop")]
    pub(super) name: Option<String>,
    /// What it may do: names of permissions, `<resource>:*`, or `*`; at most what you may do yourself. All of that when
    /// left out.
    #[schema(example = json!(["messages:send"]))]
    scopes: Option<Vec<String>>,
    /// The only sessions it may touch, at most 100; `null`: all, also those to come.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<String>>)]
    sessions: Option<Option<Vec<String>>>,
    /// Networks (CIDR, IPv4 or IPv6) or addresses it may be used from, at most 100; empty: from anywhere.
    #[schema(example = json!(["203.0.113.0/24", "2001:db8::/32"]))]
    allowed_ips: Option<Vec<String>>,
    /// When it stops working by itself (RFC 3339); `null`: never.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Option<String>>,
}

/// The same, read.
pub(super) struct Wished {
    pub(super) name: Option<String>,
    pub(super) scopes: Option<Permissions>,
    pub(super) sessions: Option<Option<Vec<SessionId>>>,
    pub(super) addresses: Option<Networks>,
    pub(super) expires_at: Option<Option<Timestamp>>,
}

impl KeyWish {
    /// Reads it; sessions have to be there.
    pub(super) async fn read(self, state: &ApiState, workspace: WorkspaceId) -> Result<Wished, Problem> {
        let scopes = self.scopes.as_deref().map(read_scopes).transpose()?;
        let sessions = match self.sessions {
            None => None,
            Some(None) => Some(None),
            Some(Some(ids)) => Some(Some(read_sessions(state, workspace, &ids).await?)),
        };
        Ok(Wished {
            name: self.name.as_deref().map(checked_name).transpose()?,
            scopes,
            sessions,
            addresses: self.allowed_ips.as_deref().map(read_addresses).transpose()?,
            expires_at: self.expires_at.map(|at| read_expiry(&state.env, at.as_deref())).transpose()?,
        })
    }
}

fn checked_name(name: &str) -> Result<String, Invalid> {
    let name = name.trim();
    let fits = !name.is_empty() && name.chars().count() <= MAX_NAME;
    let wrong = || Invalid::new("name", "is empty or too long", format!("use 1 to {MAX_NAME} characters"));
    if fits { Ok(name.to_owned()) } else { Err(wrong()) }
}

fn read_scopes(names: &[String]) -> Result<Permissions, Invalid> {
    let scopes = Permissions::read(names.iter().map(String::as_str))?;
    let empty = || Invalid::new("scopes", "is empty", "name at least one permission, or leave it out");
    if scopes == Permissions::NONE { Err(empty()) } else { Ok(scopes) }
}

fn read_addresses(texts: &[String]) -> Result<Networks, Invalid> {
    bounded("allowed_ips", texts)?;
    Networks::read("allowed_ips", texts.iter().map(String::as_str))
}

fn bounded(field: &str, list: &[String]) -> Result<(), Invalid> {
    let fits = list.len() <= MAX_LIST;
    let wrong = || Invalid::new(field, "is too long", format!("name at most {MAX_LIST}"));
    if fits { Ok(()) } else { Err(wrong()) }
}

async fn read_sessions(
    state: &ApiState,
    workspace: WorkspaceId,
    ids: &[String],
) -> Result<Vec<SessionId>, Problem> {
    bounded("sessions", ids)?;
    if ids.is_empty() {
        return Err(Invalid::new("sessions", "is empty", "name at least one session, or send null").into());
    }
    let mut sessions = Vec::with_capacity(ids.len());
    for (at, id) in ids.iter().enumerate() {
        let unknown =
            || Invalid::new(format!("sessions[{at}]"), "is no session of yours", "use the id (ses_…) of one");
        let id: SessionId = id.parse().map_err(|_| unknown())?;
        state.sessions.get(workspace, id).await?.ok_or_else(unknown)?;
        sessions.push(id);
    }
    Ok(sessions)
}

fn read_expiry(env: &Env, at: Option<&str>) -> Result<Option<Timestamp>, Invalid> {
    let Some(at) = at else { return Ok(None) };
    let wrong =
        |problem| Invalid::new("expires_at", problem, "send a moment to come, such as 2030-01-01T00:00:00Z");
    let moment: Timestamp = at.parse().map_err(|_| wrong("is not a time after RFC 3339"))?;
    if moment > env.now() { Ok(Some(moment)) } else { Err(wrong("is over")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_and_bounded() {
        assert_eq!(checked_name(" web shop "), Ok("web shop".to_owned()));
        assert!(checked_name("  ").is_err());
        assert!(checked_name(&"x".repeat(MAX_NAME)).is_ok());
        assert!(checked_name(&"x".repeat(MAX_NAME + 1)).is_err());
    }
}
