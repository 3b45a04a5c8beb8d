//! From the errors of use-cases and ports to problems: one exhaustive match for each.

use wagate_domain::{
    Invalid,
    events::EventsError,
    exports,
    limits::Refusal,
    media::{LinkError, StageError},
    messages::{ChangeError, ListError, SendError},
    ports::{FetchError, PortError},
    retention::SetError,
    sessions::{CreateError, RemoveError},
    webhooks::SaveError,
    workspaces,
};

use super::{Code, Problem};

/// Seconds after which a machine that was away is worth another try.
const AWAY: u32 = 5;

impl From<Invalid> for Problem {
    fn from(wrong: Invalid) -> Self {
        Self::field(Code::ValidationFailed, wrong)
    }
}

impl From<PortError> for Problem {
    fn from(error: PortError) -> Self {
        match error {
            PortError::Unavailable { .. } | PortError::Stale => {
                Self::plain(Code::Unavailable).retry_after(AWAY).because(error)
            }
            PortError::Internal { .. } => Self::plain(Code::Internal).because(error),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(error: Refusal) -> Self {
        match error {
            Refusal::Suspended(reason) => {
                Self::new(Code::WorkspaceSuspended, format!("The workspace is suspended: {reason}"))
            }
            Refusal::Deleting(due) => Self::new(
                Code::WorkspaceDeleting,
                format!("The workspace is going to be deleted after {due} and can only be read until then"),
            ),
            Refusal::Deleted => Self::new(Code::WorkspaceDeleting, "The workspace was deleted"),
            Refusal::Plan { share, most } => {
                Self::new(Code::PlanLimitReached, format!("The plan of this workspace allows {most} {share}"))
            }
            Refusal::Limited(decision) => Self::limited(decision),
            Refusal::Port(error) => error.into(),
        }
    }
}

impl From<SetError> for Problem {
    fn from(error: SetError) -> Self {
        match error {
            SetError::Invalid(wrong) => wrong.into(),
            SetError::Refused(refusal) => refusal.into(),
            SetError::Port(error) => error.into(),
        }
    }
}

impl From<CreateError> for Problem {
    fn from(error: CreateError) -> Self {
        match error {
            CreateError::Invalid(wrong) => wrong.into(),
            CreateError::Refused(refusal) => refusal.into(),
            CreateError::Port(error) => error.into(),
        }
    }
}

impl From<workspaces::ChangeError> for Problem {
    fn from(error: workspaces::ChangeError) -> Self {
        match error {
            workspaces::ChangeError::Invalid(wrong) => wrong.into(),
            workspaces::ChangeError::NotFound => Self::plain(Code::WorkspaceNotFound),
            workspaces::ChangeError::Port(error) => error.into(),
        }
    }
}

impl From<workspaces::DeleteError> for Problem {
    fn from(error: workspaces::DeleteError) -> Self {
        match error {
            workspaces::DeleteError::Invalid(wrong) => wrong.into(),
            workspaces::DeleteError::NotFound => Self::plain(Code::WorkspaceNotFound),
            workspaces::DeleteError::Port(error) => error.into(),
        }
    }
}

impl From<exports::RequestError> for Problem {
    fn from(error: exports::RequestError) -> Self {
        match error {
            exports::RequestError::NotFound => Self::plain(Code::WorkspaceNotFound),
            exports::RequestError::TooMany => Self::plain(Code::TooManyExports),
            exports::RequestError::Port(error) => error.into(),
        }
    }
}

impl From<exports::LinkError> for Problem {
    fn from(error: exports::LinkError) -> Self {
        let detail = error.to_string();
        match error {
            exports::LinkError::NotFound => Self::plain(Code::ExportNotFound),
            exports::LinkError::NotReady(_) => Self::new(Code::ExportNotReady, detail),
            exports::LinkError::Port(error) => error.into(),
        }
    }
}

impl From<RemoveError> for Problem {
    fn from(error: RemoveError) -> Self {
        match error {
            RemoveError::NotFound => Self::plain(Code::SessionNotFound),
            RemoveError::Port(error) => error.into(),
        }
    }
}

impl From<EventsError> for Problem {
    fn from(error: EventsError) -> Self {
        match error {
            EventsError::Invalid(wrong) => wrong.into(),
            EventsError::Expired => Self::plain(Code::CursorExpired),
            EventsError::Port(error) => error.into(),
        }
    }
}

impl From<SaveError> for Problem {
    fn from(error: SaveError) -> Self {
        match error {
            SaveError::Invalid(wrong) => wrong.into(),
            SaveError::SessionNotFound => Self::plain(Code::SessionNotFound),
            SaveError::NotFound => Self::plain(Code::WebhookNotFound),
            SaveError::TooMany => Self::plain(Code::TooManyWebhooks),
            SaveError::Port(error) => error.into(),
        }
    }
}

impl From<SendError> for Problem {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Invalid(wrong) => wrong.into(),
            SendError::SessionNotFound => Self::plain(Code::SessionNotFound),
            SendError::Refused(refusal) => refusal.into(),
            SendError::Port(error) => error.into(),
        }
    }
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        let detail = error.to_string();
        match error {
            ChangeError::Invalid(wrong) => wrong.into(),
            ChangeError::NotFound => Self::plain(Code::MessageNotFound),
            ChangeError::SessionNotFound => Self::plain(Code::SessionNotFound),
            ChangeError::TooLate(_) => Self::new(Code::MessageNotWaiting, detail),
            ChangeError::NotFailed(_) => Self::new(Code::MessageNotFailed, detail),
            ChangeError::Refused(refusal) => refusal.into(),
            ChangeError::Contended => Self::plain(Code::Unavailable).retry_after(1).because(error),
            ChangeError::Port(error) => error.into(),
        }
    }
}

impl From<ListError> for Problem {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Invalid(wrong) => wrong.into(),
            ListError::Port(error) => error.into(),
        }
    }
}

impl From<StageError> for Problem {
    fn from(error: StageError) -> Self {
        match error {
            StageError::Invalid(wrong) => wrong.into(),
            StageError::TooLarge { max_bytes } => {
                Self::new(Code::PayloadTooLarge, format!("The file is larger than {max_bytes} bytes"))
            }
            // the text is the peer's: it goes to the log only
            StageError::BrokenOff(_) => Self::plain(Code::UploadBrokenOff).because(error),
            StageError::NotFound => Self::plain(Code::MediaNotFound),
            StageError::Port(error) => error.into(),
        }
    }
}

impl From<LinkError> for Problem {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::NotFound => Self::plain(Code::MediaNotFound),
            LinkError::Port(error) => error.into(),
        }
    }
}

impl Problem {
    /// The file behind the URL in `field` could not be fetched.
    pub(crate) fn fetch(field: String, error: FetchError) -> Self {
        let remedy = match &error {
            FetchError::BadUrl => "send an absolute http or https URL",
            FetchError::Private => "use a URL on the public internet, or upload the file: POST /api/v1/media",
            FetchError::Unreachable(_) | FetchError::Status(_) => {
                "check that the URL answers with the file to anyone on the internet"
            }
            FetchError::Port(_) => "",
        };
        match error {
            FetchError::BadUrl | FetchError::Private => Invalid::new(field, error.to_string(), remedy).into(),
            FetchError::Unreachable(_) | FetchError::Status(_) => {
                Self::field(Code::MediaFetchFailed, Invalid::new(field, error.to_string(), remedy))
            }
            FetchError::Port(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use wagate_domain::{
        Timestamp,
        limits::{Decision, Period, Rate, Rule, Share, Subject},
        messages::Status,
    };

    use super::*;

    fn away() -> PortError {
        PortError::Unavailable { what: "Redis", source: "redis://secret@10.0.0.1 refused".into() }
    }

    fn broken() -> PortError {
        PortError::Internal { what: "SQL", source: "no such column: password".into() }
    }

    fn wrong() -> Invalid {
        Invalid::new("to", "is empty", "send a number")
    }

    const QUOTA: Rule = Rule::Quota { period: Period::Day, amount: 10 };

    /// A limit that has one left, and what is asked for again after so many seconds.
    fn used_up(rule: Rule, retry_after: Option<u64>) -> Refusal {
        Refusal::Limited(Box::new(Decision {
            allowed: false,
            subject: match rule {
                Rule::Rate(_) => Subject::Address,
                Rule::Quota { period, .. } => Subject::Messages(period),
            },
            rule,
            remaining: 1,
            reset_after: Duration::from_secs(9),
            retry_after: retry_after.map(Duration::from_secs),
            ends: Some("2026-11-21T00:00:00Z".parse().unwrap()),
            spent: Vec::new(),
        }))
    }

    #[test]
    fn a_limit_says_which_it_is_and_when_there_is_more() {
        let detail = |refusal: Refusal| Problem::from(refusal).body(None).detail;
        assert_eq!(
            detail(used_up(QUOTA, Some(7))),
            "The workspace has 1 of its 10 messages of this day (UTC) left; the next begins at 2026-11-21T00:00:00.000Z"
        );
        assert_eq!(
            detail(used_up(Rule::Rate(Rate::a_second(1, 5)), Some(1))),
            "The address may take 1 requests in 1 s, 5 of them at once"
        );
        let response = Problem::from(used_up(QUOTA, Some(7))).render(None);
        assert_eq!(
            (&response.headers()["retry-after"], &response.headers()["ratelimit-remaining"]),
            (&"7".parse().unwrap(), &"1".parse().unwrap())
        );
        let hopeless = Problem::from(used_up(QUOTA, None));
        assert_eq!(hopeless.body(None).remedy, "Send at most 10 messages in one request.");
        assert!(!hopeless.render(None).headers().contains_key("retry-after"));
    }

    fn every_error() -> Vec<(Problem, Code)> {
        vec![
            (wrong().into(), Code::ValidationFailed),
            (away().into(), Code::Unavailable),
            (PortError::Stale.into(), Code::Unavailable),
            (broken().into(), Code::Internal),
            (Refusal::Suspended("unpaid".to_owned()).into(), Code::WorkspaceSuspended),
            (Refusal::Deleting(Timestamp::default()).into(), Code::WorkspaceDeleting),
            (Refusal::Deleted.into(), Code::WorkspaceDeleting),
            (Refusal::Plan { share: Share::Members, most: 3 }.into(), Code::PlanLimitReached),
            (used_up(Rule::Rate(Rate::a_second(1, 5)), None).into(), Code::RateLimited),
            (Refusal::Port(away()).into(), Code::Unavailable),
            (SetError::Invalid(wrong()).into(), Code::ValidationFailed),
            (SetError::Refused(Refusal::Suspended(String::new())).into(), Code::WorkspaceSuspended),
            (SetError::Port(away()).into(), Code::Unavailable),
            (CreateError::Invalid(wrong()).into(), Code::ValidationFailed),
            (CreateError::Refused(used_up(QUOTA, None)).into(), Code::QuotaExceeded),
            (SendError::Refused(used_up(QUOTA, Some(7))).into(), Code::QuotaExceeded),
            (ChangeError::Refused(used_up(QUOTA, Some(7))).into(), Code::QuotaExceeded),
            (CreateError::Port(away()).into(), Code::Unavailable),
            (workspaces::ChangeError::Invalid(wrong()).into(), Code::ValidationFailed),
            (workspaces::ChangeError::NotFound.into(), Code::WorkspaceNotFound),
            (workspaces::ChangeError::Port(away()).into(), Code::Unavailable),
            (workspaces::DeleteError::Invalid(wrong()).into(), Code::ValidationFailed),
            (workspaces::DeleteError::NotFound.into(), Code::WorkspaceNotFound),
            (workspaces::DeleteError::Port(away()).into(), Code::Unavailable),
            (exports::RequestError::NotFound.into(), Code::WorkspaceNotFound),
            (exports::RequestError::TooMany.into(), Code::TooManyExports),
            (exports::RequestError::Port(away()).into(), Code::Unavailable),
            (exports::LinkError::NotFound.into(), Code::ExportNotFound),
            (exports::LinkError::NotReady(exports::ExportState::Failed).into(), Code::ExportNotReady),
            (exports::LinkError::Port(broken()).into(), Code::Internal),
            (RemoveError::NotFound.into(), Code::SessionNotFound),
            (RemoveError::Port(away()).into(), Code::Unavailable),
            (SendError::Invalid(wrong()).into(), Code::ValidationFailed),
            (SendError::SessionNotFound.into(), Code::SessionNotFound),
            (SendError::Port(broken()).into(), Code::Internal),
            (ChangeError::Invalid(wrong()).into(), Code::ValidationFailed),
            (ChangeError::NotFound.into(), Code::MessageNotFound),
            (ChangeError::SessionNotFound.into(), Code::SessionNotFound),
            (ChangeError::TooLate(Status::Sent).into(), Code::MessageNotWaiting),
            (ChangeError::NotFailed(Status::Sent).into(), Code::MessageNotFailed),
            (ChangeError::Contended.into(), Code::Unavailable),
            (ChangeError::Port(away()).into(), Code::Unavailable),
            (ListError::Invalid(wrong()).into(), Code::ValidationFailed),
            (ListError::Port(away()).into(), Code::Unavailable),
            (StageError::Invalid(wrong()).into(), Code::ValidationFailed),
            (StageError::TooLarge { max_bytes: 5 }.into(), Code::PayloadTooLarge),
            (StageError::BrokenOff("10.0.0.1 secret".into()).into(), Code::UploadBrokenOff),
            (StageError::NotFound.into(), Code::MediaNotFound),
            (StageError::Port(away()).into(), Code::Unavailable),
            (LinkError::NotFound.into(), Code::MediaNotFound),
            (LinkError::Port(broken()).into(), Code::Internal),
            (Problem::fetch("image.url".into(), FetchError::BadUrl), Code::ValidationFailed),
            (Problem::fetch("image.url".into(), FetchError::Private), Code::ValidationFailed),
            (Problem::fetch("image.url".into(), FetchError::Status(404)), Code::MediaFetchFailed),
            (
                Problem::fetch("image.url".into(), FetchError::Unreachable("no such host".into())),
                Code::MediaFetchFailed,
            ),
            (Problem::fetch("image.url".into(), FetchError::Port(away())), Code::Unavailable),
        ]
    }

    #[test]
    fn every_domain_error_has_its_code_and_nothing_internal_leaks() {
        for (problem, code) in every_error() {
            assert_eq!(problem.code(), code, "{problem:?}");
            let body = serde_json::to_value(problem.body(Some("req_1"))).unwrap();
            let text = body.to_string();
            for secret in ["secret", "10.0.0.1", "password", "Redis", "SQL"] {
                assert!(!text.contains(secret), "{secret} leaks: {text}");
            }
            assert_eq!(body["status"], code.status().as_u16());
            assert_eq!(body["request_id"], "req_1");
            assert_eq!(body["type"], format!("/api/docs/errors#{}", code.name()));
            assert!(body["remedy"].as_str().is_some_and(|remedy| !remedy.is_empty()), "{text}");
        }
    }

    #[test]
    fn a_wrong_field_is_named_twice_and_a_machine_that_is_away_says_when_to_come_back() {
        let body = serde_json::to_value(Problem::from(wrong()).body(None)).unwrap();
        assert_eq!(body["field"], "to");
        assert_eq!(body["errors"][0]["field"], "to");
        let response = Problem::from(away()).render(None);
        assert_eq!(response.headers()["retry-after"], "5");
        assert_eq!(response.headers()["content-type"], "application/problem+json");
    }

    #[test]
    fn the_log_gets_the_whole_chain() {
        let chain = Problem::from(SendError::Port(away())).chain();
        assert_eq!(chain, "Redis is unavailable: redis://secret@10.0.0.1 refused");
    }
}
