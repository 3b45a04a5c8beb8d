//! App state of a phone: what it shows, what its user changes, keys and snapshots.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::Control;
use super::body::Body;
use super::number::{chat, digits};
use super::problem::Problem;
use crate::phones::{Action, AppState, Change, Changed, CollectionStatus};

/// What a phone knows of its account's app state.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AppStateView {
    collections: Vec<CollectionStatus>,
    /// What the known actions say.
    settings: AppState,
}

/// One action of a collection.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ActionView {
    /// Name of the action and what it is about.
    index: Vec<String>,
    /// The fields of its `SyncActionValue` that are set.
    value: Value,
    /// Version of the patch that set it.
    version: u64,
    /// Id of the key it is encrypted with, hexadecimal.
    key_id: String,
}

/// The actions of a collection, the one set first leading.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ActionList {
    items: Vec<ActionView>,
}

/// A collection and its version.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VersionView {
    collection: String,
    version: u64,
}

/// A key.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct KeyView {
    /// Hexadecimal.
    id: String,
}

/// Keys, the oldest first; the last is in use.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct KeyList {
    items: Vec<KeyView>,
}

/// What the phone knows: its own changes and those of its companions whose MACs hold.
#[utoipa::path(get, path = "/v1/phones/{number}/app-state", tag = "app state", params(("number" = String, Path)),
    responses((status = 200, body = AppStateView), (status = "4XX", body = Problem)))]
pub(super) async fn show(
    State(control): State<Control>,
    Path(number): Path<String>,
) -> Result<Json<AppStateView>, Problem> {
    let number = digits("number", &number)?;
    let collections = control.phones.app_state_collections(&number).await?;
    Ok(Json(AppStateView { collections, settings: control.phones.app_state(&number).await? }))
}

/// Every action of one collection, known or not.
#[utoipa::path(get, path = "/v1/phones/{number}/app-state/{collection}", tag = "app state",
    params(("number" = String, Path), ("collection" = String, Path)),
    responses((status = 200, body = ActionList), (status = "4XX", body = Problem)))]
pub(super) async fn actions(
    State(control): State<Control>,
    Path((number, collection)): Path<(String, String)>,
) -> Result<Json<ActionList>, Problem> {
    let (number, collection) = (digits("number", &number)?, known(collection)?);
    let actions = control.phones.app_state_actions(&number, &collection).await?;
    Ok(Json(ActionList { items: actions.into_iter().map(ActionView::from).collect() }))
}

/// The phone's user changes something; the account's other devices are told.
#[utoipa::path(post, path = "/v1/phones/{number}/app-state", tag = "app state", params(("number" = String, Path)),
    request_body = Change, responses((status = 200, body = VersionView), (status = "4XX", body = Problem)))]
pub(super) async fn change(
    State(control): State<Control>,
    Path(number): Path<String>,
    Body(mut change): Body<Change>,
) -> Result<Json<VersionView>, Problem> {
    let number = digits("number", &number)?;
    if let Some(subject) = change.subject_mut() {
        *subject = chat("chat", subject)?;
    }
    let Changed { collection, version } = control.phones.change_app_state(&number, change).await?;
    Ok(Json(VersionView { collection: collection.to_owned(), version }))
}

/// Makes a snapshot of a collection: a device that is linked later starts from it.
#[utoipa::path(post, path = "/v1/phones/{number}/app-state/{collection}/snapshot", tag = "app state",
    params(("number" = String, Path), ("collection" = String, Path)),
    responses((status = 201, body = VersionView), (status = "4XX", body = Problem)))]
pub(super) async fn snapshot(
    State(control): State<Control>,
    Path((number, collection)): Path<(String, String)>,
) -> Result<(StatusCode, Json<VersionView>), Problem> {
    let (number, collection) = (digits("number", &number)?, known(collection)?);
    let version = control.phones.snapshot_app_state(&number, &collection).await?;
    Ok((StatusCode::CREATED, Json(VersionView { collection, version })))
}

/// Keys that the phone has made.
#[utoipa::path(get, path = "/v1/phones/{number}/app-state-keys", tag = "app state",
    params(("number" = String, Path)),
    responses((status = 200, body = KeyList), (status = "4XX", body = Problem)))]
pub(super) async fn keys(
    State(control): State<Control>,
    Path(number): Path<String>,
) -> Result<Json<KeyList>, Problem> {
    let keys = control.phones.app_state_keys(&digits("number", &number)?).await?;
    Ok(Json(KeyList { items: keys.iter().map(|id| KeyView { id: hex::encode(id) }).collect() }))
}

/// Makes a new key and shares it with every companion; the next patches use it.
#[utoipa::path(post, path = "/v1/phones/{number}/app-state-keys", tag = "app state",
    params(("number" = String, Path)),
    responses((status = 201, body = KeyView), (status = "4XX", body = Problem)))]
pub(super) async fn rotate(
    State(control): State<Control>,
    Path(number): Path<String>,
) -> Result<(StatusCode, Json<KeyView>), Problem> {
    let id = control.phones.rotate_app_state_key(&digits("number", &number)?).await?;
    Ok((StatusCode::CREATED, Json(KeyView { id: hex::encode(id) })))
}

/// The name of a collection.
fn known(collection: String) -> Result<String, Problem> {
    let names = wacore_appstate::schemas::COLLECTIONS.iter().map(|collection| collection.as_str());
    if names.clone().any(|name| name == collection) {
        return Ok(collection);
    }
    let remedy = format!("One of {}.", names.collect::<Vec<_>>().join(", "));
    Err(Problem::field("collection", format!("There is no collection {collection:?}."), remedy))
}

impl From<Action> for ActionView {
    fn from(action: Action) -> Self {
        let value = serde_json::to_value(&action.value).unwrap_or_default();
        Self {
            index: action.index,
            value: set_fields(value),
            version: action.version,
            key_id: hex::encode(action.key_id),
        }
    }
}

/// A message without its fields that are not set.
fn set_fields(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(name, value)| (name, set_fields(value)));
            Value::Object(fields.filter(|(_, value)| !is_unset(value)).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(set_fields).collect()),
        other => other,
    }
}

fn is_unset(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}
