//! Other accounts as a phone sees them.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::Control;
use super::number::digits;
use super::problem::Problem;
use crate::phones::ContactCard;

/// What another account shows to this phone.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ContactView {
    /// Phone number, `+` and digits.
    number: String,
    /// LID, digits.
    lid: String,
    /// Profile text; `null` when there is none or it is hidden.
    about: Option<String>,
    /// Profile picture; `null` when there is none or it is hidden.
    picture: Option<PictureView>,
    /// Verified name of a business.
    verified_name: Option<String>,
}

/// A profile picture.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PictureView {
    /// Changes with the picture.
    id: String,
    /// Where it is, under the media endpoint's TLS address.
    url: String,
}

impl From<ContactCard> for ContactView {
    fn from(card: ContactCard) -> Self {
        Self {
            number: format!("+{}", card.pn),
            lid: card.lid,
            about: card.about,
            picture: card.picture.map(|(id, url)| PictureView { id, url }),
            verified_name: card.verified_name,
        }
    }
}

/// What another account shows to this phone, its privacy settings applied.
#[utoipa::path(get, path = "/v1/phones/{number}/contacts/{peer}", tag = "contacts",
    params(("number" = String, Path), ("peer" = String, Path)),
    responses((status = 200, body = ContactView), (status = "4XX", body = Problem)))]
pub(super) async fn show(
    State(control): State<Control>,
    Path((number, peer)): Path<(String, String)>,
) -> Result<Json<ContactView>, Problem> {
    let card = control.phones.contact_card(&digits("number", &number)?, &digits("peer", &peer)?).await?;
    Ok(Json(card.into()))
}

/// Saves a number as a contact: settings that admit contacts admit it from now on.
#[utoipa::path(put, path = "/v1/phones/{number}/contacts/{peer}", tag = "contacts",
    params(("number" = String, Path), ("peer" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn save(
    State(control): State<Control>,
    Path((number, peer)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    control.network.save_contact(&digits("number", &number)?, &digits("peer", &peer)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
