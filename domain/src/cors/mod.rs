//! Which web pages may read answers of the API in a browser (CORS, by workspace).

mod origin;

pub use origin::{MAX_ORIGINS, check_origins};
