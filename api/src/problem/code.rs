//! The closed list of error codes: status, title and remedy of each stand here and nowhere else.

use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident $name:literal $status:ident $title:literal => $remedy:literal;)*) => {
        /// What went wrong, as a stable code. New codes may be added; a code never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Code {
            $($(#[$doc])* $variant,)*
        }

        impl Code {
            /// Every code, in the order of the reference page.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code as it stands on the wire.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The HTTP status it comes with.
            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status,)* }
            }

            /// One line for people, the same for every occurrence.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }

            /// What to do next, unless an occurrence knows better.
            #[must_use]
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$variant => $remedy,)* }
            }
        }
    };
}

codes! {
    /// The body is not JSON.
    MalformedJson "malformed_json" BAD_REQUEST "The body is not valid JSON"
        => "Mend the JSON at the place named in detail.";
    /// The body is not multipart/form-data, or a part of it is broken.
    MalformedMultipart "malformed_multipart" BAD_REQUEST "The body is not valid multipart/form-data"
        => "Let an HTTP library build the form, with its boundary in Content-Type.";
    /// The upload ended before it was complete; nothing was kept.
    UploadBrokenOff "upload_broken_off" BAD_REQUEST "The upload ended too early"
        => "Upload the file again from its beginning.";
    /// A header has a value that cannot be used.
    InvalidHeader "invalid_header" BAD_REQUEST "A header is wrong"
        => "Correct the header named in field.";
    /// No API key, or one that is unknown, expired or revoked.
    Unauthenticated "unauthenticated" UNAUTHORIZED "No valid API key"
        => "Send a key as `Authorization: Bearer <key>` or `X-API-Key: <key>`.";
    /// The caller lacks a permission; detail names it.
    PermissionMissing "permission_missing" FORBIDDEN "You may not do this"
        => "Use a key whose scopes include the permission named in detail, or ask an admin for another role.";
    /// Address and password do not belong together, or the account may not be used.
    WrongCredentials "wrong_credentials" UNAUTHORIZED "Address or password is wrong"
        => "Try again, or ask for a new password: POST /api/v1/account/password/forgotten.";
    /// The provider refused the code, or what it said proves nothing; the log has the reason.
    ProviderRefused "provider_refused" UNAUTHORIZED "The provider vouches for nobody"
        => "Begin again; if it stays, tell your operator the request_id.";
    /// The refresh token is unknown, or its sign-in is over.
    RefreshTokenInvalid "refresh_token_invalid" UNAUTHORIZED "The refresh token is not good any more"
        => "Sign in again: POST /api/v1/account/sign-in.";
    /// The refresh token was used before, so somebody has a copy: the sign-in is over.
    RefreshTokenReused "refresh_token_reused" UNAUTHORIZED "The refresh token was used before"
        => "Sign in again, and look for whoever else has your tokens: GET /api/v1/account/sign-ins.";
    /// The password that was asked for once more is wrong.
    WrongPassword "wrong_password" FORBIDDEN "The password is wrong"
        => "Send the password of the account.";
    /// A key cannot do it: whoever has it has not shown to be somebody.
    PersonNeeded "person_needed" FORBIDDEN "This takes a person"
        => "Sign in as an owner and ask with the access token: POST /api/v1/account/sign-in.";
    /// The code of the second factor is wrong, or was used before.
    WrongCode "wrong_code" FORBIDDEN "The code is wrong"
        => "Send the code that the authenticator shows now, or a recovery code; each is good once.";
    /// Accounts are not made this way here.
    RegistrationClosed "registration_closed" FORBIDDEN "Nobody registers here"
        => "Ask the operator of this installation for an invitation or an account.";
    /// The provider has verified no address, so no account can be made or found by it.
    AddressUnverified "address_unverified" FORBIDDEN "The provider has not verified the address"
        => "Verify your address with the provider, or register here and link the provider.";
    /// A cookie came from a page that is not ours.
    CrossSite "cross_site" FORBIDDEN "The request comes from another site"
        => "Call from a page of this server, or send the refresh token in the body.";
    /// The workspace is not among those of the person.
    NotAMember "not_a_member" FORBIDDEN "You do not belong to this workspace"
        => "Name one of your workspaces: GET /api/v1/account lists them.";
    /// A role is above the caller's.
    RoleAboveOwn "role_above_own" FORBIDDEN "The role is above yours"
        => "Ask somebody with that role.";
    /// The key may not be used from this address.
    AddressNotAllowed "address_not_allowed" FORBIDDEN "The key may not be used from here"
        => "Call from an address in the key's allowed_ips, or change them: PATCH /api/v1/keys/{id}.";
    /// The key is limited to sessions and this reaches beyond them.
    SessionsOnly "sessions_only" FORBIDDEN "The key is limited to sessions"
        => "Use a key that is not limited to sessions.";
    /// The workspace may read, and change nothing.
    WorkspaceSuspended "workspace_suspended" FORBIDDEN "The workspace is suspended"
        => "Ask your operator; until it is restored only reading is possible.";
    /// The workspace is going to be deleted and may only read, or it was deleted; detail says which.
    WorkspaceDeleting "workspace_deleting" FORBIDDEN "The workspace is being deleted"
        => "Until the time named in detail it can be restored: by DELETE /api/v1/deletion when an owner asked, else by your operator.";
    /// The plan of the workspace has no room for this; detail says of what.
    PlanLimitReached "plan_limit_reached" FORBIDDEN "The plan of the workspace does not allow more"
        => "Delete what is not needed any more, or ask your operator for a larger plan.";
    /// There is no such route.
    NotFound "not_found" NOT_FOUND "There is nothing at this address"
        => "Look the path up in the reference at /api/docs.";
    /// No such session in this workspace.
    SessionNotFound "session_not_found" NOT_FOUND "There is no such session"
        => "List your sessions with GET /api/v1/sessions.";
    /// No such message in this workspace.
    MessageNotFound "message_not_found" NOT_FOUND "There is no such message"
        => "Use the id from the answer to the send, or list messages with GET /api/v1/messages.";
    /// No such chat in this workspace.
    ChatNotFound "chat_not_found" NOT_FOUND "There is no such chat"
        => "List your chats with GET /api/v1/chats.";
    /// No such contact in this workspace.
    ContactNotFound "contact_not_found" NOT_FOUND "There is no such contact"
        => "List your contacts with GET /api/v1/contacts.";
    /// No such media object in this workspace.
    MediaNotFound "media_not_found" NOT_FOUND "There is no such media object"
        => "Use the id from the answer to the upload or from a message.";
    /// No such webhook in this workspace.
    WebhookNotFound "webhook_not_found" NOT_FOUND "There is no such webhook"
        => "List your webhooks with GET /api/v1/webhooks.";
    /// No such delivery of this webhook.
    DeliveryNotFound "delivery_not_found" NOT_FOUND "There is no such delivery"
        => "List the deliveries of the webhook with GET /api/v1/webhooks/{id}/deliveries.";
    /// No such event in this workspace, or it is not kept any more.
    EventNotFound "event_not_found" NOT_FOUND "There is no such event"
        => "List events with GET /api/v1/events.";
    /// The event behind a cursor is not kept any more: what came after it may be gone as well.
    CursorExpired "cursor_expired" GONE "The cursor is too old"
        => "Begin anew: leave it out. GET /api/v1/events then begins with the oldest event that is kept, a live stream with what happens next.";
    /// A delivery that is to be tried again has not ended.
    DeliveryWaiting "delivery_waiting" CONFLICT "The delivery waits already"
        => "Look at its next_at: GET /api/v1/webhooks/{id}/deliveries/{delivery}.";
    /// The workspace has as many webhooks as it may.
    TooManyWebhooks "too_many_webhooks" CONFLICT "There are as many webhooks as there may be"
        => "Delete one that is not used any more; one webhook can be told of every session.";
    /// No such workspace.
    WorkspaceNotFound "workspace_not_found" NOT_FOUND "There is no such workspace"
        => "List workspaces with GET /api/v1/operator/workspaces.";
    /// No such export of this workspace, or it has expired.
    ExportNotFound "export_not_found" NOT_FOUND "There is no such export"
        => "List the exports with GET /api/v1/exports, or ask for a new one: POST /api/v1/exports.";
    /// No such API key in this workspace.
    KeyNotFound "key_not_found" NOT_FOUND "There is no such API key"
        => "List your keys with GET /api/v1/keys.";
    /// The person is no member of this workspace.
    MemberNotFound "member_not_found" NOT_FOUND "There is no such member"
        => "List the members with GET /api/v1/members.";
    /// No such invitation in this workspace.
    InvitationNotFound "invitation_not_found" NOT_FOUND "There is no such invitation"
        => "List the invitations with GET /api/v1/members/invitations.";
    /// No such sign-in of yours.
    SignInNotFound "sign_in_not_found" NOT_FOUND "There is no such sign-in"
        => "List your sign-ins with GET /api/v1/account/sign-ins.";
    /// No such provider.
    ProviderNotFound "provider_not_found" NOT_FOUND "There is no such provider"
        => "List the providers with GET /api/v1/account/providers.";
    /// No such identity of yours.
    IdentityNotFound "identity_not_found" NOT_FOUND "There is no such identity"
        => "List your identities with GET /api/v1/account/identities.";
    /// The route exists, but not with this method.
    MethodNotAllowed "method_not_allowed" METHOD_NOT_ALLOWED "This address does not take this method"
        => "Use one of the methods in the Allow header.";
    /// None of the representations in `Accept` is on offer.
    NotAcceptable "not_acceptable" NOT_ACCEPTABLE "None of the accepted representations is on offer"
        => "Accept one of the types named in detail.";
    /// The session is linked to an account, so there is nothing to scan.
    SessionAlreadyLinked "session_already_linked" CONFLICT "The session is already linked"
        => "Log the session out first to link another account: POST /api/v1/sessions/{id}/logout.";
    /// The session is not linked to an account.
    SessionNotLinked "session_not_linked" CONFLICT "The session is not linked"
        => "Link it first: GET /api/v1/sessions/{id}/qr.";
    /// Nobody has started the session.
    SessionNotStarted "session_not_started" CONFLICT "The session is not started"
        => "Start it first: POST /api/v1/sessions/{id}/start.";
    /// The connector that holds the session refused; detail says why.
    SessionRefused "session_refused" CONFLICT "The session cannot do this now"
        => "See detail, and the session's state: GET /api/v1/sessions/{id}.";
    /// A message that is to be changed or cancelled has been taken by a connector, or has ended.
    MessageNotWaiting "message_not_waiting" CONFLICT "The message does not wait any more"
        => "Look at its status: GET /api/v1/messages/{id}.";
    /// A message that is to be sent again has neither failed nor expired.
    MessageNotFailed "message_not_failed" CONFLICT "The message has not failed"
        => "Look at its status: GET /api/v1/messages/{id}.";
    /// The file behind a media object is not there (yet).
    MediaNotReady "media_not_ready" CONFLICT "The file is not there"
        => "Look at the object's state: pending ones become ready later, failed and expired ones never.";
    /// The file of an export is not there (yet).
    ExportNotReady "export_not_ready" CONFLICT "The file is not there"
        => "Look at the export's state: one that waits or runs has a file later, one that failed never.";
    /// The workspace has as many exports as it may.
    TooManyExports "too_many_exports" CONFLICT "There are as many exports as there may be"
        => "Use one of those that are there, or wait until the oldest has expired.";
    /// A key cannot revoke itself.
    KeyInUse "key_in_use" CONFLICT "A key cannot revoke itself"
        => "Make another key, and revoke this one with it.";
    /// A key that is to be changed was revoked, or got another secret meanwhile.
    KeyRevoked "key_revoked" CONFLICT "The key was revoked or rotated"
        => "Look at the key: GET /api/v1/keys/{id}.";
    /// The first request with this Idempotency-Key has not been answered yet.
    IdempotencyRunning "idempotency_running" CONFLICT "The first request with this key is still running"
        => "Repeat the request after the seconds in Retry-After.";
    /// The address belongs to a member already.
    AlreadyMember "already_member" CONFLICT "They are a member already"
        => "Change their role instead: PATCH /api/v1/members/{id}.";
    /// A workspace keeps an owner.
    LastOwner "last_owner" CONFLICT "A workspace keeps an owner"
        => "Make somebody else an owner first: PATCH /api/v1/members/{id}.";
    /// The address that the provider vouches for has an account, which is not linked to the provider.
    AccountExists "account_exists" CONFLICT "The address has an account"
        => "Sign in to it and link the provider: POST /api/v1/account/providers/{id}/link.";
    /// The account at the provider is linked to another account here.
    IdentityTaken "identity_taken" CONFLICT "It lets somebody else in"
        => "Use another account at the provider, or unlink it there where it is linked.";
    /// Without it nothing would let you in.
    LastWayIn "last_way_in" CONFLICT "It is your last way in"
        => "Set a password first: POST /api/v1/account/password/forgotten.";
    /// A second factor is set up already.
    SecondFactorExists "second_factor_exists" CONFLICT "A second factor is set up already"
        => "Remove it first: POST /api/v1/account/totp/remove.";
    /// No second factor is set up.
    SecondFactorMissing "second_factor_missing" CONFLICT "No second factor is set up"
        => "Set one up first: POST /api/v1/account/totp.";
    /// A link was used, was voided or is too old.
    LinkGone "link_gone" GONE "The link is not good any more"
        => "Ask for another one.";
    /// A sign-in was not finished in time, or was finished before.
    ChallengeGone "challenge_gone" GONE "The challenge is not good any more"
        => "Sign in again: POST /api/v1/account/sign-in.";
    /// The way to a provider is unknown, was used, is too old or is somebody else's.
    ProviderStateGone "provider_state_gone" GONE "The way back from the provider is not good any more"
        => "Begin again: each way is good once, for ten minutes, for whoever began.";
    /// Something that could be guessed was tried too often.
    TooManyAttempts "too_many_attempts" TOO_MANY_REQUESTS "There were too many attempts"
        => "Try again after the seconds in Retry-After.";
    /// The body is larger than allowed.
    PayloadTooLarge "payload_too_large" PAYLOAD_TOO_LARGE "The body is too large"
        => "Send less, or upload the file to storage directly: POST /api/v1/media/uploads.";
    /// Nothing of the body came for too long; nothing was made.
    BodyTooSlow "body_too_slow" REQUEST_TIMEOUT "The body stopped coming"
        => "Send the request again, without pauses in its body.";
    /// Path and query are longer than allowed.
    UriTooLong "uri_too_long" URI_TOO_LONG "The address is too long"
        => "Shorten the query.";
    /// The headers are more or larger than allowed.
    HeadersTooLarge "headers_too_large" REQUEST_HEADER_FIELDS_TOO_LARGE "The headers are too large"
        => "Leave out headers that the API does not need, such as cookies of other sites.";
    /// The `Content-Type` is not one that this route takes.
    UnsupportedMediaType "unsupported_media_type" UNSUPPORTED_MEDIA_TYPE "This route does not take this Content-Type"
        => "Set Content-Type to the type named in detail.";
    /// A field of the body or a query parameter is wrong; `field` names it, `errors` has them all.
    ValidationFailed "validation_failed" UNPROCESSABLE_ENTITY "A field is wrong"
        => "Correct the field named in field and send the request again.";
    /// The file behind a URL could not be fetched.
    MediaFetchFailed "media_fetch_failed" UNPROCESSABLE_ENTITY "The file could not be fetched"
        => "Check that the URL answers with the file to anyone on the internet.";
    /// The route speaks WebSocket only.
    UpgradeRequired "upgrade_required" UPGRADE_REQUIRED "This address speaks WebSocket"
        => "Connect with a WebSocket client, or read GET /api/v1/live/stream.";
    /// The Idempotency-Key was used with another request.
    IdempotencyKeyReused "idempotency_key_reused" UNPROCESSABLE_ENTITY "This Idempotency-Key was used with another request"
        => "Use a new key for every new request, and repeat a request unchanged.";
    /// More came at once than a limit allows; detail says whose: key, workspace, session or address.
    RateLimited "rate_limited" TOO_MANY_REQUESTS "Too much came at once"
        => "Repeat the request after the seconds in Retry-After, and slow down: see the RateLimit headers.";
    /// The workspace has sent as many messages as it may in this day or month of UTC; detail says when the next begins.
    QuotaExceeded "quota_exceeded" TOO_MANY_REQUESTS "The messages of this day or month are used up"
        => "Repeat the request after the seconds in Retry-After, or ask your operator for a larger plan.";
    /// Something on our side is broken; the log has the cause under the request id.
    Internal "internal" INTERNAL_SERVER_ERROR "Something went wrong on our side"
        => "Try again; if it stays, tell your operator the request_id.";
    /// A provider that lets people in cannot be reached, or answers what no provider answers.
    ProviderUnavailable "provider_unavailable" BAD_GATEWAY "The provider does not answer"
        => "Begin again in a moment, or sign in with a password.";
    /// A machine behind us is away or overloaded.
    Unavailable "unavailable" SERVICE_UNAVAILABLE "A part of the gateway is away for the moment"
        => "Repeat the request after the seconds in Retry-After; with an Idempotency-Key nothing is made twice.";
    /// No QR or pairing code is on offer yet.
    PairingNotReady "pairing_not_ready" SERVICE_UNAVAILABLE "Nothing is on offer to link the session yet"
        => "Ask again after the seconds in Retry-After.";
    /// The connector that holds the session did not answer in time, or none holds it.
    SessionUnreachable "session_unreachable" SERVICE_UNAVAILABLE "The session's connector does not answer"
        => "Repeat the request after the seconds in Retry-After.";
    /// The request took longer than allowed.
    TimedOut "timed_out" GATEWAY_TIMEOUT "The request took too long"
        => "Repeat it with the same Idempotency-Key, so that nothing is made twice.";
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::Code;

    #[test]
    fn names_are_unique_and_are_what_is_serialised() {
        let mut seen = HashSet::new();
        for code in Code::ALL {
            assert!(seen.insert(code.name()), "{} stands twice", code.name());
            assert_eq!(serde_json::to_value(code).unwrap(), code.name());
            assert!(code.status().is_client_error() || code.status().is_server_error());
            assert!(code.remedy().ends_with('.'), "{}: the remedy is a sentence", code.name());
        }
    }
}
