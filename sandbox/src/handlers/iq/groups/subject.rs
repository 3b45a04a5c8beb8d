//! `<subject>`: the group's name.

use futures::future::BoxFuture;

use super::super::request::{Answer, IqError};
use super::ask::Ask;
use crate::nodes::content;

pub(super) fn set(ask: Ask) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let id = ask.id()?;
        let text = String::from_utf8_lossy(content(&ask.element)).into_owned();
        let ((), announcement) = ask.change(&[id], |work| work.set_subject(id, text)).await?;
        Ok(Answer::empty().then(announcement.send()))
    })
}
