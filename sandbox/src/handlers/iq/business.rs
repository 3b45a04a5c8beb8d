//! `w:biz`: business profiles. Nobody has one.

use futures::future::BoxFuture;

use super::request::{Answer, IqError, Request};
use crate::nodes::empty;

pub(super) fn get(_request: Request) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move { Ok(Answer::with(empty("business_profile"))) })
}
