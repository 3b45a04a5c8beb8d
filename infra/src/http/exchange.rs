//! Asking a server that the operator named for JSON.

use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response, Url, redirect::Policy};
use serde::de::DeserializeOwned;
use wagate_domain::ports::{PortError, PortResult};

use super::{fetch::check, guard::Guard};
use crate::config::OutboundConfig;

/// Largest answer that is read.
const MOST: usize = 512 * 1024;
/// For the whole exchange.
const PATIENCE: Duration = Duration::from_secs(15);

/// Small exchanges over HTTP(S): no proxies, no redirects, every address checked before it is connected to.
#[derive(Debug, Clone)]
pub struct GuardedExchange {
    client: Client,
    guard: Guard,
}

impl GuardedExchange {
    /// A client with the operator's exceptions.
    ///
    /// # Errors
    /// When TLS cannot be set up on this machine.
    pub fn new(config: &OutboundConfig) -> PortResult<Self> {
        let guard = Guard::new(config);
        let client = Client::builder()
            .dns_resolver(guard.clone())
            .no_proxy()
            .redirect(Policy::none())
            .referer(false)
            .timeout(PATIENCE)
            .user_agent(concat!("wagate/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(failed)?;
        Ok(Self { client, guard })
    }

    /// What a URL answers.
    pub(crate) async fn get<T: DeserializeOwned>(&self, url: &str) -> PortResult<T> {
        let url = self.url(url)?;
        self.send(self.client.get(url)).await
    }

    /// What a form is answered with, sent by a client with this name and password.
    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        url: &str,
        (user, password): (&str, &str),
        form: &[(&str, &str)],
    ) -> PortResult<T> {
        let url = self.url(url)?;
        let body = Url::parse_with_params("form:", form).map_err(failed)?;
        let request = self
            .client
            .post(url)
            .basic_auth(user, Some(password))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.query().unwrap_or_default().to_owned());
        self.send(request).await
    }

    fn url(&self, url: &str) -> PortResult<Url> {
        let url = Url::parse(url).map_err(failed)?;
        check(&self.guard, &url).map_err(failed)?;
        Ok(url)
    }

    async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> PortResult<T> {
        let answer = request.header("accept", "application/json").send().await.map_err(away)?;
        let status = answer.status();
        let body = read(answer).await?;
        if !status.is_success() {
            let said: String = String::from_utf8_lossy(&body).chars().take(200).collect();
            return Err(failed(std::io::Error::other(format!("answered {status}: {said}"))));
        }
        serde_json::from_slice(&body).map_err(failed)
    }
}

async fn read(mut answer: Response) -> PortResult<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(away)? {
        body.extend_from_slice(&chunk);
        if body.len() > MOST {
            return Err(failed(std::io::Error::other("answered too much")));
        }
    }
    Ok(body)
}

fn away(source: reqwest::Error) -> PortError {
    PortError::Unavailable { what: "a server of others", source: Box::new(source) }
}

fn failed(source: impl std::error::Error + Send + Sync + 'static) -> PortError {
    PortError::Internal { what: "a server of others", source: Box::new(source) }
}
