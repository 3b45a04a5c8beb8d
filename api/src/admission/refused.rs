//! Which refusals go into the audit log: somebody who is known was kept from something that would have gone there, or
//! somebody tried to come in.

use axum::response::Response;
use http::StatusCode;

use crate::problem::{Code, Problem};

/// Why it was refused, if that is worth noting. `open`: anybody may try it.
pub(super) fn refusal(response: &Response, open: bool) -> Option<Code> {
    let code = response.extensions().get::<Problem>()?.code();
    let guessing =
        [Code::WrongCredentials, Code::WrongCode, Code::TooManyAttempts, Code::NotAMember].contains(&code);
    let noted = if open { guessing } else { code.status() == StatusCode::FORBIDDEN };
    noted.then_some(code)
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;

    use super::*;

    #[test]
    fn what_is_refused_is_told_from_what_is_wrong() {
        for (code, open, noted) in [
            (Code::PermissionMissing, false, true),
            (Code::WorkspaceSuspended, false, true),
            (Code::ValidationFailed, false, false),
            (Code::SessionNotFound, false, false),
            (Code::RateLimited, false, false),
            (Code::WrongCredentials, true, true),
            (Code::TooManyAttempts, true, true),
            (Code::RegistrationClosed, true, false),
            (Code::ValidationFailed, true, false),
        ] {
            let response = Problem::plain(code).into_response();
            assert_eq!(refusal(&response, open), noted.then_some(code), "{}", code.name());
        }
        assert_eq!(refusal(&StatusCode::OK.into_response(), true), None);
    }
}
