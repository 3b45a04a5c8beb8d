//! What happens around every request: an id, a log line, figures, a bound on its time, panics caught.

mod observe;
mod panic;
mod timeout;

pub(crate) use observe::observe;
pub(crate) use panic::catch_panic;
pub(crate) use timeout::{QUICK, UPLOAD, within};
