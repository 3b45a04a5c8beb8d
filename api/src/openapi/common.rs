//! What holds for every endpoint under `/api/v1`: the key, the request's id, and the errors that its shape
//! makes possible.

use serde_json::json;
use utoipa::openapi::{
    Components, Content, OpenApi, Ref, RefOr, Response, ResponseBuilder,
    header::HeaderBuilder,
    path::{Operation, PathItem},
    schema::{AnyOf, Schema},
    security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
};

use wagate_domain::Invalid;

use crate::{
    admission::{Access, Row, TABLE},
    problem::{Code, Problem},
};

/// Adds to the document what holds for all endpoints.
pub(crate) fn complete(api: &mut OpenApi) {
    let components = api.components.get_or_insert_with(Components::new);
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    let header = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("X-API-Key")));
    components.add_security_scheme("api_key", header);
    tell_events_apart(components);
    for row in TABLE {
        let Some(item) = api.paths.paths.get_mut(row.path) else { continue };
        if let Some(operation) = operation(item, row.method)
            && (row.path.starts_with("/api/v1/")
                || row.path.starts_with("/.well-known/")
                || row.access != Access::Open)
        {
            complete_operation(row, operation);
        }
    }
}

/// The data of an event is told apart by the event's type, not by its shape: one shape may fit two types.
fn tell_events_apart(components: &mut Components) {
    if let Some(RefOr::T(schema)) = components.schemas.get_mut("EventData")
        && let Schema::OneOf(shapes) = schema
    {
        let mut any = AnyOf::new();
        any.items = std::mem::take(&mut shapes.items);
        any.description = shapes.description.take();
        *schema = Schema::AnyOf(any);
    }
}

fn operation<'a>(item: &'a mut PathItem, method: &str) -> Option<&'a mut Operation> {
    let place = match method {
        "GET" => &mut item.get,
        "POST" => &mut item.post,
        "PUT" => &mut item.put,
        "PATCH" => &mut item.patch,
        _ => &mut item.delete,
    };
    place.as_mut()
}

/// Who may come in: the schemes and, where there is one, the permission it takes.
fn secure(access: Access, operation: &mut Operation) {
    if access == Access::Person {
        let none: [&str; 0] = [];
        operation.security = Some(vec![SecurityRequirement::new("bearer", none)]);
        add(operation, Code::Unauthenticated);
    }
    let Access::May(permission) = access else { return };
    let scopes = [permission.name()];
    let schemes = ["bearer", "api_key"].map(|scheme| SecurityRequirement::new(scheme, scopes));
    operation.security = Some(schemes.into());
    for code in [
        Code::Unauthenticated,
        Code::PermissionMissing,
        Code::AddressNotAllowed,
        Code::SessionsOnly,
        Code::WorkspaceDeleting,
    ] {
        add(operation, code);
    }
}

fn complete_operation(row: &Row, operation: &mut Operation) {
    secure(row.access, operation);
    let shape = Shape { changes: row.method != "GET", ..Shape::of(row.path, operation) };
    for code in shape.codes() {
        add(operation, code);
    }
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        finish(response);
        if shape.idempotent && status.starts_with('2') {
            let replayed = "`true` when this is the kept answer to an earlier request.";
            add_header(response, "Idempotent-Replayed", replayed);
        }
        if shape.limited && (status == "429" || status.starts_with('2')) {
            for (name, what) in LIMIT_HEADERS {
                add_header(response, name, what);
            }
        }
        if status == "503" || status == "429" {
            add_header(response, "Retry-After", "Seconds after which to try again.");
        }
    }
}

/// What is left of the limit that is nearest to refusing.
const LIMIT_HEADERS: [(&str, &str); 4] = [
    ("RateLimit-Limit", "Most at once."),
    ("RateLimit-Remaining", "How many are left."),
    ("RateLimit-Reset", "Seconds until everything is there again."),
    ("RateLimit-Policy", "How many in a window of `w` seconds, and whose limit it is."),
];

/// What an endpoint's form says of the errors it can answer with.
struct Shape {
    limited: bool,
    changes: bool,
    not_found: Option<Code>,
    body: bool,
    form: bool,
    idempotent: bool,
}

impl Shape {
    fn of(path: &str, operation: &Operation) -> Self {
        let has_header = |name: &str| {
            operation
                .parameters
                .iter()
                .flatten()
                .any(|parameter| matches!(parameter, RefOr::T(p) if p.name == name))
        };
        let types = match &operation.request_body {
            Some(RefOr::T(body)) => body.content.keys().cloned().collect(),
            _ => Vec::new(),
        };
        let not_found = [
            ("/api/v1/sessions/{id}", Code::SessionNotFound),
            ("/api/v1/messages/{id}", Code::MessageNotFound),
            ("/api/v1/chats/{session}", Code::ChatNotFound),
            ("/api/v1/contacts/{id}", Code::ContactNotFound),
            ("/api/v1/media/{id}", Code::MediaNotFound),
            ("/api/v1/keys/{id}", Code::KeyNotFound),
            ("/api/v1/exports/{id}", Code::ExportNotFound),
            ("/api/v1/operator/workspaces/{id}/exports/{export}", Code::ExportNotFound),
            ("/api/v1/operator/workspaces/{id}", Code::WorkspaceNotFound),
            ("/api/v1/webhooks/{id}/deliveries/{delivery}", Code::DeliveryNotFound),
            ("/api/v1/webhooks/{id}", Code::WebhookNotFound),
            ("/api/v1/events/{id}", Code::EventNotFound),
            ("/api/v1/account/providers/{id}", Code::ProviderNotFound),
            ("/api/v1/account/identities/{id}", Code::IdentityNotFound),
            ("/api/v1/members/invitations/{id}", Code::InvitationNotFound),
            ("/api/v1/members/{id}", Code::MemberNotFound),
        ];
        Self {
            limited: path.starts_with("/api/v1/"),
            changes: false,
            not_found: not_found.iter().find(|(prefix, _)| path.starts_with(prefix)).map(|(_, code)| *code),
            body: types.iter().any(|name| name == "application/json"),
            form: types.iter().any(|name| name == "multipart/form-data"),
            idempotent: has_header("Idempotency-Key"),
        }
    }

    fn codes(&self) -> impl Iterator<Item = Code> {
        let always = [
            Code::ValidationFailed,
            Code::UriTooLong,
            Code::HeadersTooLarge,
            Code::Internal,
            Code::Unavailable,
            Code::TimedOut,
        ];
        let body: &'static [Code] =
            &[Code::MalformedJson, Code::BodyTooSlow, Code::PayloadTooLarge, Code::UnsupportedMediaType];
        let form: &'static [Code] =
            &[Code::MalformedMultipart, Code::UploadBrokenOff, Code::BodyTooSlow, Code::PayloadTooLarge];
        let idempotent: &'static [Code] =
            &[Code::InvalidHeader, Code::IdempotencyRunning, Code::IdempotencyKeyReused];
        let limited = [Code::RateLimited].into_iter().filter(|_| self.limited);
        let suspended = [Code::WorkspaceSuspended].into_iter().filter(|_| self.limited && self.changes);
        let when = |wanted: bool, codes: &'static [Code]| codes.iter().copied().filter(move |_| wanted);
        always
            .into_iter()
            .chain(limited)
            .chain(suspended)
            .chain(self.not_found)
            .chain(when(self.body, body))
            .chain(when(self.form, form))
            .chain(when(self.idempotent, idempotent))
    }
}

/// Notes that the operation can answer with this code, beside what it says itself.
fn add(operation: &mut Operation, code: Code) {
    let status = code.status().as_u16().to_string();
    let entry = operation
        .responses
        .responses
        .entry(status)
        .or_insert_with(|| RefOr::T(ResponseBuilder::new().build()));
    let RefOr::T(response) = entry else { return };
    let name = format!("`{}`", code.name());
    if !response.description.contains(&name) {
        let separator = if response.description.is_empty() { "" } else { ", " };
        response.description = format!("{}{separator}{name}", response.description);
    }
}

/// Gives errors their body, with an example of the first code named, and every answer the request's id.
fn finish(response: &mut Response) {
    let code = response.description.split('`').nth(1).and_then(|name| {
        Code::ALL.iter().find(|code| code.name() == name && response.description.starts_with('`'))
    });
    if let Some(code) = code
        && response.content.is_empty()
    {
        let mut content = Content::new(Some(RefOr::Ref(Ref::from_schema_name("Problem"))));
        content.example = Some(json!(example(*code).body(Some("req_01JZZZ6E5R4Q3P2N1M0K9J8H7G"))));
        response.content.insert("application/problem+json".to_owned(), content.into());
    }
    add_header(response, "x-request-id", "Id of the request: yours, or one of ours.");
}

fn example(code: Code) -> Problem {
    let wrong = |field: &str| Invalid::new(field, "is unknown", "remove it");
    match code {
        Code::ValidationFailed => wrong("nmae").into(),
        Code::InvalidHeader => {
            let remedy = "use 1 to 255 visible ASCII characters, such as a UUID";
            Problem::field(code, Invalid::new("Idempotency-Key", "is empty, too long or not ASCII", remedy))
        }
        _ => Problem::plain(code),
    }
}

fn add_header(response: &mut Response, name: &str, description: &str) {
    let header = HeaderBuilder::new().description(Some(description)).build();
    response.headers.insert(name.to_owned(), header.into());
}
