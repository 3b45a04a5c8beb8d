//! Streaming an object in: one request when it is small, a multipart upload when it is not.

use std::time::Duration;

use aws_sdk_s3::{
    Client,
    primitives::ByteStream as S3Body,
    types::{CompletedMultipartUpload, CompletedPart},
};
use bytes::Bytes;
use futures::StreamExt;
use sha2::{Digest, Sha256};
use tokio::task::JoinSet;
use wagate_domain::ports::{ByteStream, PortError, PutError, Stored};

use super::{connect::S3, failure::port_error};

/// Size of a part. S3 wants at least 5 MiB and at most 10,000 parts: 48 GiB of these.
const PART: usize = 5 * 1024 * 1024;
/// Parts on their way at a time; one more is being filled.
const IN_FLIGHT: usize = 2;
/// How long parts that are under way are waited for before what they belong to is aborted.
const SETTLING: Duration = Duration::from_secs(5);

impl S3 {
    pub(super) async fn upload(
        &self,
        key: &str,
        mime: &str,
        bytes: ByteStream,
        max_bytes: u64,
    ) -> Result<Stored, PutError> {
        let mut source = Source { bytes, rest: Bytes::new(), hash: Sha256::new(), size: 0, max_bytes };
        let first = source.part().await?;
        if first.len() < PART {
            self.put_whole(key, mime, first).await?;
        } else {
            let mut parts = Multipart::begin(self, key, mime).await?;
            let outcome = parts.send_all(&mut source, first).await;
            parts.end(outcome).await?;
        }
        Ok(Stored { size: source.size, sha256: Some(hex::encode(source.hash.finalize())) })
    }

    async fn put_whole(&self, key: &str, mime: &str, bytes: Bytes) -> Result<(), PutError> {
        let request = self.client.put_object().bucket(&self.bucket).key(key).content_type(mime);
        match request.body(S3Body::from(bytes)).send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(port_error(error).into()),
        }
    }
}

/// The bytes of an object, cut into parts, counted and hashed.
struct Source {
    bytes: ByteStream,
    /// What the last chunk held beyond the last part.
    rest: Bytes,
    hash: Sha256,
    size: u64,
    max_bytes: u64,
}

impl Source {
    /// The next part; shorter than [`PART`] when it is the last. Its memory is its own and no larger, so
    /// that it is free as soon as the part is sent.
    async fn part(&mut self) -> Result<Bytes, PutError> {
        let mut part = Vec::new();
        loop {
            let taken = self.rest.split_to(self.rest.len().min(PART - part.len()));
            part.extend_from_slice(&taken);
            if part.len() == PART {
                break;
            }
            let Some(chunk) = self.bytes.next().await else { break };
            self.rest = chunk.map_err(PutError::Source)?;
            self.size += self.rest.len() as u64;
            if self.size > self.max_bytes {
                return Err(PutError::TooLarge);
            }
            self.hash.update(&self.rest);
            // most files are small: room for a whole part is made once a part seems to come
            let room =
                if part.len() + self.rest.len() > PART / 8 { PART } else { part.len() + self.rest.len() };
            part.reserve_exact(room - part.len().min(room));
        }
        Ok(part.into())
    }
}

/// A multipart upload. Until it has ended, dropping it (a caller that went away) aborts it.
struct Multipart {
    upload: Option<Upload>,
    sending: JoinSet<Result<CompletedPart, PortError>>,
    sent: Vec<CompletedPart>,
}

#[derive(Clone)]
struct Upload {
    client: Client,
    bucket: String,
    key: String,
    id: String,
}

impl Multipart {
    async fn begin(s3: &S3, key: &str, mime: &str) -> Result<Self, PutError> {
        let request = s3.client.create_multipart_upload().bucket(&s3.bucket).key(key).content_type(mime);
        let begun = request.send().await.map_err(port_error)?;
        let id = begun.upload_id.ok_or_else(|| incomplete("an upload without an id"))?;
        let upload = Upload { client: s3.client.clone(), bucket: s3.bucket.clone(), key: key.to_owned(), id };
        Ok(Self { upload: Some(upload), sending: JoinSet::new(), sent: Vec::new() })
    }

    async fn send_all(&mut self, source: &mut Source, first: Bytes) -> Result<(), PutError> {
        let mut part = first;
        let mut number = 1;
        while !part.is_empty() {
            if self.sending.len() == IN_FLIGHT {
                self.await_one().await?;
            }
            let upload = self.upload.clone().ok_or_else(|| incomplete("an upload that has ended"))?;
            self.sending.spawn(upload.send(number, part));
            part = source.part().await?;
            number += 1;
        }
        while !self.sending.is_empty() {
            self.await_one().await?;
        }
        Ok(())
    }

    async fn await_one(&mut self) -> Result<(), PutError> {
        if let Some(sent) = self.sending.join_next().await {
            self.sent.push(sent.map_err(|error| incomplete(error.to_string()))??);
        }
        Ok(())
    }

    /// Completes it, or leaves nothing of it when something went wrong.
    async fn end(mut self, outcome: Result<(), PutError>) -> Result<(), PutError> {
        settle(&mut self.sending).await;
        let Some(upload) = self.upload.take() else { return outcome };
        self.sent.sort_by_key(CompletedPart::part_number);
        let outcome = match outcome {
            Ok(()) => upload.complete(std::mem::take(&mut self.sent)).await,
            Err(error) => Err(error),
        };
        if outcome.is_err() {
            upload.abort().await;
        }
        outcome
    }
}

impl Drop for Multipart {
    fn drop(&mut self) {
        let mut sending = std::mem::take(&mut self.sending);
        if let (Some(upload), Ok(runtime)) = (self.upload.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(async move {
                settle(&mut sending).await;
                upload.abort().await;
            });
        }
    }
}

/// Lets parts that are under way end: one that the service has taken and writes after the abort would stay.
async fn settle(sending: &mut JoinSet<Result<CompletedPart, PortError>>) {
    let ended = async { while sending.join_next().await.is_some() {} };
    if tokio::time::timeout(SETTLING, ended).await.is_err() {
        sending.shutdown().await;
    }
}

impl Upload {
    async fn send(self, number: i32, bytes: Bytes) -> Result<CompletedPart, PortError> {
        let request = self.client.upload_part().bucket(self.bucket).key(self.key).upload_id(self.id);
        let sent = request.part_number(number).body(S3Body::from(bytes)).send().await.map_err(port_error)?;
        Ok(CompletedPart::builder().part_number(number).set_e_tag(sent.e_tag).build())
    }

    async fn complete(&self, parts: Vec<CompletedPart>) -> Result<(), PutError> {
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let request = self.client.complete_multipart_upload().bucket(&self.bucket).key(&self.key);
        match request.upload_id(&self.id).multipart_upload(parts).send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(port_error(error).into()),
        }
    }

    async fn abort(&self) {
        let request = self.client.abort_multipart_upload().bucket(&self.bucket).key(&self.key);
        if let Err(error) = request.upload_id(&self.id).send().await {
            tracing::warn!(key = self.key, error = &error as &dyn std::error::Error, "s3.abort_failed");
        }
    }
}

fn incomplete(what: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> PortError {
    PortError::Internal { what: "S3", source: what.into() }
}
