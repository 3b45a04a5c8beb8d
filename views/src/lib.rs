//! What callers see: the JSON shapes that answers of the API and events have in common, each with its schema.
//!
//! A message looks the same in an answer, in a webhook and on a live stream, because it is made here. Shapes that
//! only the API answers with stay beside their endpoints.

mod content;
pub mod events;
mod export;
mod media;
pub mod message;
mod progress;
mod session;
mod waiting;

pub use content::ContentView;
pub use export::{FORMAT as EXPORT_FORMAT, write_line as write_export_line};
pub use media::MediaViewState;
pub use progress::{FailureView, MessageStatus, TimesView};
pub use session::{ReasonView, SessionState};
pub use waiting::{Waiting, WaitingPlace, example as waiting_example};
