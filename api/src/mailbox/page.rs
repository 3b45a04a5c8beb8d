//! `GET /mailbox` and `GET /mailbox/{id}`: the mails for people.

use axum::{
    extract::{Path, State},
    response::{Html, IntoResponse, Response},
};
use http::{HeaderValue, header};
use minijinja::{Environment, Value, context};
use wagate_domain::{
    MailId,
    mail::{Mail, Written},
};

use super::{SHOWN, mailbox};
use crate::{
    ApiState,
    problem::{Code, Problem},
};

const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'; \
     form-action 'none'",
);

/// The page; its name ends in `.html`, so that every value is escaped.
const NAME: &str = "page.html";
const PAGE: &str = include_str!("page.html");

/// All of them.
pub(super) async fn list_mails(State(state): State<ApiState>) -> Result<Response, Problem> {
    let mails = mailbox(&state)?.list(SHOWN).await?;
    page(context! { mails => mails.iter().map(line).collect::<Vec<_>>() })
}

/// One of them as it would look.
pub(super) async fn show_mail(
    State(state): State<ApiState>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let none = || Problem::plain(Code::NotFound);
    let id = id.parse::<MailId>().map_err(|_| none())?;
    let found = mailbox(&state)?.get(id).await?.ok_or_else(none)?;
    page(context! { mail => line(&found), text => found.1.text })
}

fn line((mail, written): &(Mail, Written)) -> Value {
    context! {
        id => mail.id.to_string(),
        to => &mail.to,
        kind => mail.letter.name(),
        subject => &written.subject,
        at => mail.created_at.to_string(),
    }
}

fn page(values: Value) -> Result<Response, Problem> {
    let page = Environment::new().render_named_str(NAME, PAGE, values);
    let page = page.map_err(|error| Problem::plain(Code::Internal).because(error))?;
    Ok(([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(page)).into_response())
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    async fn shown(values: Value) -> String {
        let response = page(values).unwrap();
        String::from_utf8(to_bytes(response.into_body(), 100_000).await.unwrap().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn a_mail_cannot_break_out_of_the_page() {
        let nasty = "\"><script>alert(1)</script>";
        let mail =
            context! { id => "mal_1", to => nasty, kind => "invitation", subject => nasty, at => "now" };
        let list = shown(context! { mails => vec![mail.clone()] }).await;
        let one = shown(context! { mail => mail, text => "</pre><script>" }).await;
        for page in [list, one] {
            assert!(page.contains("&lt;script&gt;") && !page.contains("<script"), "{page}");
        }
    }
}
