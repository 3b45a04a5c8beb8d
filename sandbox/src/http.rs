//! HTTP listeners, plain or TLS: each holds so many connections, and none for long that only
//! sits there.

use std::io::{Error, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use futures::{StreamExt, stream};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::core::Core;
use crate::listener::serve;

/// Serves plain HTTP until the network stops, `cap` connections at a time.
pub(crate) fn serve_http(core: &Arc<Core>, listener: TcpListener, router: Router, cap: usize) {
    let (site, router) = (Site::of(core), patient(router, core.config.http_timeout));
    serve(core, listener, cap, move |tcp, remote| {
        let (site, router) = (site.clone(), router.clone());
        async move {
            if let Err(error) = site.answer(tcp, router).await {
                tracing::debug!(%remote, error = %format!("{error:#}"), "HTTP connection ended");
            }
        }
    });
}

/// Serves HTTP over TLS until the network stops, `cap` connections at a time.
pub(crate) fn serve_tls(
    core: &Arc<Core>,
    listener: TcpListener,
    router: Router,
    cap: usize,
    tls: Arc<ServerConfig>,
) {
    let (site, router) = (Site::of(core), patient(router, core.config.http_timeout));
    let acceptor = TlsAcceptor::from(tls);
    serve(core, listener, cap, move |tcp, remote| {
        let (site, router, acceptor) = (site.clone(), router.clone(), acceptor.clone());
        async move {
            if let Err(error) = site.answer_tls(tcp, router, acceptor).await {
                tracing::debug!(%remote, error = %format!("{error:#}"), "TLS connection ended");
            }
        }
    });
}

/// What every connection of a listener needs.
#[derive(Clone)]
struct Site {
    /// Time for a TLS handshake, and for the head of each request.
    timeout: Duration,
    stop: CancellationToken,
}

impl Site {
    fn of(core: &Core) -> Self {
        Self { timeout: core.config.http_timeout, stop: core.stop.clone() }
    }

    async fn answer_tls(self, tcp: TcpStream, router: Router, acceptor: TlsAcceptor) -> Result<()> {
        let handshake = tokio::time::timeout(self.timeout, acceptor.accept(tcp));
        let stream = tokio::select! {
            stream = handshake => stream.context("TLS handshake took too long")?.context("TLS handshake")?,
            () = self.stop.cancelled() => return Ok(()),
        };
        self.answer(stream, router).await
    }

    /// Answers requests; when the network stops, the one under way is finished.
    async fn answer<S>(self, stream: S, router: Router) -> Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.timeout)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
            .with_upgrades();
        tokio::pin!(connection);
        tokio::select! {
            result = &mut connection => return Ok(result?),
            () = self.stop.cancelled() => connection.as_mut().graceful_shutdown(),
        }
        Ok(connection.await?)
    }
}

/// A body that stands still for this long has broken off.
fn patient(router: Router, patience: Duration) -> Router {
    router.layer(axum::middleware::map_request(move |request: Request<Body>| async move {
        request.map(|body| {
            Body::from_stream(stream::unfold(body.into_data_stream(), move |mut chunks| async move {
                match tokio::time::timeout(patience, chunks.next()).await {
                    Ok(chunk) => chunk.map(|chunk| (chunk.map_err(Error::other), chunks)),
                    Err(_) => Some((Err(Error::new(ErrorKind::TimedOut, "the body stands still")), chunks)),
                }
            }))
        })
    }))
}
