//! Asking a server that the operator named for JSON.

use std::{error::Error, io, time::Duration};

use reqwest::{Client, RequestBuilder, Response, StatusCode, header::ACCEPT, redirect::Policy};
use serde::de::DeserializeOwned;
use wagate_domain::ports::{PortError, PortResult};

/// Largest answer that is read.
const MOST: usize = 512 * 1024;
/// For the connection, TLS included.
const CONNECT: Duration = Duration::from_secs(3);
/// For the whole exchange: a few of them fit into the time that a request has.
const PATIENCE: Duration = Duration::from_secs(6);
/// How much of a refusal is kept for the log, in characters.
const KEPT: usize = 200;

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum NoAnswer {
    /// The server cannot be reached, is broken, or answers what we cannot read.
    Away(Box<dyn Error + Send + Sync>),
    /// The server refuses: what it says.
    Refused(String),
}

/// Small exchanges over HTTP(S): no proxies, no redirects, bounded in time and size. The operator names these servers, so
/// they may be in a private network.
#[derive(Debug, Clone)]
pub(crate) struct Exchange(Client);

impl Exchange {
    /// A client.
    ///
    /// # Errors
    /// When TLS cannot be set up on this machine.
    pub(crate) fn new() -> PortResult<Self> {
        let client = Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .referer(false)
            .connect_timeout(CONNECT)
            .timeout(PATIENCE)
            .user_agent(concat!("wagate/", env!("CARGO_PKG_VERSION")))
            .build();
        let failed = |error| PortError::Internal { what: "outbound HTTP", source: Box::new(error) };
        client.map(Self).map_err(failed)
    }

    /// What a URL answers, to the bearer of a token when there is one.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        url: &str,
        token: Option<&str>,
    ) -> Result<T, NoAnswer> {
        let request = self.0.get(url);
        ask(token.into_iter().fold(request, RequestBuilder::bearer_auth)).await
    }

    /// What a form is answered with, sent by a client with this name and password if they go into a header.
    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        url: &str,
        basic: Option<(&str, &str)>,
        form: &[(&str, &str)],
    ) -> Result<T, NoAnswer> {
        let request = self.0.post(url).form(form);
        ask(basic
            .into_iter()
            .fold(request, |request, (user, password)| request.basic_auth(user, Some(password))))
        .await
    }
}

async fn ask<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, NoAnswer> {
    let answer = request.header(ACCEPT, "application/json").send().await.map_err(away)?;
    let status = answer.status();
    let body = read(answer).await?;
    let said = || String::from_utf8_lossy(&body).chars().take(KEPT).collect::<String>();
    if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS {
        return Err(NoAnswer::Refused(format!("{status}: {:?}", said())));
    }
    if !status.is_success() {
        return Err(away(io::Error::other(format!("it answers {status}: {:?}", said()))));
    }
    serde_json::from_slice(&body).map_err(away)
}

async fn read(mut answer: Response) -> Result<Vec<u8>, NoAnswer> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(away)? {
        body.extend_from_slice(&chunk);
        if body.len() > MOST {
            return Err(away(io::Error::other("it answers too much")));
        }
    }
    Ok(body)
}

fn away(source: impl Error + Send + Sync + 'static) -> NoAnswer {
    NoAnswer::Away(Box::new(source))
}
