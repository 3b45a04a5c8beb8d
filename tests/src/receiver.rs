//! A small file server on loopback, for media by URL.

use std::net::SocketAddr;

use axum::{Router, extract::Path, http::header, response::IntoResponse, routing::get};
use tokio::task::JoinHandle;

/// Serves `/<kind>/<subtype>/<bytes>`: so many bytes of that MIME type (see [`Files::bytes`]).
#[derive(Debug)]
pub struct Files {
    address: SocketAddr,
    server: JoinHandle<()>,
}

impl Files {
    /// Starts on a free port.
    ///
    /// # Panics
    /// When there is none.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let router = Router::new().route("/{kind}/{subtype}/{bytes}", get(serve));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.expect("serving files") });
        Self { address, server }
    }

    /// URL of a file.
    #[must_use]
    pub fn url(&self, mime: &str, bytes: usize) -> String {
        format!("http://{}/{mime}/{bytes}", self.address)
    }

    /// The file's content: a recognisable, incompressible-looking pattern.
    #[must_use]
    pub fn bytes(count: usize) -> Vec<u8> {
        (0..count).map(|at| u8::try_from((at * 31 + at / 251) % 256).unwrap_or(0)).collect()
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(Path((kind, subtype, bytes)): Path<(String, String, usize)>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, format!("{kind}/{subtype}"))], Files::bytes(bytes))
}
