//! The control API, as far as the load needs it.

use anyhow::{Result, ensure};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use crate::server::Server;

/// Makes sinks of all phones.
pub async fn sinks(server: &Server) -> Result<()> {
    let url = format!("{}/v1/defaults", server.control());
    done(Client::new().patch(url).json(&json!({ "sink": true, "sample": 0 }))).await
}

/// The phone of a number scans a QR code.
pub async fn scan(http: &Client, control: &str, number: &str, qr: &str) -> Result<()> {
    done(http.post(format!("{control}/v1/phones/{number}/scan")).json(&json!({ "qr": qr }))).await
}

async fn done(request: RequestBuilder) -> Result<()> {
    let answer = request.send().await?;
    let status = answer.status();
    ensure!(status.is_success(), "{status}: {}", answer.text().await?);
    Ok(())
}

/// How many connections are logged in.
///
/// # Errors
/// When the network does not answer.
pub async fn online(server: &Server) -> Result<usize> {
    let answer = Client::new().get(format!("{}/v1/connections", server.control())).send().await?;
    let list: Value = answer.error_for_status()?.json().await?;
    let all = list.get("items").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    Ok(all.iter().filter(|one| one.get("device").is_some_and(Value::is_number)).count())
}
