//! A phone without network: its queue holds, it sends nothing.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Control;
use super::body::Body;
use super::number::digits;
use super::problem::Problem;
use crate::ports::PortError;
use crate::router::Account;

/// Whether a phone has a network.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OfflineView {
    offline: bool,
}

/// A phone's network, taken away or given back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewOffline {
    offline: bool,
    /// It comes back by itself after so many seconds on the network's clock.
    seconds: Option<u64>,
}

/// Whether a phone has a network.
#[utoipa::path(get, path = "/v1/phones/{number}/offline", tag = "phones", params(("number" = String, Path)),
    responses((status = 200, body = OfflineView), (status = "4XX", body = Problem)))]
pub(super) async fn show(
    State(control): State<Control>,
    Path(number): Path<String>,
) -> Result<Json<OfflineView>, Problem> {
    let account = account(&control, &number).await?;
    Ok(Json(OfflineView { offline: control.core.pump.is_offline(account.pn) }))
}

/// Takes a phone's network away, or gives it back. It does not outlive the process.
#[utoipa::path(put, path = "/v1/phones/{number}/offline", tag = "phones", params(("number" = String, Path)),
    request_body = NewOffline, responses((status = 200, body = OfflineView), (status = "4XX", body = Problem)))]
pub(super) async fn set(
    State(control): State<Control>,
    Path(number): Path<String>,
    Body(new): Body<NewOffline>,
) -> Result<Json<OfflineView>, Problem> {
    let account = account(&control, &number).await?;
    if new.seconds.is_some() && !new.offline {
        let remedy = "Leave seconds out, or give offline true.";
        return Err(Problem::field("seconds", "Only an offline phone comes back.", remedy));
    }
    if new.offline {
        control
            .core
            .take_phone_offline(&account, new.seconds.map(Duration::from_secs))
            .await
            .map_err(PortError::from)?;
    } else {
        control.core.bring_phone_online(&account).await.map_err(PortError::from)?;
    }
    Ok(Json(OfflineView { offline: new.offline }))
}

/// The account of a phone number.
pub(super) async fn account(control: &Control, number: &str) -> Result<Arc<Account>, Problem> {
    let number = digits("number", number)?;
    let found = control.core.find(&number).await?;
    found.ok_or_else(|| PortError::NotFound(format!("no phone {number}")).into())
}
