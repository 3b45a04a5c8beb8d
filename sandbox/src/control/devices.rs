//! Companions of a phone: link by QR or by code, list, unlink.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wacore::pair::PairUtils;

use super::Control;
use super::body::Body;
use super::number::digits;
use super::offline::account;
use super::problem::Problem;
use crate::options::Stale;
use crate::ports::{CompanionAddress, Phones};

/// Where the ADV secret stands in a QR text, counted from 0.
const ADV_SECRET_FIELD: usize = 3;
const QR_REMEDY: &str =
    "Pass the whole text of the QR code: ref, noise key, identity key, secret, and what follows.";

/// What the phone's camera has seen.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Scan {
    /// Text of the QR code, with or without its `https://wa.me/…#` prefix.
    qr: String,
}

/// What the phone's user has typed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PairingCode {
    /// Eight characters, with or without a dash.
    code: String,
}

/// A device of an account.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeviceView {
    /// Device id, from 1.
    id: u16,
    /// JID by number.
    jid: String,
    /// ADV key index.
    #[serde(skip_serializing_if = "Option::is_none")]
    key_index: Option<u32>,
}

/// Companions of an account; the phone itself (device 0) is not listed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeviceList {
    items: Vec<DeviceView>,
}

/// The phone scans a companion's QR code. The phone is made when it does not exist.
#[utoipa::path(post, path = "/v1/phones/{number}/scan", tag = "devices", params(("number" = String, Path)),
    request_body = Scan, responses((status = 201, body = DeviceView), (status = "4XX", body = Problem)))]
pub(super) async fn scan(
    State(control): State<Control>,
    Path(number): Path<String>,
    Body(scan): Body<Scan>,
) -> Result<(StatusCode, Json<DeviceView>), Problem> {
    let number = digits("number", &number)?;
    let (reference, secret) = parse_qr(scan.qr.trim())?;
    let account = control.phones.ensure(&number, None).await?;
    let linked = control.network.link_by_qr(&account.pn, &reference, secret).await?;
    Ok((StatusCode::CREATED, Json(linked.into())))
}

/// The phone's user types the code that a companion shows. The phone is made when it does not exist.
#[utoipa::path(post, path = "/v1/phones/{number}/pairing-code", tag = "devices", params(("number" = String, Path)),
    request_body = PairingCode, responses((status = 201, body = DeviceView), (status = "4XX", body = Problem)))]
pub(super) async fn pairing_code(
    State(control): State<Control>,
    Path(number): Path<String>,
    Body(typed): Body<PairingCode>,
) -> Result<(StatusCode, Json<DeviceView>), Problem> {
    let number = digits("number", &number)?;
    let account = control.phones.ensure(&number, None).await?;
    let linked = control.network.link_by_code(&account.pn, typed.code.trim()).await?;
    Ok((StatusCode::CREATED, Json(linked.into())))
}

/// The phone's user reads the code that a companion shows while it is linked by passkey. The scan
/// that began it ends when the codes are the same; another code ends the link.
#[utoipa::path(post, path = "/v1/phones/{number}/passkey-code", tag = "devices", params(("number" = String, Path)),
    request_body = PairingCode, responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn passkey_code(
    State(control): State<Control>,
    Path(number): Path<String>,
    Body(read): Body<PairingCode>,
) -> Result<StatusCode, Problem> {
    let account = account(&control, &number).await?;
    control.core.approve_passkey(account.pn, read.code.trim())?;
    Ok(StatusCode::NO_CONTENT)
}

/// Companions that show a code for this number are told to ask for a new one.
#[utoipa::path(post, path = "/v1/phones/{number}/pairing-code/refresh", tag = "devices",
    params(("number" = String, Path)), responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn refresh_code(
    State(control): State<Control>,
    Path(number): Path<String>,
) -> Result<StatusCode, Problem> {
    let account = account(&control, &number).await?;
    control.core.refresh_codes(account.pn)?;
    Ok(StatusCode::NO_CONTENT)
}

/// The companion that shows this QR code is told to choose a new secret, and shows another one.
#[utoipa::path(post, path = "/v1/pairings/refresh", tag = "devices", request_body = Scan,
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn refresh_registration(
    State(control): State<Control>,
    Body(shown): Body<Scan>,
) -> Result<StatusCode, Problem> {
    let (reference, _) = parse_qr(shown.qr.trim())?;
    control.core.refresh_registration(&reference)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Companions linked to the phone.
#[utoipa::path(get, path = "/v1/phones/{number}/devices", tag = "devices", params(("number" = String, Path)),
    responses((status = 200, body = DeviceList), (status = "4XX", body = Problem)))]
pub(super) async fn list(
    State(control): State<Control>,
    Path(number): Path<String>,
) -> Result<Json<DeviceList>, Problem> {
    let phone = control.phones.summary(&digits("number", &number)?).await?;
    let companions = control.network.companions(&phone.pn).await?;
    let items = companions
        .into_iter()
        .map(|companion| DeviceView {
            id: companion.device,
            jid: jid(&phone.pn, companion.device),
            key_index: Some(companion.key_index),
        })
        .collect();
    Ok(Json(DeviceList { items }))
}

/// Something that companions keep a copy of.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StaleCopies {
    what: Vec<Stale>,
}

/// Tells the companions that something they keep is stale (dirty bits); they fetch it anew.
#[utoipa::path(post, path = "/v1/phones/{number}/stale", tag = "devices", params(("number" = String, Path)),
    request_body = StaleCopies, responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn stale(
    State(control): State<Control>,
    Path(number): Path<String>,
    Body(stale): Body<StaleCopies>,
) -> Result<StatusCode, Problem> {
    let account = account(&control, &number).await?;
    for what in stale.what {
        control.core.mark_dirty(&account, what).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Unlinks a companion from the phone's side.
#[utoipa::path(delete, path = "/v1/phones/{number}/devices/{id}", tag = "devices",
    params(("number" = String, Path), ("id" = u16, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn unlink(
    State(control): State<Control>,
    Path((number, id)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let phone = control.phones.summary(&digits("number", &number)?).await?;
    let id: u16 = id.parse().ok().filter(|id| *id > 0).ok_or_else(|| {
        Problem::field("id", "A companion's device id is a number from 1.", "GET …/devices lists them.")
    })?;
    control.network.unlink(&phone.pn, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<CompanionAddress> for DeviceView {
    fn from(linked: CompanionAddress) -> Self {
        Self { id: linked.device, jid: jid(&linked.pn, linked.device), key_index: None }
    }
}

fn jid(pn: &str, device: u16) -> String {
    wacore_binary::Jid::pn_device(pn, device).to_string()
}

/// Reference and ADV secret of a QR text.
pub(crate) fn parse_qr(qr: &str) -> Result<(String, [u8; 32]), Problem> {
    let bad = |detail: String| Problem::field("qr", detail, QR_REMEDY);
    let (reference, _, _) = PairUtils::parse_qr_code(qr).map_err(|error| bad(error.to_string()))?;
    let secret = qr
        .split(',')
        .nth(ADV_SECRET_FIELD)
        .and_then(|secret| BASE64_STANDARD.decode(secret).ok()?.try_into().ok())
        .ok_or_else(|| bad("The fourth field is not a secret of 32 bytes in base64.".to_owned()))?;
    Ok((reference, secret))
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn qr_of_every_client_generation_is_read() {
        let key = BASE64_STANDARD.encode([7; 32]);
        let secret = BASE64_STANDARD.encode([9; 32]);
        let four = format!("2@ref,{key},{key},{secret}");
        for qr in
            [four.clone(), format!("{four},1"), format!("https://wa.me/settings/linked_devices#{four},2")]
        {
            let (reference, read) = parse_qr(&qr).expect("readable");
            assert_eq!((reference.as_str(), read), ("2@ref", [9; 32]));
        }
        assert!(parse_qr("2@ref,AA,BB").is_err());
        assert!(parse_qr(&format!("2@ref,{key},{key},AAAA")).is_err());
    }
}
