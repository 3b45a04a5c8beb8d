//! Why a request about a group is refused.

/// A refusal of the whole request. Which code the service sends in which case is not
/// documented; these are the codes that clients know, given by our own model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("there is no such group")]
    NoSuchGroup,
    #[error("not a member of the group")]
    NotAMember,
    #[error("only admins may do this")]
    AdminsOnly,
    #[error("only admins may share the link")]
    LinkForAdmins,
    #[error("this is not allowed here")]
    NotAllowed,
    #[error("the subject or description is empty or too long")]
    BadText,
    #[error("no group has this code")]
    WrongCode,
    #[error("the code was revoked or is too old")]
    RevokedCode,
    #[error("a member already")]
    AlreadyMember,
    #[error("the description has changed meanwhile")]
    Conflict,
    #[error("the group is full")]
    Full,
}

impl Refusal {
    /// Code and text on the wire.
    pub(crate) fn code(self) -> (u16, &'static str) {
        match self {
            Self::AlreadyMember => (304, "already-exists"),
            Self::LinkForAdmins => (401, "not-authorized"),
            Self::NotAMember | Self::AdminsOnly => (403, "forbidden"),
            Self::NoSuchGroup => (404, "item-not-found"),
            Self::NotAllowed => (405, "not-allowed"),
            Self::BadText | Self::WrongCode => (406, "not-acceptable"),
            Self::Conflict => (409, "conflict"),
            Self::RevokedCode => (410, "gone"),
            Self::Full => (419, "resource-limit"),
        }
    }
}
