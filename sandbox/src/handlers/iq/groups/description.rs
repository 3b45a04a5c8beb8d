//! `<description>`: what the group is about.

use futures::future::BoxFuture;

use super::super::request::{Answer, IqError};
use super::ask::Ask;
use crate::groups::Work;
use crate::nodes::{child_content, fresh_id, is, text};

pub(super) fn set(ask: Ask) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let id = ask.id()?;
        let body = child_content(&ask.element, "body").filter(|body| !body.is_empty());
        let body = body.filter(|_| !is(&ask.element, "delete", "true"));
        let body = body.map(|body| String::from_utf8_lossy(body).into_owned());
        // A client that deletes may name no id for what is then nothing.
        let new = (text(&ask.element, "id").unwrap_or_else(fresh_id), body);
        let replaces = text(&ask.element, "prev");
        let rule = |work: &mut Work<'_>| work.set_description(id, new, replaces.as_deref());
        let ((), announcement) = ask.change(&[id], rule).await?;
        Ok(Answer::empty().then(announcement.send()))
    })
}
