//! Mail: what letters look like, and the ways they take.

mod kept;
mod message;
mod smtp;
mod templates;

pub use kept::{KeptMail, NoMail, SqlMailbox};
pub use smtp::{MailSetupError, SmtpMailer};
pub use templates::{TemplateError, Templates};
