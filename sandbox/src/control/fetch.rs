//! Fetching a file from loopback; the sandbox talks to no other machine.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, Uri, header};
use bytes::Bytes;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::MAX_BODY;
use super::problem::Problem;

const FIELD: &str = "media.url";
const TIMEOUT: Duration = Duration::from_secs(30);

/// GETs `http://` on loopback.
pub(super) async fn get(url: &str) -> Result<Bytes, Problem> {
    let uri: Uri = url.parse().map_err(|_| bad("This is not a URL."))?;
    let authority = uri.authority().ok_or_else(|| bad("This URL names no host."))?;
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    if uri.scheme_str() != Some("http") || !matches!(host, "127.0.0.1" | "::1" | "localhost") {
        return Err(bad("The sandbox fetches only http:// on loopback."));
    }
    tokio::time::timeout(TIMEOUT, fetch(&uri, host, authority.port_u16().unwrap_or(80)))
        .await
        .map_err(|_| bad("The server did not answer in time."))?
        .map_err(|error| bad(&format!("The file could not be fetched: {error:#}.")))
}

fn bad(detail: &str) -> Problem {
    Problem::field(FIELD, detail, "Serve the file on http://127.0.0.1, or pass it as base64 or multipart.")
}

async fn fetch(uri: &Uri, host: &str, port: u16) -> anyhow::Result<Bytes> {
    let stream = TcpStream::connect((host, port)).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::get(path).header(header::HOST, format!("{host}:{port}")).body(Body::empty())?;
    let response = sender.send_request(request).await?;
    anyhow::ensure!(response.status() == StatusCode::OK, "the server answered {}", response.status());
    let body = to_bytes(Body::new(response.into_body()), MAX_BODY).await?;
    driver.abort();
    Ok(body)
}
