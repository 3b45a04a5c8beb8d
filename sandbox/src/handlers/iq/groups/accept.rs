//! `<accept>`: an invitation that came as a message. Who invited does not matter: the code is personal.

use futures::future::BoxFuture;

use super::super::request::{Answer, IqError};
use super::ask::Ask;
use super::invite::came_in;
use crate::groups::Joined;
use crate::nodes::text;

pub(super) fn set(ask: Ask) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let id = ask.id()?;
        let code = text(&ask.element, "code").ok_or(IqError::BadRequest("accept without code"))?;
        let ((), announcement) = ask.change(&[id], |work| work.accept(id, &code)).await?;
        let group = ask.look_up(id)?;
        Ok(Answer { children: came_in(&group, Joined::In), then: None }.then(announcement.send()))
    })
}
