//! From the errors of people's use-cases to problems: one exhaustive match for each.

use std::time::Duration;

use wagate_domain::{
    auth::Permission,
    people::{
        AcceptError, ChangePasswordError, FactorError, InviteError, LinkIdentityError, MemberError,
        ProviderSignInError, RefreshError, RegisterError, ResetError, SignInError, UnlinkIdentityError,
        VerifyError,
    },
    ports::ProviderFailure,
};

use super::{Code, Problem};

/// Something was tried too often; when it may be tried again.
fn too_many(wait: Duration) -> Problem {
    let seconds = wait.as_millis().div_ceil(1_000);
    Problem::plain(Code::TooManyAttempts).retry_after(u32::try_from(seconds).unwrap_or(u32::MAX))
}

impl From<RegisterError> for Problem {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::Invalid(wrong) => wrong.into(),
            RegisterError::Closed => Self::plain(Code::RegistrationClosed),
            RegisterError::TooMany(wait) => too_many(wait),
            RegisterError::Port(error) => error.into(),
        }
    }
}

impl From<VerifyError> for Problem {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Invalid(wrong) => wrong.into(),
            VerifyError::Gone => Self::plain(Code::LinkGone),
            VerifyError::Port(error) => error.into(),
        }
    }
}

impl From<AcceptError> for Problem {
    fn from(error: AcceptError) -> Self {
        match error {
            AcceptError::Invalid(wrong) => wrong.into(),
            AcceptError::Gone => Self::plain(Code::LinkGone),
            AcceptError::Closed => Self::plain(Code::RegistrationClosed),
            AcceptError::Port(error) => error.into(),
        }
    }
}

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Invalid(wrong) => wrong.into(),
            SignInError::Wrong => Self::plain(Code::WrongCredentials),
            SignInError::WrongCode => Self::plain(Code::WrongCode),
            SignInError::Gone => Self::plain(Code::ChallengeGone),
            SignInError::NotMember => Self::plain(Code::NotAMember),
            SignInError::TooMany(wait) => too_many(wait),
            SignInError::Port(error) => error.into(),
        }
    }
}

impl From<ProviderFailure> for Problem {
    fn from(error: ProviderFailure) -> Self {
        match error {
            ProviderFailure::Unknown => Self::plain(Code::ProviderNotFound),
            ProviderFailure::Gone => Self::plain(Code::ProviderStateGone),
            error @ ProviderFailure::Unproven(_) => Self::plain(Code::ProviderRefused).because(error),
            error @ ProviderFailure::Away(_) => Self::plain(Code::ProviderUnavailable).because(error),
            ProviderFailure::Port(error) => error.into(),
        }
    }
}

impl From<ProviderSignInError> for Problem {
    fn from(error: ProviderSignInError) -> Self {
        match error {
            ProviderSignInError::Provider(failure) => failure.into(),
            ProviderSignInError::Unverified => Self::plain(Code::AddressUnverified),
            ProviderSignInError::AccountExists => Self::plain(Code::AccountExists),
            ProviderSignInError::Closed => Self::plain(Code::RegistrationClosed),
            ProviderSignInError::SignIn(error) => error.into(),
            ProviderSignInError::Port(error) => error.into(),
        }
    }
}

impl From<LinkIdentityError> for Problem {
    fn from(error: LinkIdentityError) -> Self {
        match error {
            LinkIdentityError::Password(error) => error.into(),
            LinkIdentityError::Provider(failure) => failure.into(),
            LinkIdentityError::Taken => Self::plain(Code::IdentityTaken),
            LinkIdentityError::Port(error) => error.into(),
        }
    }
}

impl From<UnlinkIdentityError> for Problem {
    fn from(error: UnlinkIdentityError) -> Self {
        match error {
            UnlinkIdentityError::NotFound => Self::plain(Code::IdentityNotFound),
            UnlinkIdentityError::LastWayIn => Self::plain(Code::LastWayIn),
            UnlinkIdentityError::Port(error) => error.into(),
        }
    }
}

impl From<RefreshError> for Problem {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Gone => Self::plain(Code::RefreshTokenInvalid),
            RefreshError::Reused => Self::plain(Code::RefreshTokenReused),
            RefreshError::NotMember => Self::plain(Code::NotAMember),
            RefreshError::Port(error) => error.into(),
        }
    }
}

impl From<ResetError> for Problem {
    fn from(error: ResetError) -> Self {
        match error {
            ResetError::Invalid(wrong) => wrong.into(),
            ResetError::Gone => Self::plain(Code::LinkGone),
            ResetError::TooMany(wait) => too_many(wait),
            ResetError::Port(error) => error.into(),
        }
    }
}

impl From<ChangePasswordError> for Problem {
    fn from(error: ChangePasswordError) -> Self {
        match error {
            ChangePasswordError::Invalid(wrong) => wrong.into(),
            ChangePasswordError::Wrong => Self::plain(Code::WrongPassword),
            ChangePasswordError::TooMany(wait) => too_many(wait),
            ChangePasswordError::Port(error) => error.into(),
        }
    }
}

impl From<FactorError> for Problem {
    fn from(error: FactorError) -> Self {
        match error {
            FactorError::WrongPassword => Self::plain(Code::WrongPassword),
            FactorError::WrongCode => Self::plain(Code::WrongCode),
            FactorError::NotEnrolled => Self::plain(Code::SecondFactorMissing),
            FactorError::Enrolled => Self::plain(Code::SecondFactorExists),
            FactorError::TooMany(wait) => too_many(wait),
            FactorError::Port(error) => error.into(),
        }
    }
}

impl From<InviteError> for Problem {
    fn from(error: InviteError) -> Self {
        match error {
            InviteError::Invalid(wrong) => wrong.into(),
            InviteError::AboveOwn => Self::plain(Code::RoleAboveOwn),
            InviteError::AlreadyMember => Self::plain(Code::AlreadyMember),
            InviteError::NotFound => Self::plain(Code::InvitationNotFound),
            InviteError::Port(error) => error.into(),
        }
    }
}

impl From<MemberError> for Problem {
    fn from(error: MemberError) -> Self {
        match error {
            MemberError::NotFound => Self::plain(Code::MemberNotFound),
            MemberError::AboveOwn => Self::plain(Code::RoleAboveOwn),
            MemberError::NotAllowed => {
                let missing = Permission::MembersWrite;
                Self::new(Code::PermissionMissing, format!("This needs the permission {missing}"))
            }
            MemberError::LastOwner => Self::plain(Code::LastOwner),
            MemberError::Port(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use wagate_domain::{Invalid, ports::PortError};

    use super::*;

    fn away() -> PortError {
        PortError::Unavailable { what: "Redis", source: "redis://hunter2@10.0.0.1 refused".into() }
    }

    fn wrong() -> Invalid {
        Invalid::new("address", "is no mail address", "use another")
    }

    fn every_error() -> Vec<(Problem, Code)> {
        let wait = Duration::from_secs(3);
        vec![
            (RegisterError::Invalid(wrong()).into(), Code::ValidationFailed),
            (RegisterError::Closed.into(), Code::RegistrationClosed),
            (RegisterError::TooMany(wait).into(), Code::TooManyAttempts),
            (RegisterError::Port(away()).into(), Code::Unavailable),
            (VerifyError::Invalid(wrong()).into(), Code::ValidationFailed),
            (VerifyError::Gone.into(), Code::LinkGone),
            (VerifyError::Port(away()).into(), Code::Unavailable),
            (AcceptError::Invalid(wrong()).into(), Code::ValidationFailed),
            (AcceptError::Gone.into(), Code::LinkGone),
            (AcceptError::Closed.into(), Code::RegistrationClosed),
            (AcceptError::Port(away()).into(), Code::Unavailable),
            (SignInError::Invalid(wrong()).into(), Code::ValidationFailed),
            (SignInError::Wrong.into(), Code::WrongCredentials),
            (SignInError::WrongCode.into(), Code::WrongCode),
            (SignInError::Gone.into(), Code::ChallengeGone),
            (SignInError::NotMember.into(), Code::NotAMember),
            (SignInError::TooMany(wait).into(), Code::TooManyAttempts),
            (SignInError::Port(away()).into(), Code::Unavailable),
            (ProviderFailure::Unknown.into(), Code::ProviderNotFound),
            (ProviderFailure::Gone.into(), Code::ProviderStateGone),
            (ProviderFailure::Unproven("hunter2".to_owned()).into(), Code::ProviderRefused),
            (ProviderFailure::Away("hunter2".into()).into(), Code::ProviderUnavailable),
            (ProviderFailure::Port(away()).into(), Code::Unavailable),
            (ProviderSignInError::Provider(ProviderFailure::Gone).into(), Code::ProviderStateGone),
            (ProviderSignInError::Unverified.into(), Code::AddressUnverified),
            (ProviderSignInError::AccountExists.into(), Code::AccountExists),
            (ProviderSignInError::Closed.into(), Code::RegistrationClosed),
            (ProviderSignInError::SignIn(SignInError::Wrong).into(), Code::WrongCredentials),
            (ProviderSignInError::Port(away()).into(), Code::Unavailable),
            (LinkIdentityError::Password(ChangePasswordError::Wrong).into(), Code::WrongPassword),
            (LinkIdentityError::Provider(ProviderFailure::Gone).into(), Code::ProviderStateGone),
            (LinkIdentityError::Taken.into(), Code::IdentityTaken),
            (LinkIdentityError::Port(away()).into(), Code::Unavailable),
            (UnlinkIdentityError::NotFound.into(), Code::IdentityNotFound),
            (UnlinkIdentityError::LastWayIn.into(), Code::LastWayIn),
            (UnlinkIdentityError::Port(away()).into(), Code::Unavailable),
            (RefreshError::Gone.into(), Code::RefreshTokenInvalid),
            (RefreshError::Reused.into(), Code::RefreshTokenReused),
            (RefreshError::NotMember.into(), Code::NotAMember),
            (RefreshError::Port(away()).into(), Code::Unavailable),
            (ResetError::Invalid(wrong()).into(), Code::ValidationFailed),
            (ResetError::Gone.into(), Code::LinkGone),
            (ResetError::TooMany(wait).into(), Code::TooManyAttempts),
            (ResetError::Port(away()).into(), Code::Unavailable),
            (ChangePasswordError::Invalid(wrong()).into(), Code::ValidationFailed),
            (ChangePasswordError::Wrong.into(), Code::WrongPassword),
            (ChangePasswordError::TooMany(wait).into(), Code::TooManyAttempts),
            (ChangePasswordError::Port(away()).into(), Code::Unavailable),
            (FactorError::WrongPassword.into(), Code::WrongPassword),
            (FactorError::WrongCode.into(), Code::WrongCode),
            (FactorError::NotEnrolled.into(), Code::SecondFactorMissing),
            (FactorError::Enrolled.into(), Code::SecondFactorExists),
            (FactorError::TooMany(wait).into(), Code::TooManyAttempts),
            (FactorError::Port(away()).into(), Code::Unavailable),
            (InviteError::Invalid(wrong()).into(), Code::ValidationFailed),
            (InviteError::AboveOwn.into(), Code::RoleAboveOwn),
            (InviteError::AlreadyMember.into(), Code::AlreadyMember),
            (InviteError::NotFound.into(), Code::InvitationNotFound),
            (InviteError::Port(away()).into(), Code::Unavailable),
            (MemberError::NotFound.into(), Code::MemberNotFound),
            (MemberError::AboveOwn.into(), Code::RoleAboveOwn),
            (MemberError::NotAllowed.into(), Code::PermissionMissing),
            (MemberError::LastOwner.into(), Code::LastOwner),
            (MemberError::Port(away()).into(), Code::Unavailable),
        ]
    }

    #[test]
    fn every_error_has_its_code_and_nothing_internal_leaks() {
        for (problem, code) in every_error() {
            assert_eq!(problem.code(), code, "{problem:?}");
            let text = serde_json::to_string(&problem.body(Some("req_1"))).unwrap();
            assert!(!text.contains("hunter2") && !text.contains("Redis"), "{text}");
        }
    }

    #[test]
    fn who_tried_too_often_is_told_when_to_come_back() {
        for (millis, seconds) in [(1, "1"), (1_000, "1"), (1_001, "2"), (900_000, "900")] {
            let response = too_many(Duration::from_millis(millis)).render(None);
            assert_eq!(response.headers()["retry-after"], seconds);
        }
    }
}
