//! Input that cannot be taken, said so that the caller can mend it.

/// One field that is wrong, why, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct Invalid {
    /// Path of the field in the request body, dotted (`text.body`), or a query parameter's name.
    pub field: String,
    /// What is wrong with it.
    pub problem: String,
    /// What to send instead.
    pub remedy: String,
}

impl Invalid {
    /// A wrong field with the remedy beside it.
    #[must_use]
    pub fn new(field: impl Into<String>, problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { field: field.into(), problem: problem.into(), remedy: remedy.into() }
    }
}
