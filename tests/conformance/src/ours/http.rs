//! Media over plain HTTP: the client insists on https for the media host, the sandbox also serves http.

use std::net::SocketAddr;

use async_trait::async_trait;
use wacore::net::{HttpClient, HttpRequest, HttpResponse};
use wagate_sandbox::Sandbox;

/// Sends https requests for the sandbox's media host to its plain listener, and no others.
#[derive(Clone)]
pub(super) struct Http {
    host: String,
    plain: SocketAddr,
    client: reqwest::Client,
}

impl Http {
    pub(super) fn new(sandbox: &Sandbox) -> Self {
        Self {
            host: sandbox.media_https_host(),
            plain: sandbox.media_http_addr(),
            client: reqwest::Client::new(),
        }
    }
}

#[async_trait]
impl HttpClient for Http {
    async fn execute(&self, request: HttpRequest) -> anyhow::Result<HttpResponse> {
        let ours = format!("https://{}/", self.host);
        anyhow::ensure!(request.url.starts_with(&ours), "{} is not the sandbox", request.url);
        let url = request.url.replacen(&ours, &format!("http://{}/", self.plain), 1);
        let mut call = self.client.request(request.method.parse()?, url);
        for (name, value) in &request.headers {
            call = call.header(name, value);
        }
        if let Some(body) = request.body {
            call = call.body(body);
        }
        let answer = call.send().await?;
        Ok(HttpResponse { status_code: answer.status().as_u16(), body: answer.bytes().await?.to_vec() })
    }
}
