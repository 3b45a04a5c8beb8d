//! Errors on the wire: RFC 9457 problems with a code from a closed list.

mod body;
mod code;
mod deletion;
mod domain;
mod limited;
mod people;

pub use body::{FieldError, ProblemBody};
pub use code::Code;

use std::{borrow::Cow, error::Error, fmt::Write as _, sync::Arc};

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use wagate_domain::{Invalid, limits::Decision};

use crate::layers;

/// An error answer in the making. The cause is for the log and never leaves.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    code: Code,
    detail: Cow<'static, str>,
    remedy: Option<Cow<'static, str>>,
    errors: Vec<FieldError>,
    retry_after: Option<u32>,
    left: Option<Box<Decision>>,
    cause: Option<Arc<dyn Error + Send + Sync>>,
}

impl Problem {
    /// A problem and what happened this time.
    pub(crate) fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            detail: detail.into(),
            remedy: None,
            errors: Vec::new(),
            retry_after: None,
            left: None,
            cause: None,
        }
    }

    /// A problem that says no more than its title.
    pub(crate) fn plain(code: Code) -> Self {
        Self::new(code, code.title())
    }

    /// A problem with one field, under a code of its own.
    pub(crate) fn field(code: Code, wrong: Invalid) -> Self {
        Self::new(code, wrong.to_string()).remedy(wrong.remedy.clone()).with_error(wrong)
    }

    /// What to do this time.
    pub(crate) fn remedy(mut self, remedy: impl Into<Cow<'static, str>>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// When to come back.
    pub(crate) fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The cause, for the log.
    pub(crate) fn because(mut self, cause: impl Error + Send + Sync + 'static) -> Self {
        self.cause = Some(Arc::new(cause));
        self
    }

    /// The same problem where the fields of the object `name` stand by themselves.
    pub(crate) fn outside(mut self, name: &str) -> Self {
        for error in &mut self.errors {
            if let Some(field) = error.field.strip_prefix(name).and_then(|rest| rest.strip_prefix('.')) {
                let field = field.to_owned();
                self.detail = format!("{field}: {}", error.problem).into();
                error.field = field;
            }
        }
        self
    }

    /// The cause of another problem that this one takes the place of.
    pub(crate) fn because_of(mut self, other: Self) -> Self {
        self.cause = other.cause;
        self
    }

    /// The code.
    pub(crate) const fn code(&self) -> Code {
        self.code
    }

    /// The cause and the causes of the cause, outermost first, for the log.
    pub(crate) fn chain(&self) -> String {
        let mut text = String::new();
        let mut next: Option<&dyn Error> = self.cause.as_deref().map(|cause| cause as &dyn Error);
        while let Some(error) = next {
            let separator = if text.is_empty() { "" } else { ": " };
            // writing to a String cannot fail
            let _ = write!(text, "{separator}{error}");
            next = error.source();
        }
        text
    }

    fn with_error(mut self, wrong: Invalid) -> Self {
        self.errors.push(FieldError { field: wrong.field, problem: wrong.problem, remedy: wrong.remedy });
        self
    }

    /// The body that goes out.
    pub(crate) fn body(&self, request_id: Option<&str>) -> ProblemBody {
        ProblemBody {
            kind: format!("/api/docs/errors#{}", self.code.name()),
            title: self.code.title().to_owned(),
            status: self.code.status().as_u16(),
            detail: self.detail.to_string(),
            code: self.code,
            field: self.errors.first().map(|error| error.field.clone()),
            errors: self.errors.clone(),
            remedy: self.remedy.as_deref().unwrap_or(self.code.remedy()).to_owned(),
            request_id: request_id.map(str::to_owned),
        }
    }

    /// The answer, carrying the request's id.
    pub(crate) fn render(self, request_id: Option<&str>) -> Response {
        let mut response = (self.code.status(), axum::Json(self.body(request_id))).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.code == Code::Unauthenticated {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"wagate\""));
        }
        if let Some(left) = &self.left {
            layers::show(&mut response, Decision::clone(left));
        }
        // the outermost layer logs it and writes the request's id into the body
        response.extensions_mut().insert(self);
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.render(None)
    }
}
