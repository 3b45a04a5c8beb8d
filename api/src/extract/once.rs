//! `Idempotency-Key`: repeating a request makes nothing twice.

use std::{future::Future, pin::pin, time::Duration};

use axum::{
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header, request::Parts};
use serde::Serialize;
use sha2::{Digest, Sha256};
use ulid::Ulid;
use wagate_domain::{
    Invalid, WorkspaceId,
    auth::Principal,
    ids::Id,
    limits::Decision,
    ports::{Begun, PortError, StoredAnswer},
};

use crate::{
    ApiState,
    admission::Changed,
    extract::Grants,
    layers,
    people::SignedIn,
    problem::{Code, Problem},
};

/// The header's name.
const HEADER: &str = "idempotency-key";
/// How often a running request says so: three times before it would count as vanished.
const RENEW: Duration = Duration::from_secs(3);
/// Longest key.
const MAX_KEY: usize = 255;

/// What tells a repeated request from another one under the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fingerprint(String);

impl Fingerprint {
    /// Of what the request says beside method and path: a body's digest or a form's fields.
    pub(crate) fn of<'a>(parts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            // lengths keep ("ab", "c") and ("a", "bc") apart
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        Self(hex::encode(hash.finalize()))
    }
}

/// An answer that can be kept and given again.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    status: StatusCode,
    body: String,
    kept: Option<String>,
    changed: Option<Changed>,
    left: Option<Decision>,
}

impl Answer {
    /// A JSON answer.
    pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Result<Self, Problem> {
        Ok(Self { status, body: render(body)?, kept: None, changed: None, left: None })
    }

    /// Tells what is left of a limit; a repetition, which uses nothing up, does not.
    pub(crate) fn with_left(self, left: Option<Decision>) -> Self {
        Self { left, ..self }
    }

    /// Keeps something else than what is shown now, because `body` holds a secret.
    pub(crate) fn keeping(mut self, body: &impl Serialize) -> Result<Self, Problem> {
        self.kept = Some(render(body)?);
        Ok(self)
    }

    /// With what goes into the audit log.
    pub(crate) fn noting(mut self, changed: Changed) -> Self {
        self.changed = Some(changed);
        self
    }
}

fn render(body: &impl Serialize) -> Result<String, Problem> {
    serde_json::to_string(body).map_err(|error| Problem::plain(Code::Internal).because(error))
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let headers = [(header::CONTENT_TYPE, "application/json")];
        let mut response = (self.status, self.changed, headers, self.body).into_response();
        if let Some(left) = self.left {
            layers::show(&mut response, left);
        }
        response
    }
}

/// The request's idempotency key, if it has one, and what it is bound to.
#[derive(Debug, Clone)]
pub(crate) struct Once {
    workspace: WorkspaceId,
    key: Option<String>,
    request: String,
}

impl FromRequestParts<ApiState> for Once {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        // keys of callers are kept apart by their workspace, those of people who act in none by the person
        let (workspace, limited) = match Grants::from_request_parts(parts, state).await {
            Ok(caller) => {
                let Principal { workspace, actor } = caller.principal();
                (workspace, caller.is_limited().then_some(actor))
            }
            Err(problem) => match parts.extensions.get::<SignedIn>() {
                Some(person) => (WorkspaceId::from_ulid(person.user.ulid()), None),
                None => return Err(problem),
            },
        };
        let key = parts.headers.get(HEADER).map(checked_key).transpose()?;
        let mut request = format!("{} {}", parts.method, parts.uri);
        // what was answered to another key may be of sessions that are not this one's
        if let Some(caller) = limited {
            request = format!("{request} {caller}");
        }
        Ok(Self { workspace, key, request })
    }
}

fn checked_key(value: &HeaderValue) -> Result<String, Problem> {
    let key = value.to_str().ok().map(str::trim).filter(|key| !key.is_empty() && key.len() <= MAX_KEY);
    key.map(str::to_owned).ok_or_else(|| {
        let remedy = format!("use 1 to {MAX_KEY} visible ASCII characters, such as a UUID");
        Problem::field(
            Code::InvalidHeader,
            Invalid::new("Idempotency-Key", "is empty, too long or not ASCII", remedy),
        )
    })
}

impl Once {
    /// Runs `work` unless its answer is known. `work` gets the seed of the ids it makes, so that a
    /// second attempt after a crash makes the same thing again. Only answers that made something are
    /// kept. After a refusal the key is free again; after a failure of ours, which may have made something
    /// all the same, it keeps its body and its seed and may be tried again at once.
    pub(crate) async fn run<F, W>(
        self,
        state: &ApiState,
        body: Fingerprint,
        work: F,
    ) -> Result<Response, Problem>
    where
        F: FnOnce(Option<Ulid>) -> W,
        W: Future<Output = Result<Answer, Problem>>,
    {
        let Some(key) = &self.key else {
            return work(None).await.map(IntoResponse::into_response);
        };
        let Fingerprint(fingerprint) = Fingerprint::of([self.request.as_str(), body.0.as_str()]);
        let fresh = state.env.ulid();
        let seed = match state.idempotency.begin(self.workspace, key, &fingerprint, fresh).await? {
            Begun::Fresh(seed) => seed,
            Begun::Done(answer) => return replay(answer),
            Begun::Running => return Err(Problem::plain(Code::IdempotencyRunning).retry_after(1)),
            Begun::Mismatch => return Err(Problem::plain(Code::IdempotencyKeyReused)),
        };
        match self.sustained(state, key, work(Some(seed))).await {
            Ok(answer) => {
                let body = answer.kept.clone().unwrap_or_else(|| answer.body.clone());
                let stored = StoredAnswer { status: answer.status.as_u16(), body };
                note(state.idempotency.finish(self.workspace, key, &stored).await);
                Ok(answer.into_response())
            }
            Err(problem) => {
                let refused = problem.code().status().is_client_error();
                note(match refused {
                    true => state.idempotency.abandon(self.workspace, key).await,
                    false => state.idempotency.release(self.workspace, key).await,
                });
                Err(problem)
            }
        }
    }
}

impl Once {
    /// Runs the work and says now and then that it is running, so that the key of a process that was killed is
    /// free soon, and that of a long upload is not.
    async fn sustained<W: Future>(&self, state: &ApiState, key: &str, work: W) -> W::Output {
        let mut work = pin!(work);
        loop {
            if let Ok(done) = tokio::time::timeout(RENEW, work.as_mut()).await {
                return done;
            }
            tokio::select! {
                done = work.as_mut() => return done,
                renewed = state.idempotency.renew(self.workspace, key) => note(renewed),
            }
        }
    }
}

/// The work is done either way: the seed keeps a repetition from making it twice.
fn note(kept: Result<(), PortError>) {
    if let Err(error) = kept {
        tracing::warn!(error = %error, "the outcome could not be kept under its idempotency key");
    }
}

fn replay(answer: StoredAnswer) -> Result<Response, Problem> {
    let status =
        StatusCode::from_u16(answer.status).map_err(|error| Problem::plain(Code::Internal).because(error))?;
    let answer = Answer { status, body: answer.body, kept: None, changed: None, left: None };
    let mut response = answer.into_response();
    response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_keeps_parts_apart() {
        assert_eq!(Fingerprint::of(["a", "b"]), Fingerprint::of(["a", "b"]));
        assert_ne!(Fingerprint::of(["ab", "c"]), Fingerprint::of(["a", "bc"]));
        assert_ne!(Fingerprint::of(["a"]), Fingerprint::of(["a", ""]));
    }

    #[test]
    fn keys_are_short_visible_ascii() {
        let check = |text: &str| checked_key(&HeaderValue::from_str(text).unwrap()).map_err(|p| p.code());
        assert_eq!(check("order-17"), Ok("order-17".to_owned()));
        assert_eq!(check(&"k".repeat(255)).map(|key| key.len()), Ok(255));
        assert_eq!(check(&"k".repeat(256)), Err(Code::InvalidHeader));
        assert_eq!(check(" "), Err(Code::InvalidHeader));
        assert_eq!(check("é"), Err(Code::InvalidHeader));
    }
}
