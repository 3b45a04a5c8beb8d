//! A mail as it goes over the wire (RFC 5322, MIME).

use std::time::{Duration, SystemTime};

use lettre::{
    Message,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
};
use wagate_domain::mail::{Mail, Written};

/// A mail that cannot be put into words of the standard.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unwritable {
    #[error("its address is none")]
    Address(#[from] lettre::address::AddressError),
    #[error("it is no message")]
    Message(#[from] lettre::error::Error),
}

/// The message. Its Message-ID is the mail's own at our domain: one that comes twice can be told by it.
pub(super) fn message(from: &Mailbox, mail: &Mail, written: Written) -> Result<Message, Unwritable> {
    let Written { subject, text, html } = written;
    let millis = u64::try_from(mail.created_at.as_millis()).unwrap_or_default();
    // RFC 3834: no machine is to answer
    let automatic =
        HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
    let message = Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, mail.to.parse()?))
        .subject(subject)
        .message_id(Some(format!("<{}@{}>", mail.id, from.email.domain())))
        .date(SystemTime::UNIX_EPOCH + Duration::from_millis(millis))
        .raw_header(automatic)
        .multipart(MultiPart::alternative_plain_html(text, html))?;
    Ok(message)
}

#[cfg(test)]
mod tests {
    use wagate_domain::{
        MailId, Timestamp,
        ids::{Id, ulid},
        mail::Letter,
    };

    use super::*;

    #[test]
    fn no_header_is_smuggled_in() {
        let mail = Mail {
            id: MailId::from_ulid(ulid(Timestamp::default(), 7)),
            workspace: None,
            to: "ops@example.com".to_owned(),
            letter: Letter::PasswordChanged,
            created_at: Timestamp::from_millis(1_767_225_600_000),
        };
        let written = Written {
            subject: "Hi\r\nBcc: all@example.com".to_owned(),
            text: "…".to_owned(),
            html: "…".to_owned(),
        };
        let from: Mailbox = "wagate <wagate@example.com>".parse().unwrap();
        let bytes = message(&from, &mail, written.clone()).unwrap().formatted();
        let (headers, _) = std::str::from_utf8(&bytes).unwrap().split_once("\r\n\r\n").unwrap();
        assert!(!headers.lines().any(|line| line.starts_with("Bcc:")), "{headers}");
        let id = format!("Message-ID: <{}@example.com>", mail.id);
        assert!(headers.lines().any(|line| line == id), "{headers}");
        assert!(headers.contains("Date: Thu, 01 Jan 2026 00:00:00 +0000"), "{headers}");

        for to in ["ops@example.com\r\nBcc: all@example.com", "", "ops"] {
            let mail = Mail { to: to.to_owned(), ..mail.clone() };
            assert!(matches!(message(&from, &mail, written.clone()), Err(Unwritable::Address(_))), "{to:?}");
        }
    }
}
