//! Who may come in where: one row for each operation of the API. A route without a row answers 405 and fails the tests.

use wagate_domain::auth::Permission as P;

use super::access::{
    Access::{self, May, Open, Person},
    Reach::{self, Any, Chosen, Contact, Event, Listed, Media, Message, Path, Whole},
};

/// What an operation asks of its caller.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) access: Access,
    /// What of it is for keys that are limited to sessions.
    pub(crate) reach: Reach,
    /// What the audit log calls it, when it goes there.
    pub(crate) action: Option<&'static str>,
    /// Whether a workspace that may only read may do it, although it changes something.
    pub(crate) always: bool,
}

impl Row {
    /// The operation goes into the audit log under this name.
    const fn audited(self, action: &'static str) -> Self {
        Self { action: Some(action), ..self }
    }

    /// A workspace that is suspended or going to be deleted may do it too.
    const fn always(self) -> Self {
        Self { always: true, ..self }
    }
}

const fn row(method: &'static str, path: &'static str, access: Access, reach: Reach) -> Row {
    Row { method, path, access, reach, action: None, always: false }
}

const fn get(path: &'static str, access: Access, reach: Reach) -> Row {
    row("GET", path, access, reach)
}

const fn post(path: &'static str, access: Access, reach: Reach) -> Row {
    row("POST", path, access, reach)
}

const fn put(path: &'static str, access: Access, reach: Reach) -> Row {
    row("PUT", path, access, reach)
}

const fn patch(path: &'static str, access: Access, reach: Reach) -> Row {
    row("PATCH", path, access, reach)
}

const fn delete(path: &'static str, access: Access, reach: Reach) -> Row {
    row("DELETE", path, access, reach)
}

/// The table.
pub(crate) const TABLE: &[Row] = &[
    get("/healthz", Open, Any),
    get("/readyz", Open, Any),
    get("/metrics", May(P::Operate), Whole),
    // sessions
    get("/api/v1/sessions", May(P::SessionsRead), Listed),
    post("/api/v1/sessions", May(P::SessionsWrite), Whole).audited("session.created"),
    get("/api/v1/sessions/{id}", May(P::SessionsRead), Path),
    patch("/api/v1/sessions/{id}", May(P::SessionsWrite), Path).audited("session.changed"),
    delete("/api/v1/sessions/{id}", May(P::SessionsDelete), Path).audited("session.deleted"),
    get("/api/v1/sessions/{id}/health", May(P::SessionsRead), Path),
    post("/api/v1/sessions/{id}/start", May(P::SessionsWrite), Path).audited("session.started"),
    post("/api/v1/sessions/{id}/stop", May(P::SessionsWrite), Path).audited("session.stopped"),
    post("/api/v1/sessions/{id}/logout", May(P::SessionsDelete), Path).audited("session.logged_out"),
    get("/api/v1/sessions/{id}/qr", May(P::SessionsLink), Path),
    post("/api/v1/sessions/{id}/pairing-code", May(P::SessionsLink), Path)
        .audited("session.pairing_code_made"),
    post("/api/v1/sessions/{id}/presence", May(P::ChatsWrite), Path),
    post("/api/v1/sessions/{id}/presence/subscribe", May(P::ChatsWrite), Path),
    post("/api/v1/sessions/{id}/chats/{chat}/read", May(P::ChatsWrite), Path),
    get("/api/v1/sessions/{id}/queue", May(P::QueueRead), Path),
    post("/api/v1/sessions/{id}/queue/pause", May(P::QueueWrite), Path).audited("queue.paused"),
    post("/api/v1/sessions/{id}/queue/resume", May(P::QueueWrite), Path).audited("queue.resumed"),
    post("/api/v1/sessions/{id}/queue/purge", May(P::QueueWrite), Path).audited("queue.purged"),
    // messages
    post("/api/v1/sessions/{id}/messages", May(P::MessagesSend), Path),
    post("/api/v1/sessions/{id}/messages/batch", May(P::MessagesSend), Path),
    get("/api/v1/messages", May(P::MessagesRead), Chosen),
    get("/api/v1/messages/search", May(P::MessagesRead), Chosen),
    get("/api/v1/messages/{id}", May(P::MessagesRead), Message),
    patch("/api/v1/messages/{id}", May(P::MessagesSend), Message),
    post("/api/v1/messages/{id}/cancel", May(P::MessagesSend), Message),
    post("/api/v1/messages/{id}/retry", May(P::MessagesSend), Message),
    get("/api/v1/messages/{id}/media", May(P::MediaRead), Message),
    // chats, contacts, media
    get("/api/v1/chats", May(P::ChatsRead), Chosen),
    get("/api/v1/chats/{session}/{chat}", May(P::ChatsRead), Path),
    get("/api/v1/contacts", May(P::ContactsRead), Chosen),
    get("/api/v1/contacts/{id}", May(P::ContactsRead), Contact),
    post("/api/v1/media", May(P::MediaWrite), Any),
    post("/api/v1/media/uploads", May(P::MediaWrite), Any),
    get("/api/v1/media/{id}", May(P::MediaRead), Media),
    get("/api/v1/media/{id}/content", May(P::MediaRead), Media),
    // events
    get("/api/v1/events", May(P::EventsRead), Chosen),
    get("/api/v1/events/{id}", May(P::EventsRead), Event),
    get("/api/v1/live", May(P::EventsRead), Chosen),
    get("/api/v1/live/stream", May(P::EventsRead), Chosen),
    // webhooks
    get("/api/v1/webhooks", May(P::WebhooksRead), Whole),
    post("/api/v1/webhooks", May(P::WebhooksWrite), Whole).audited("webhook.created"),
    get("/api/v1/webhooks/{id}", May(P::WebhooksRead), Whole),
    patch("/api/v1/webhooks/{id}", May(P::WebhooksWrite), Whole).audited("webhook.changed"),
    delete("/api/v1/webhooks/{id}", May(P::WebhooksWrite), Whole).audited("webhook.deleted"),
    get("/api/v1/webhooks/{id}/secret", May(P::WebhooksWrite), Whole).audited("webhook.secret_shown"),
    post("/api/v1/webhooks/{id}/rotate-secret", May(P::WebhooksWrite), Whole)
        .audited("webhook.secret_rotated"),
    post("/api/v1/webhooks/{id}/test", May(P::WebhooksWrite), Whole),
    post("/api/v1/webhooks/{id}/replay", May(P::WebhooksWrite), Whole).audited("webhook.replayed"),
    get("/api/v1/webhooks/{id}/stats", May(P::WebhooksRead), Whole),
    get("/api/v1/webhooks/{id}/deliveries", May(P::WebhooksRead), Whole),
    delete("/api/v1/webhooks/{id}/deliveries", May(P::WebhooksWrite), Whole)
        .audited("webhook.deliveries_cleared"),
    get("/api/v1/webhooks/{id}/deliveries/{delivery}", May(P::WebhooksRead), Whole),
    post("/api/v1/webhooks/{id}/deliveries/{delivery}/retry", May(P::WebhooksWrite), Whole),
    // the workspace
    get("/api/v1/retention", May(P::SettingsRead), Whole),
    put("/api/v1/retention", May(P::SettingsWrite), Whole).audited("retention.changed"),
    get("/api/v1/cors", May(P::SettingsRead), Whole),
    put("/api/v1/cors", May(P::SettingsWrite), Whole).audited("cors.changed"),
    get("/api/v1/exports", May(P::WorkspaceDelete), Whole),
    post("/api/v1/exports", May(P::WorkspaceDelete), Whole).audited("export.asked_for"),
    get("/api/v1/exports/{id}", May(P::WorkspaceDelete), Whole),
    get("/api/v1/exports/{id}/content", May(P::WorkspaceDelete), Whole).audited("export.fetched"),
    post("/api/v1/deletion", May(P::WorkspaceDelete), Whole).audited("workspace.deletion_asked_for"),
    delete("/api/v1/deletion", May(P::WorkspaceDelete), Whole)
        .audited("workspace.deletion_taken_back")
        .always(),
    get("/api/v1/keys", May(P::KeysRead), Whole),
    post("/api/v1/keys", May(P::KeysWrite), Whole).audited("key.created"),
    get("/api/v1/keys/{id}", May(P::KeysRead), Whole),
    patch("/api/v1/keys/{id}", May(P::KeysWrite), Whole).audited("key.changed"),
    delete("/api/v1/keys/{id}", May(P::KeysWrite), Whole).audited("key.revoked"),
    post("/api/v1/keys/{id}/rotate", May(P::KeysWrite), Whole).audited("key.rotated"),
    get("/api/v1/operator/audit", May(P::Operate), Whole),
    get("/api/v1/operator/workspaces", May(P::Operate), Whole),
    post("/api/v1/operator/workspaces", May(P::Operate), Whole).audited("workspace.created"),
    get("/api/v1/operator/workspaces/{id}", May(P::Operate), Whole),
    patch("/api/v1/operator/workspaces/{id}", May(P::Operate), Whole).audited("workspace.changed"),
    post("/api/v1/operator/workspaces/{id}/suspend", May(P::Operate), Whole).audited("workspace.suspended"),
    post("/api/v1/operator/workspaces/{id}/restore", May(P::Operate), Whole).audited("workspace.restored"),
    delete("/api/v1/operator/workspaces/{id}", May(P::Operate), Whole)
        .audited("workspace.deletion_asked_for"),
    get("/api/v1/operator/deletions", May(P::Operate), Whole),
    get("/api/v1/operator/workspaces/{id}/exports", May(P::Operate), Whole),
    post("/api/v1/operator/workspaces/{id}/exports", May(P::Operate), Whole).audited("export.asked_for"),
    get("/api/v1/operator/workspaces/{id}/exports/{export}", May(P::Operate), Whole),
    get("/api/v1/operator/workspaces/{id}/exports/{export}/content", May(P::Operate), Whole)
        .audited("export.fetched"),
    get("/api/v1/audit", May(P::AuditRead), Whole),
    get("/api/v1/audit/export", May(P::AuditRead), Whole).audited("audit.exported"),
    // people
    get("/.well-known/jwks.json", Open, Any),
    get("/api/v1/account", Person, Any),
    post("/api/v1/account/register", Open, Any),
    post("/api/v1/account/verify", Open, Any),
    post("/api/v1/account/invitations/accept", Open, Any),
    post("/api/v1/account/sign-in", Open, Any).audited("account.signed_in"),
    post("/api/v1/account/second-factor", Open, Any).audited("account.signed_in"),
    post("/api/v1/account/refresh", Open, Any),
    post("/api/v1/account/sign-out", Person, Any),
    post("/api/v1/account/sign-out-everywhere", Person, Any).audited("account.signed_out_everywhere"),
    get("/api/v1/account/sign-ins", Person, Any),
    delete("/api/v1/account/sign-ins/{id}", Person, Any).audited("account.sign_in_ended"),
    post("/api/v1/account/password", Person, Any).audited("account.password_changed"),
    post("/api/v1/account/password/forgotten", Open, Any),
    post("/api/v1/account/password/reset", Open, Any),
    post("/api/v1/account/totp", Person, Any),
    post("/api/v1/account/totp/confirm", Person, Any).audited("account.second_factor_added"),
    post("/api/v1/account/totp/remove", Person, Any).audited("account.second_factor_removed"),
    post("/api/v1/account/totp/recovery-codes", Person, Any).audited("account.recovery_codes_renewed"),
    get("/api/v1/account/providers", Open, Any),
    post("/api/v1/account/providers/{id}/sign-in", Open, Any),
    post("/api/v1/account/providers/{id}/sign-in/finish", Open, Any).audited("account.signed_in"),
    post("/api/v1/account/providers/{id}/link", Person, Any),
    post("/api/v1/account/providers/{id}/link/finish", Person, Any).audited("account.identity_linked"),
    get("/api/v1/account/identities", Person, Any),
    delete("/api/v1/account/identities/{id}", Person, Any).audited("account.identity_removed"),
    get("/api/v1/members", May(P::MembersRead), Whole),
    patch("/api/v1/members/{id}", May(P::MembersWrite), Whole).audited("member.changed"),
    // leaving takes no more than being there; the use-case asks for more when it is another
    delete("/api/v1/members/{id}", May(P::MembersRead), Whole).audited("member.removed"),
    get("/api/v1/members/invitations", May(P::MembersRead), Whole),
    post("/api/v1/members/invitations", May(P::MembersWrite), Whole).audited("member.invited"),
    delete("/api/v1/members/invitations/{id}", May(P::MembersWrite), Whole).audited("invitation.revoked"),
];
