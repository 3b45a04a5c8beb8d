//! `w:m`: where media goes, and the token that opens it.

use futures::future::BoxFuture;
use wacore_binary::builder::NodeBuilder;

use super::request::{Answer, IqError, Request};
use crate::media::{AUTH_SECS, CONN_SECS};
use crate::nodes::empty;

pub(super) fn set(request: Request) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let pn = request.origin()?.account.pn;
        let host = NodeBuilder::new("host")
            .attr("hostname", request.core.media.tls_host())
            .attr("type", "primary")
            .children([empty("upload"), empty("download")]);
        let conn = NodeBuilder::new("media_conn")
            .attr("auth", request.core.media.auth_token(pn))
            .attr("ttl", CONN_SECS)
            .attr("auth_ttl", AUTH_SECS)
            .attr("max_buckets", 12)
            .children([host.build()]);
        Ok(Answer::with(conn.build()))
    })
}
