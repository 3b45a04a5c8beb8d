//! Mail over SMTP (RFC 5321), by way of lettre.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::Mailbox,
    transport::smtp::{
        Error,
        client::{Certificate, Tls, TlsParameters},
        response::Response,
    },
};
use reqwest::Url;
use wagate_domain::{
    mail::Mail,
    ports::{MailTaken, Mailer, SendError},
};

use super::{TemplateError, Templates, message::message};
use crate::config::{ConfigError, MailConfig};

/// What is kept of a server's answer, in characters.
const EXCERPT: usize = 500;
/// Codes that speak of how we sign in and not of the mail (RFC 4954, 6): another try may find it mended.
const SIGN_IN: [u16; 4] = [530, 534, 535, 538];

/// [`Mailer`] by way of a mail server. Each mail has a connection of its own, so that a try that was given up leaves
/// none behind half-way.
#[derive(Clone)]
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    templates: Templates,
    from: Mailbox,
    timeout: Duration,
}

impl fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SmtpMailer")
    }
}

/// Mail cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum MailSetupError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A template is broken.
    #[error(transparent)]
    Template(#[from] TemplateError),
}

impl SmtpMailer {
    /// A mailer for the server at `url`. Nothing is connected to yet.
    ///
    /// # Errors
    /// When a setting cannot be used, with the remedy beside it.
    pub fn new(url: &str, config: &MailConfig) -> Result<Self, MailSetupError> {
        let wrong = |field: &str, problem: String, remedy: &str| ConfigError::new(field, problem, remedy);
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url);
        let mut transport = transport
            .map_err(|error| wrong("mail.smtp_url", error.to_string(), "see docs/mail.md"))?
            .timeout(Some(config.timeout));
        if let Some(file) = &config.ca_file {
            let remedy = "name a readable PEM file of certificates";
            let unusable = |error: &dyn fmt::Display| wrong("mail.ca_file", error.to_string(), remedy);
            let pem = std::fs::read(file).map_err(|error| unusable(&error))?;
            let authority = Certificate::from_pem(&pem).map_err(|error| unusable(&error))?;
            if let Some(tls) = trusting(url, authority).map_err(|error| unusable(&error))? {
                transport = transport.tls(tls);
            }
        }
        let from = config.from.as_deref().unwrap_or_default().parse::<Mailbox>();
        let from =
            from.map_err(|error| wrong("mail.from", error.to_string(), "set Name <name@example.com>"))?;
        Ok(Self {
            transport: transport.build(),
            templates: Templates::read()?,
            from,
            timeout: config.timeout,
        })
    }

    async fn hand_over(&self, message: Message) -> Result<Response, SendError> {
        match tokio::time::timeout(self.timeout, self.transport.send(message)).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(judge(&error)),
            Err(_) => Err(SendError::Later("the mail server took too long".to_owned())),
        }
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &Mail) -> Result<MailTaken, SendError> {
        let never = |error: &dyn std::error::Error| SendError::Never(said(error));
        let written = self.templates.write(&mail.letter).map_err(|error| never(&error))?;
        let message = message(&self.from, mail, written).map_err(|error| never(&error))?;
        let response = self.hand_over(message).await?;
        let words: Vec<&str> = response.message().collect();
        Ok(MailTaken::ByServer(excerpt(&format!("{} {}", response.code(), words.join(" ")))))
    }
}

/// The encryption that a URL asks for, with one more authority; none when it asks for none.
fn trusting(url: &str, authority: Certificate) -> Result<Option<Tls>, Error> {
    let Ok(url) = Url::parse(url) else { return Ok(None) };
    let host = url.host_str().unwrap_or_default().to_owned();
    let parameters = TlsParameters::builder(host).add_root_certificate(authority).build()?;
    let tls = url.query_pairs().find(|(name, _)| name == "tls").map(|(_, value)| value.into_owned());
    Ok(match (url.scheme(), tls.as_deref()) {
        ("smtps", _) => Some(Tls::Wrapper(parameters)),
        (_, Some("required")) => Some(Tls::Required(parameters)),
        (_, Some("opportunistic")) => Some(Tls::Opportunistic(parameters)),
        _ => None,
    })
}

/// Only a server that refuses this mail for good ends it: whatever else fails may be mended.
fn judge(error: &Error) -> SendError {
    let code = error.status().map(u16::from);
    if error.is_permanent() && !code.is_some_and(|code| SIGN_IN.contains(&code)) {
        SendError::Never(said(error))
    } else {
        SendError::Later(said(error))
    }
}

/// An error and its causes.
fn said(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        next = cause.source();
    }
    excerpt(&text)
}

fn excerpt(text: &str) -> String {
    text.chars().take(EXCERPT).collect()
}
