//! Allowed origins as they are shown and set.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

/// Origins whose pages may read answers.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Cors)]
pub(crate) struct CorsView {
    /// Scheme, host and port, as browsers write them; https, or http on localhost. At most 50.
    #[schema(example = json!(["https://app.example.com", "http://localhost:3000"]))]
    pub(super) origins: Vec<String>,
}

/// The example of allowed origins in the documentation.
pub(super) fn example() -> serde_json::Value {
    json!({"origins": ["https://app.example.com", "http://localhost:3000"]})
}
