//! Settings of mail that must not meet.

use lettre::{AsyncSmtpTransport, Tokio1Executor, message::Mailbox};
use reqwest::Url;

use super::{ConfigError, MailConfig, Mode, check::SHORTEST};

impl MailConfig {
    pub(super) fn check(&self, mode: Mode) -> Result<(), ConfigError> {
        let wrong = |field: &str, problem: &str, remedy: &str| {
            Err(ConfigError::new(&format!("mail.{field}"), problem, remedy))
        };
        if self.from.as_ref().is_some_and(|from| from.parse::<Mailbox>().is_err()) {
            return wrong("from", "is no address", "set one such as wagate <wagate@example.com>");
        }
        if self.timeout < SHORTEST {
            return wrong("timeout", "is too short", "set at least 1s");
        }
        if self.first_retry.is_zero() || self.first_retry > self.longest_retry {
            let remedy = "set it above 0 and at most to mail.longest_retry";
            return wrong("first_retry", "is no first pause", remedy);
        }
        match &self.smtp_url {
            Some(url) => self.check_server(url.expose(), mode),
            None if mode == Mode::Production && self.enabled => {
                let remedy = "name a mail server, or set mail.enabled = false and do without mail";
                wrong("smtp_url", "is not set", remedy)
            }
            None => Ok(()),
        }
    }

    fn check_server(&self, url: &str, mode: Mode) -> Result<(), ConfigError> {
        let remedy = "set one such as smtps://user:password@mail.example.com:465 (special characters of the password \
                      as %xx)";
        let wrong = |problem: &str| Err(ConfigError::new("mail.smtp_url", problem, remedy));
        let Ok(parsed) = Url::parse(url) else { return wrong("is no URL") };
        if AsyncSmtpTransport::<Tokio1Executor>::from_url(url).is_err() {
            return wrong("is no smtp:// or smtps:// URL, or its tls is neither required nor opportunistic");
        }
        let is_local = matches!(parsed.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if mode == Mode::Production && !is_local && parsed.password().is_some() && !is_encrypted(&parsed) {
            return wrong("sends a password that everybody on the way can read");
        }
        if self.from.is_none() {
            let remedy = "set it to an address that your mail server sends for";
            return Err(ConfigError::new("mail.from", "is not set", remedy));
        }
        Ok(())
    }
}

/// Whether nothing is said before the connection is encrypted.
fn is_encrypted(url: &Url) -> bool {
    url.scheme() == "smtps" || url.query_pairs().any(|(name, value)| name == "tls" && value == "required")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::{Config, Secret};

    fn refused(mode: Mode, change: impl FnOnce(&mut MailConfig)) -> Option<String> {
        let mut mail =
            MailConfig { from: Some("wagate <wagate@example.com>".to_owned()), ..MailConfig::default() };
        change(&mut mail);
        mail.check(mode).err().map(|error| error.field)
    }

    #[test]
    fn mail_servers() {
        use Mode::{Development, Production};
        for (mode, url, good) in [
            (Production, "smtps://u:p@mail.example.com:465", true),
            (Production, "smtp://u:p@mail.example.com:587?tls=required", true),
            (Production, "smtp://u:p@mail.example.com:587?tls=opportunistic", false),
            (Production, "smtp://u:p@mail.example.com", false),
            (Development, "smtp://u:p@mail.example.com", true),
            (Production, "smtp://u:p@127.0.0.1:25", true),
            (Production, "smtp://relay.internal:25", true),
            (Production, "smtp://mail.example.com?tls=maybe", false),
            (Development, "https://mail.example.com", false),
            (Development, "mail.example.com", false),
        ] {
            let field = refused(mode, |mail| mail.smtp_url = Some(Secret::from(url)));
            assert_eq!(field.is_none(), good, "{url}: {field:?}");
        }
    }

    #[test]
    fn mails_are_kept_on_ones_own_machine_only() {
        let url = Some("smtps://u:p@mail.example.com");
        for (mode, enabled, url, kept) in [
            (Mode::Development, true, None, true),
            (Mode::Development, true, url, false),
            (Mode::Development, false, None, false),
            (Mode::Production, true, None, false),
            (Mode::Production, true, url, false),
        ] {
            let mail = MailConfig { enabled, smtp_url: url.map(Secret::from), ..MailConfig::default() };
            let config = Config { mode, mail, ..Config::default() };
            assert_eq!(config.keeps_mail(), kept, "{mode:?}, {enabled}, {url:?}");
        }
    }

    #[test]
    fn what_cannot_work_is_refused() {
        type Change = fn(&mut MailConfig);
        let cases: [(Change, &str); 4] = [
            (|mail| mail.from = Some("nobody".to_owned()), "mail.from"),
            (|mail| mail.timeout = Duration::ZERO, "mail.timeout"),
            (|mail| mail.first_retry = Duration::from_hours(9), "mail.first_retry"),
            (
                |mail| {
                    mail.from = None;
                    mail.smtp_url = Some(Secret::from("smtps://u:p@mail.example.com"));
                },
                "mail.from",
            ),
        ];
        for (change, field) in cases {
            assert_eq!(refused(Mode::Development, change).as_deref(), Some(field));
        }
        assert_eq!(refused(Mode::Development, |_| {}), None, "mails are kept to be read");
        assert_eq!(refused(Mode::Production, |_| {}).as_deref(), Some("mail.smtp_url"));
        assert_eq!(refused(Mode::Production, |mail| mail.enabled = false), None);
    }
}
