//! The media endpoint's two listeners: plain HTTP and TLS.

use std::sync::Arc;

use anyhow::Result;
use axum::Router;
use axum::body::Body;
use axum::extract::State as Shared;
use axum::http::{Method, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use rustls::ServerConfig;
use tokio::net::TcpListener;

use super::tls::TlsListener;
use super::{download, upload};
use crate::core::Core;

/// Any path: what counts is the method and the token at the end.
pub(crate) fn router(core: Arc<Core>) -> Router {
    Router::new().fallback(handle).with_state(core)
}

async fn handle(Shared(core): Shared<Arc<Core>>, request: Request<Body>) -> Response {
    match *request.method() {
        Method::POST => upload::handle(core, request).await,
        Method::GET => download::handle(core, request).await,
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

/// Serves plain HTTP until the network stops.
pub(crate) fn serve_http(core: &Arc<Core>, listener: TcpListener, router: Router) {
    let stop = core.stop.clone();
    core.tasks.spawn(async move {
        let serve =
            axum::serve(listener, router).with_graceful_shutdown(async move { stop.cancelled().await });
        if let Err(error) = serve.await {
            tracing::error!(%error, "HTTP listener failed");
        }
    });
}

/// Serves TLS until the network stops.
pub(crate) fn serve_tls(core: &Arc<Core>, listener: TcpListener, config: Arc<ServerConfig>) -> Result<()> {
    let listener = TlsListener::start(listener, config, &core.tasks, core.stop.clone())?;
    let stop = core.stop.clone();
    let router = router(Arc::clone(core));
    core.tasks.spawn(async move {
        let serve =
            axum::serve(listener, router).with_graceful_shutdown(async move { stop.cancelled().await });
        if let Err(error) = serve.await {
            tracing::error!(%error, "TLS listener failed");
        }
    });
    Ok(())
}
