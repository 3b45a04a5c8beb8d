//! Phones: list, make, show, change.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::Control;
use super::body::{Body, Paging};
use super::number::digits;
use super::problem::Problem;
use super::views::{PhoneList, PhoneView};
use crate::options::{AccountOptions, Business};
use crate::phones::{Declared, PhoneSummary, ReadBehaviour, Script, SettingsChange};

/// A phone to make, or to change when it exists. What is not given is as phones are by default.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPhone {
    /// Phone number, with or without `+`.
    number: String,
    /// Used only when the phone is made; invented when absent.
    push_name: Option<String>,
    /// When the phone reads by itself.
    read: Option<ReadBehaviour>,
    /// What the phone answers by itself.
    script: Option<Script>,
    /// Whether it shows itself as online while it reads and answers.
    online: Option<bool>,
    /// True for a phone that acknowledges messages without opening them, for load tests.
    sink: Option<bool>,
    /// A sink opens one message in so many.
    sample: Option<u32>,
    /// False for a number that shall not exist for the network.
    on_whatsapp: Option<bool>,
}

/// The settings among the fields of a body.
macro_rules! settings {
    ($body:expr) => {
        SettingsChange {
            read: $body.read,
            script: $body.script.clone(),
            online: $body.online,
            sink: $body.sink,
            sample: $body.sample,
            on_whatsapp: $body.on_whatsapp,
        }
    };
}

impl NewPhone {
    /// `field` names the phone in a problem.
    pub(super) fn declared(self, field: &str) -> Result<Declared, Problem> {
        let settings = settings!(self);
        Ok(Declared { pn: digits(field, &self.number)?, push_name: self.push_name, settings })
    }
}

/// Changes; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PhoneChange {
    read: Option<ReadBehaviour>,
    script: Option<Script>,
    online: Option<bool>,
    sink: Option<bool>,
    sample: Option<u32>,
    on_whatsapp: Option<bool>,
    /// New name of the phone's user; companions are told.
    push_name: Option<String>,
    /// New profile text, at most 139 characters; an empty one clears it.
    about: Option<String>,
    /// Refuses messages of strangers without a privacy token (code 463).
    requires_token: Option<bool>,
    /// Lets companions be linked only with the account's passkey.
    passkey: Option<bool>,
    /// Lets its clients fetch their queues in batches, after a preview.
    offline_preview: Option<bool>,
    /// A/B properties that the account's clients are served: code and value; replaces all.
    ab_props: Option<BTreeMap<u32, String>>,
    /// Makes it a business account: `true`, `false`, or what the business shows.
    business: Option<BusinessChange>,
}

/// Whether an account is a business.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub(super) enum BusinessChange {
    Is(bool),
    Shows(Business),
}

impl PhoneChange {
    fn apply_to(&self, options: &mut AccountOptions) {
        options.requires_token = self.requires_token.unwrap_or(options.requires_token);
        options.passkey = self.passkey.unwrap_or(options.passkey);
        options.offline_preview = self.offline_preview.unwrap_or(options.offline_preview);
        if let Some(props) = &self.ab_props {
            options.ab_props.clone_from(props);
        }
        match &self.business {
            Some(BusinessChange::Is(is)) => options.business = is.then(Business::default),
            Some(BusinessChange::Shows(business)) => options.business = Some(business.clone()),
            None => {}
        }
    }
}

/// Online or offline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum PresenceState {
    Available,
    Unavailable,
}

/// A presence to send.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPresence {
    state: PresenceState,
}

/// Phones in order of their number.
#[utoipa::path(get, path = "/v1/phones", tag = "phones", params(Paging),
    responses((status = 200, body = PhoneList), (status = "4XX", body = Problem)))]
pub(super) async fn list(State(control): State<Control>, paging: Paging) -> Result<Json<PhoneList>, Problem> {
    let cursor = paging.cursor.as_deref().unwrap_or_default();
    let page = control.phones.list(cursor, paging.limit).await?;
    Ok(Json(PhoneList::new(page, &control.phones.defaults())))
}

/// Makes a phone; changes its settings when the number has one.
#[utoipa::path(post, path = "/v1/phones", tag = "phones", request_body = NewPhone,
    responses((status = 201, body = PhoneView), (status = "4XX", body = Problem)))]
pub(super) async fn create(
    State(control): State<Control>,
    Body(new): Body<NewPhone>,
) -> Result<(StatusCode, Json<PhoneView>), Problem> {
    let Declared { pn, push_name, settings } = new.declared("number")?;
    let phone = control.phones.register(&pn, push_name.as_deref(), settings).await?;
    Ok((StatusCode::CREATED, Json(view(&control, phone).await)))
}

/// One phone, by number or LID.
#[utoipa::path(get, path = "/v1/phones/{number}", tag = "phones", params(("number" = String, Path)),
    responses((status = 200, body = PhoneView), (status = "4XX", body = Problem)))]
pub(super) async fn show(
    State(control): State<Control>,
    Path(number): Path<String>,
) -> Result<Json<PhoneView>, Problem> {
    let phone = control.phones.summary(&digits("number", &number)?).await?;
    Ok(Json(view(&control, phone).await))
}

/// Changes a phone's settings.
#[utoipa::path(patch, path = "/v1/phones/{number}", tag = "phones", params(("number" = String, Path)),
    request_body = PhoneChange, responses((status = 200, body = PhoneView), (status = "4XX", body = Problem)))]
pub(super) async fn change(
    State(control): State<Control>,
    Path(number): Path<String>,
    Body(change): Body<PhoneChange>,
) -> Result<Json<PhoneView>, Problem> {
    let number = digits("number", &number)?;
    let settings = settings!(change);
    let phone = control.phones.change(&number, settings).await?;
    if let Some(name) = &change.push_name {
        control.phones.set_name(&phone.pn, name).await?;
    }
    if let Some(about) = &change.about {
        control.phones.set_about(&phone.pn, about).await?;
    }
    if let Ok(Some(account)) = control.core.find(&phone.pn).await {
        let mut options = AccountOptions::clone(&account.options());
        change.apply_to(&mut options);
        if options != *account.options() {
            control.core.set_options(&account, options).await?;
        }
    }
    Ok(Json(view(&control, control.phones.summary(&phone.pn).await?).await))
}

/// A phone with the options of its account; a number that is not on WhatsApp has no account.
pub(super) async fn view(control: &Control, phone: PhoneSummary) -> PhoneView {
    let account = control.core.find(&phone.pn).await.ok().flatten();
    let mut view = PhoneView::new(phone, &control.phones.defaults());
    view.options = account.map(|account| AccountOptions::clone(&account.options()));
    view
}

/// Goes online or offline.
#[utoipa::path(post, path = "/v1/phones/{number}/presence", tag = "phones", params(("number" = String, Path)),
    request_body = NewPresence, responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn presence(
    State(control): State<Control>,
    Path(number): Path<String>,
    Body(new): Body<NewPresence>,
) -> Result<StatusCode, Problem> {
    let number = digits("number", &number)?;
    control.phones.set_presence(&number, new.state == PresenceState::Available).await?;
    Ok(StatusCode::NO_CONTENT)
}
