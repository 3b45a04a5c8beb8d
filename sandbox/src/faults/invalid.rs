//! A fault that makes no sense.

/// What is wrong with a fault, a script or a weather, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {detail} {remedy}")]
pub struct Invalid {
    /// The field at fault, such as `on.number`.
    pub field: String,
    /// What is wrong.
    pub detail: String,
    /// What to do.
    pub remedy: String,
}

impl Invalid {
    pub(super) fn new(
        field: impl Into<String>,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { field: field.into(), detail: detail.into(), remedy: remedy.into() }
    }

    /// The same within a list.
    pub(super) fn within(self, list: &str, index: usize) -> Self {
        Self { field: format!("{list}.{index}.{}", self.field), ..self }
    }
}
