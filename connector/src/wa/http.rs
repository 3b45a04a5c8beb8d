//! Files to and from WhatsApp's media hosts, behind the gate, with bounded memory.

use std::{io::Read, time::Duration};

use anyhow::Context;
use async_trait::async_trait;
use bytes::Bytes;
use tokio::{runtime::Handle, sync::mpsc};
use tokio_util::sync::CancellationToken;
use wacore::net::{HttpClient, HttpRequest, HttpResponse, StreamingHttpResponse, UploadBody};

use super::Gate;
use crate::config::StartError;

/// Time to reach a host.
const CONNECT: Duration = Duration::from_secs(20);
/// A host that says nothing for so long is given up.
const SILENCE: Duration = Duration::from_secs(30);
/// Slowest upload that is waited for, in bytes per second.
const SLOWEST_UPLOAD: u64 = 16 * 1024;
/// Answers that are kept whole (version script, upload results) are small.
const MAX_ANSWER: usize = 16 * 1024 * 1024;
/// Bytes read from a file at a time.
const CHUNK: usize = 64 * 1024;

/// The HTTP side of a linked device.
#[derive(Debug, Clone)]
pub(crate) struct WaHttp {
    gate: Gate,
    client: reqwest::Client,
    /// Without a limit on silence: an upload hears nothing until it is complete.
    uploads: reqwest::Client,
    runtime: Handle,
}

impl WaHttp {
    /// Must be called within a runtime; its threads do the transfers.
    pub(crate) fn new(gate: Gate) -> Result<Self, StartError> {
        Self::by(gate, None)
    }

    /// The same by a proxy.
    pub(super) fn by(gate: Gate, proxy: Option<&reqwest::Proxy>) -> Result<Self, StartError> {
        let build = |builder: reqwest::ClientBuilder| {
            let builder = proxy.cloned().into_iter().fold(builder, reqwest::ClientBuilder::proxy);
            builder.connect_timeout(CONNECT).build().map_err(|error| StartError::Http(error.to_string()))
        };
        Ok(Self {
            gate,
            client: build(Gate::client().read_timeout(SILENCE))?,
            uploads: build(Gate::client())?,
            runtime: Handle::current(),
        })
    }

    fn request(
        &self,
        client: &reqwest::Client,
        request: &HttpRequest,
    ) -> anyhow::Result<reqwest::RequestBuilder> {
        let url = self.gate.http(&request.url)?;
        let method = request.method.parse().context("method")?;
        Ok(request
            .headers
            .iter()
            .fold(client.request(method, url), |builder, (name, value)| builder.header(name, value)))
    }
}

#[async_trait]
impl HttpClient for WaHttp {
    async fn execute(&self, request: HttpRequest) -> anyhow::Result<HttpResponse> {
        let mut builder = self.request(&self.client, &request)?;
        if let Some(body) = request.body {
            builder = builder.body(body);
        }
        whole(builder.send().await?).await
    }

    fn supports_streaming(&self) -> bool {
        true
    }

    fn execute_streaming(&self, request: HttpRequest) -> anyhow::Result<StreamingHttpResponse> {
        let builder = self.request(&self.client, &request)?;
        let response = self.runtime.block_on(builder.send())?;
        let status_code = response.status().as_u16();
        let body = Body { response, chunk: Bytes::new(), runtime: self.runtime.clone() };
        Ok(StreamingHttpResponse { status_code, body: Box::new(body) })
    }

    fn supports_upload_streaming(&self) -> bool {
        true
    }

    fn execute_upload(
        &self,
        request: HttpRequest,
        body: UploadBody,
        content_length: u64,
    ) -> anyhow::Result<HttpResponse> {
        let patience = SILENCE * 2 + Duration::from_secs(content_length / SLOWEST_UPLOAD);
        let (chunks, receiver) = mpsc::channel::<std::io::Result<Bytes>>(2);
        let stream = futures::stream::unfold(receiver, |mut receiver| async {
            receiver.recv().await.map(|chunk| (chunk, receiver))
        });
        let builder = self
            .request(&self.uploads, &request)?
            // the media hosts refuse chunked transfer encoding
            .header(reqwest::header::CONTENT_LENGTH, content_length)
            .timeout(patience)
            .body(reqwest::Body::wrap_stream(stream));
        let gone = CancellationToken::new();
        let answered = gone.clone().drop_guard();
        let answer = self.runtime.spawn(async move {
            let _answered = answered;
            whole(builder.send().await?).await
        });
        self.runtime.block_on(feed(body, chunks, gone));
        self.runtime.block_on(answer)?
    }
}

/// Hands the file over chunk by chunk, until it ends or nobody listens any more.
async fn feed(mut body: UploadBody, chunks: mpsc::Sender<std::io::Result<Bytes>>, gone: CancellationToken) {
    loop {
        let mut buffer = vec![0; CHUNK];
        let chunk = match body.read(&mut buffer) {
            Ok(0) => return,
            Ok(read) => {
                buffer.truncate(read);
                Ok(Bytes::from(buffer))
            }
            Err(error) => Err(error),
        };
        let failed = chunk.is_err();
        tokio::select! {
            sent = chunks.send(chunk) => if sent.is_err() || failed { return },
            () = gone.cancelled() => return,
        }
    }
}

async fn whole(mut response: reqwest::Response) -> anyhow::Result<HttpResponse> {
    let status_code = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        anyhow::ensure!(body.len() + chunk.len() <= MAX_ANSWER, "the answer is too large");
        body.extend_from_slice(&chunk);
    }
    Ok(HttpResponse { status_code, body })
}

/// A response body read from a blocking thread.
struct Body {
    response: reqwest::Response,
    chunk: Bytes,
    runtime: Handle,
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while self.chunk.is_empty() {
            match self.runtime.block_on(self.response.chunk()).map_err(std::io::Error::other)? {
                Some(chunk) => self.chunk = chunk,
                None => return Ok(0),
            }
        }
        let taken = self.chunk.split_to(buffer.len().min(self.chunk.len()));
        buffer[..taken.len()].copy_from_slice(&taken);
        Ok(taken.len())
    }
}
