//! What an account may not do for a time.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Control;
use super::body::Body;
use super::offline::account;
use super::problem::Problem;
use super::views::rfc3339;
use crate::router::{Restricted, Restriction};

const KINDS: &str = "Kinds are reachout_timelock, new_chat_cap and ban.";

/// A restriction of an account.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RestrictionView {
    #[serde(flatten)]
    what: Restriction,
    /// RFC 3339, UTC.
    begins: String,
    /// RFC 3339, UTC; it ends by itself.
    ends: String,
}

impl From<Restricted> for RestrictionView {
    fn from(restricted: Restricted) -> Self {
        Self {
            what: restricted.what,
            begins: rfc3339(restricted.begins.cast_signed()),
            ends: rfc3339(restricted.ends.cast_signed()),
        }
    }
}

/// Restrictions that have not ended.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RestrictionList {
    items: Vec<RestrictionView>,
}

/// A restriction to set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewRestriction {
    /// How long it lasts, on the network's clock, from 1.
    seconds: u64,
    /// Of `reachout_timelock`; `WEB_COMPANION_ONLY` unless given.
    enforcement_type: Option<String>,
    /// Of `new_chat_cap`: new chats allowed meanwhile; none unless given.
    quota: Option<u32>,
    /// Of `ban`: its reason, 101 unless given.
    code: Option<u32>,
}

/// What an account may not do.
#[utoipa::path(get, path = "/v1/phones/{number}/restrictions", tag = "phones", params(("number" = String, Path)),
    responses((status = 200, body = RestrictionList), (status = "4XX", body = Problem)))]
pub(super) async fn list(
    State(control): State<Control>,
    Path(number): Path<String>,
) -> Result<Json<RestrictionList>, Problem> {
    let account = account(&control, &number).await?;
    let items = control.core.restricted(account.pn).into_iter().map(RestrictionView::from).collect();
    Ok(Json(RestrictionList { items }))
}

/// Restricts an account for a time, in place of a restriction of this kind that it has.
#[utoipa::path(put, path = "/v1/phones/{number}/restrictions/{kind}", tag = "phones",
    params(("number" = String, Path), ("kind" = String, Path)), request_body = NewRestriction,
    responses((status = 200, body = RestrictionList), (status = "4XX", body = Problem)))]
pub(super) async fn set(
    State(control): State<Control>,
    Path((number, kind)): Path<(String, String)>,
    Body(new): Body<NewRestriction>,
) -> Result<Json<RestrictionList>, Problem> {
    let restricted = account(&control, &number).await?;
    let what = restriction(&kind, &new)?;
    if new.seconds == 0 {
        return Err(Problem::field("seconds", "It would end at once.", "Give 1 or more."));
    }
    control.core.restrict(&restricted, what, new.seconds).await?;
    list(State(control), Path(number)).await
}

/// Ends a restriction early.
#[utoipa::path(delete, path = "/v1/phones/{number}/restrictions/{kind}", tag = "phones",
    params(("number" = String, Path), ("kind" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn lift(
    State(control): State<Control>,
    Path((number, kind)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let account = account(&control, &number).await?;
    if control.core.lift(&account, &kind).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::missing(format!("The account has no {kind}."), KINDS))
    }
}

/// The restriction of a kind; fields of other kinds are refused.
fn restriction(kind: &str, new: &NewRestriction) -> Result<Restriction, Problem> {
    let of = [
        ("enforcement_type", new.enforcement_type.is_some(), "reachout_timelock"),
        ("quota", new.quota.is_some(), "new_chat_cap"),
        ("code", new.code.is_some(), "ban"),
    ];
    if let Some((field, _, owner)) = of.into_iter().find(|(_, given, owner)| *given && *owner != kind) {
        return Err(Problem::field(field, format!("This is a field of {owner}."), "Leave it out."));
    }
    Ok(match kind {
        "reachout_timelock" => Restriction::ReachoutTimelock {
            enforcement_type: new.enforcement_type.clone().unwrap_or_else(|| "WEB_COMPANION_ONLY".into()),
        },
        "new_chat_cap" => Restriction::NewChatCap { quota: new.quota.unwrap_or(0), used: 0 },
        "ban" => Restriction::Ban { code: new.code.unwrap_or(101) },
        _ => return Err(Problem::field("kind", format!("There is no restriction {kind:?}."), KINDS)),
    })
}
