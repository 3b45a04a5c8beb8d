//! What letters look like: one template for text and one for HTML each, by the letter's name.

use std::sync::LazyLock;

use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};
use wagate_domain::mail::{Letter, Written};

/// Longest name of something in a letter, in characters.
const MAX_NAME: usize = 200;

macro_rules! templates {
    ($($name:literal),* $(,)?) => {
        [$(
            (concat!($name, ".txt"), include_str!(concat!("templates/", $name, ".txt"))),
            (concat!($name, ".html"), include_str!(concat!("templates/", $name, ".html"))),
        )*]
    };
}

const SOURCES: [(&str, &str); 20] = templates!(
    "layout",
    "verify_address",
    "reset_password",
    "password_changed",
    "already_registered",
    "invitation",
    "sign_in_revoked",
    "second_factor_changed",
    "identity_changed",
    "webhook_disabled",
);

/// A template of ours is broken; the tests rule that out.
#[derive(Debug, thiserror::Error)]
#[error("a template of a mail cannot be used")]
pub struct TemplateError(#[from] minijinja::Error);

/// The templates, read.
#[derive(Debug, Clone, Copy)]
pub struct Templates(&'static Environment<'static>);

impl Templates {
    /// Reads the templates; the first call does, for the whole process.
    ///
    /// # Errors
    /// When one is broken.
    pub fn read() -> Result<Self, TemplateError> {
        static READ: LazyLock<Result<Environment<'static>, String>> =
            LazyLock::new(|| environment().map_err(|error| format!("{error:#}")));
        match &*READ {
            Ok(environment) => Ok(Self(environment)),
            Err(text) => Err(minijinja::Error::new(minijinja::ErrorKind::SyntaxError, text.clone()).into()),
        }
    }

    /// A letter as people read it.
    ///
    /// # Errors
    /// When its template names something that it does not have.
    pub fn write(self, letter: &Letter) -> Result<Written, TemplateError> {
        let values = values(letter);
        let template = |ending: &str| self.0.get_template(&format!("{}.{ending}", letter.name()));
        let mut text = template("txt")?.render_captured(&values)?;
        let subject = text.with_state_mut(|state| state.render_block("subject"))?;
        let html = template("html")?.render(&values)?;
        Ok(Written { subject: one_line(&subject), text: text.into_output(), html })
    }
}

fn environment() -> Result<Environment<'static>, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|name| {
        if name.ends_with(".html") { AutoEscape::Html } else { AutoEscape::None }
    });
    for (name, source) in SOURCES {
        environment.add_template(name, source)?;
    }
    Ok(environment)
}

/// What a template may name. Whatever people wrote is one line there, so that it cannot pass for words of ours.
fn values(letter: &Letter) -> Value {
    match letter {
        Letter::VerifyAddress { link }
        | Letter::ResetPassword { link }
        | Letter::AlreadyRegistered { link } => context! { link },
        Letter::PasswordChanged | Letter::SignInRevoked => context! {},
        Letter::Invitation { workspace, by, role, link } => {
            context! { workspace => name(workspace), by => name(by), role => name(role), link }
        }
        Letter::SecondFactorChanged { on } => context! { on },
        Letter::IdentityChanged { provider, on } => context! { provider => name(provider), on },
        Letter::WebhookDisabled { url, reason, link } => {
            context! { url => one_line(url), reason => one_line(reason), link }
        }
    }
}

fn name(text: &str) -> String {
    one_line(text).chars().take(MAX_NAME).collect()
}

/// Control characters and the like become spaces, several spaces one.
fn one_line(text: &str) -> String {
    let spaced = text.replace(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'), " ");
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NASTY: &str = "<script>alert('x')</script> & \"Söhne\"\r\nBcc: all@example.com\u{2028}{{ link }}";
    const LINK: &str = "https://wa.example.com/x?token=a&b=<c>";

    fn letters() -> [Letter; 11] {
        let (nasty, link) = (|| NASTY.to_owned(), || LINK.to_owned());
        [
            Letter::VerifyAddress { link: link() },
            Letter::ResetPassword { link: link() },
            Letter::PasswordChanged,
            Letter::AlreadyRegistered { link: link() },
            Letter::Invitation { workspace: nasty(), by: nasty(), role: nasty(), link: link() },
            Letter::SignInRevoked,
            Letter::SecondFactorChanged { on: true },
            Letter::SecondFactorChanged { on: false },
            Letter::IdentityChanged { provider: nasty(), on: true },
            Letter::IdentityChanged { provider: nasty(), on: false },
            Letter::WebhookDisabled { url: nasty(), reason: nasty(), link: link() },
        ]
    }

    #[test]
    fn no_input_breaks_out_of_a_letter() {
        for letter in letters() {
            let Written { subject, text, html } = Templates::read().unwrap().write(&letter).unwrap();
            let name = letter.name();
            assert!(!subject.is_empty() && !subject.chars().any(char::is_control), "{name}: {subject:?}");
            assert!(!html.contains("<script") && !html.contains("<c>"), "{name}: {html}");
            assert!(html.contains("</html>") && html.contains("<p>Hello,</p>"), "{name}: {html}");
            assert!(text.starts_with("Hello,\n") && text.ends_with("\n--\nwagate"), "{name}: {text:?}");
            let own_line = text.lines().any(|line| line.starts_with("Bcc:"));
            assert!(!own_line && !text.contains('\r') && !text.contains("{%"), "{name}: {text}");
            let secret = serde_json::to_value(&letter).unwrap()["link"].is_string();
            assert_eq!(text.lines().any(|line| line == LINK), secret, "{name}: the link as it is: {text}");
            let escaped = "https:&#x2f;&#x2f;wa.example.com&#x2f;x?token=a&amp;b=&lt;c&gt;";
            assert_eq!(html.contains(escaped), secret, "{name}: {html}");
        }
    }

    #[test]
    fn what_the_subject_says() {
        let written = |letter| Templates::read().unwrap().write(&letter).unwrap();
        let invitation = Letter::Invitation {
            workspace: "Ärger & Söhne".to_owned(),
            by: "Budi\n<b>".to_owned(),
            role: "editor".to_owned(),
            link: LINK.to_owned(),
        };
        assert_eq!(written(invitation).subject, "Budi <b> invites you to Ärger & Söhne");
        let off = written(Letter::SecondFactorChanged { on: false });
        assert_eq!(off.subject, "Your second factor was taken away");
        assert!(off.text.contains("any more"), "{}", off.text);
    }
}
