//! The OpenAPI document, made from the code: what each endpoint says of itself, and what holds for all.

mod common;
mod errors_page;
mod permissions_page;

pub use errors_page::errors_reference;
pub(crate) use errors_page::get_errors_page;
pub use permissions_page::permissions_reference;

use utoipa::OpenApi;

use crate::problem::{Code, ProblemBody};

/// What is said before any endpoint.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "wagate",
        description = "A self-hosted WhatsApp gateway: link accounts, send messages, read what comes in.\n\n\
            **Authentication.** `Authorization: Bearer <key>` or `X-API-Key: <key>`. Each operation names the permission \
            that it takes; a key has those in its scopes.\n\n\
            **Errors** are `application/problem+json` (RFC 9457) with a `code` from a closed list and a `remedy`; \
            the codes are explained at `/api/docs/errors`. What belongs to another workspace is not found.\n\n\
            **Repeating a request.** POSTs that make something in a workspace take an `Idempotency-Key`, with which a \
            repetition makes nothing twice: the same request gets the same answer with `Idempotent-Replayed: true`, for a \
            day. The others are safe to repeat, or say that it was done before.\n\n\
            **Lists** are cut into pages: pass `next_cursor` of one page as `cursor` of the next. **Times** are \
            RFC 3339 in UTC. Unknown fields and parameters are refused.\n\n\
            **Requests** carry an id, yours or ours, in `x-request-id`; quote it when you ask for help.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    tags(
        (name = "sessions", description = "WhatsApp accounts linked to the gateway."),
        (name = "messages", description = "Sending, and reading what went and came."),
        (name = "chats", description = "Conversations, with what is unread in each."),
        (name = "contacts", description = "The people your sessions know."),
        (name = "queue", description = "What waits in a session's queue; pausing, resuming and emptying it."),
        (name = "media", description = "Files to send and files received."),
        (name = "webhooks", description = "Addresses that are told of events, and what became of each event."),
        (name = "events", description = "What happened, for those who ask, and as it happens."),
        (name = "retention", description = "How long what is kept."),
        (name = "cors", description = "Which web pages may call from a browser."),
        (name = "keys", description = "API keys of your workspace."),
        (name = "account", description = "Your own account: signing in and out, passwords, the second factor."),
        (name = "members", description = "The people of your workspace."),
        (name = "operator", description = "Workspaces, for whoever runs the gateway."),
        (name = "exports", description = "Everything of your workspace, in one file."),
        (name = "deletion", description = "The end of your workspace."),
        (name = "audit", description = "Who did what in your workspace."),
        (name = "health", description = "For operators. These need no key."),
    ),
    components(schemas(ProblemBody, Code)),
)]
struct Preamble;

/// The preamble, to be completed with routes.
pub(crate) fn preamble() -> utoipa::openapi::OpenApi {
    Preamble::openapi()
}

pub(crate) use common::complete;
