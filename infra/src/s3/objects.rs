//! [`Objects`] on S3.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_s3::{presigning::PresigningConfig, primitives::ByteStream as S3Body};
use futures::{StreamExt, stream};
use wagate_domain::ports::{ByteStream, Objects, PortError, PortResult, PutError, Stored};

use super::{connect::S3, failure::port_error};

#[async_trait]
impl Objects for S3 {
    async fn put(
        &self,
        key: &str,
        mime: &str,
        bytes: ByteStream,
        max_bytes: u64,
    ) -> Result<Stored, PutError> {
        self.upload(key, mime, bytes, max_bytes).await
    }

    async fn get(&self, key: &str) -> PortResult<Option<ByteStream>> {
        match self.client.get_object().bucket(&self.bucket).key(key).send().await {
            Ok(object) => Ok(Some(stream_of(object.body))),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_no_such_key()) => Ok(None),
            Err(error) => Err(port_error(error)),
        }
    }

    async fn size(&self, key: &str) -> PortResult<Option<u64>> {
        match self.client.head_object().bucket(&self.bucket).key(key).send().await {
            Ok(head) => {
                Ok(Some(head.content_length().and_then(|length| u64::try_from(length).ok()).unwrap_or(0)))
            }
            Err(error) if error.as_service_error().is_some_and(|error| error.is_not_found()) => Ok(None),
            Err(error) => Err(port_error(error)),
        }
    }

    async fn delete(&self, key: &str) -> PortResult<()> {
        match self.client.delete_object().bucket(&self.bucket).key(key).send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(port_error(error)),
        }
    }

    async fn list(&self, prefix: &str, limit: u32) -> PortResult<Vec<String>> {
        let limit = i32::try_from(limit).unwrap_or(i32::MAX);
        let listing = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix).max_keys(limit);
        match listing.send().await {
            Ok(found) => Ok(found.contents.into_iter().flatten().filter_map(|object| object.key).collect()),
            Err(error) => Err(port_error(error)),
        }
    }

    async fn presign_put(&self, key: &str, mime: &str, ttl: Duration) -> PortResult<String> {
        let link = self.links.put_object().bucket(&self.bucket).key(key).content_type(mime);
        let link = link.presigned(lifetime(ttl)?).await.map_err(port_error)?;
        Ok(link.uri().to_owned())
    }

    async fn presign_get(
        &self,
        key: &str,
        mime: &str,
        file_name: Option<&str>,
        ttl: Duration,
    ) -> PortResult<String> {
        let link = self
            .links
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .response_content_type(mime)
            .response_content_disposition(disposition(file_name))
            .presigned(lifetime(ttl)?)
            .await
            .map_err(port_error)?;
        Ok(link.uri().to_owned())
    }
}

fn lifetime(ttl: Duration) -> PortResult<PresigningConfig> {
    PresigningConfig::expires_in(ttl)
        .map_err(|error| PortError::Internal { what: "S3", source: Box::new(error) })
}

fn stream_of(body: S3Body) -> ByteStream {
    stream::unfold(body, |mut body| async move {
        let chunk = body.next().await?;
        Some((chunk.map_err(|error| error.to_string()), body))
    })
    .boxed()
}

/// `attachment`, so that a browser saves what a stranger sent instead of showing it (RFC 6266).
fn disposition(file_name: Option<&str>) -> String {
    let Some(name) = file_name else { return "attachment".to_owned() };
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%') { c } else { '_' })
        .collect();
    let mut extended = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            extended.push(char::from(byte));
        } else {
            extended.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{extended}")
}

#[cfg(test)]
mod tests {
    use super::disposition;

    #[test]
    fn a_file_name_cannot_leave_its_header() {
        assert_eq!(disposition(None), "attachment");
        assert_eq!(
            disposition(Some("a b\"\r\n€.pdf")),
            "attachment; filename=\"a_b____.pdf\"; filename*=UTF-8''a%20b%22%0D%0A%E2%82%AC.pdf"
        );
    }
}
