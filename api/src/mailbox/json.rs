//! `GET /mailbox.json`: the mails for programs.

use axum::{Json, extract::State};
use serde::Serialize;
use wagate_domain::mail::{Mail, Written};

use super::{SHOWN, mailbox};
use crate::{ApiState, problem::Problem};

/// The newest mails, newest first.
#[derive(Debug, Serialize)]
pub(super) struct MailsView {
    mails: Vec<MailView>,
}

/// One mail as it would have been sent.
#[derive(Debug, Serialize)]
pub(super) struct MailView {
    id: String,
    to: String,
    /// Name of the letter (`verify_address`).
    kind: &'static str,
    subject: String,
    text: String,
    html: String,
    /// RFC 3339, UTC.
    created_at: String,
}

impl From<(Mail, Written)> for MailView {
    fn from((mail, written): (Mail, Written)) -> Self {
        Self {
            id: mail.id.to_string(),
            kind: mail.letter.name(),
            to: mail.to,
            subject: written.subject,
            text: written.text,
            html: written.html,
            created_at: mail.created_at.to_string(),
        }
    }
}

pub(super) async fn list_mails(State(state): State<ApiState>) -> Result<Json<MailsView>, Problem> {
    let mails = mailbox(&state)?.list(SHOWN).await?;
    Ok(Json(MailsView { mails: mails.into_iter().map(MailView::from).collect() }))
}
