//! From the errors of an owner's deletion to problems.

use wagate_domain::{
    limits::Refusal,
    workspaces::{DeleteOwnError, TakeBackError},
};

use super::{Code, Problem};

impl From<DeleteOwnError> for Problem {
    fn from(error: DeleteOwnError) -> Self {
        match error {
            DeleteOwnError::NotAPerson => Self::plain(Code::PersonNeeded),
            DeleteOwnError::Password(error) => error.into(),
            DeleteOwnError::Delete(error) => error.into(),
            DeleteOwnError::Operators(due) => Refusal::Deleting(due).into(),
        }
    }
}

impl From<TakeBackError> for Problem {
    fn from(error: TakeBackError) -> Self {
        match error {
            TakeBackError::NotFound => Self::plain(Code::WorkspaceNotFound),
            TakeBackError::Operators(due) => Refusal::Deleting(due).into(),
            TakeBackError::Port(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use wagate_domain::{Timestamp, people::ChangePasswordError, ports::PortError, workspaces::DeleteError};

    use super::*;

    #[test]
    fn each_error_is_its_problem() {
        let soon = Timestamp::from_millis(1);
        let away = PortError::Unavailable { what: "SQL", source: "10.0.0.1 refused".into() };
        let met: [(Problem, Code); 7] = [
            (DeleteOwnError::NotAPerson.into(), Code::PersonNeeded),
            (DeleteOwnError::Password(ChangePasswordError::Wrong).into(), Code::WrongPassword),
            (DeleteOwnError::Delete(DeleteError::NotFound).into(), Code::WorkspaceNotFound),
            (DeleteOwnError::Operators(soon).into(), Code::WorkspaceDeleting),
            (TakeBackError::NotFound.into(), Code::WorkspaceNotFound),
            (TakeBackError::Operators(soon).into(), Code::WorkspaceDeleting),
            (TakeBackError::Port(away).into(), Code::Unavailable),
        ];
        for (problem, code) in met {
            assert_eq!(problem.code(), code);
        }
    }
}
