//! multipart/form-data: small text fields first, then one file, which is streamed and never held whole.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures::{Stream, StreamExt};
use http::{HeaderMap, header};
use multer::{Constraints, Multipart, SizeLimit};
use wagate_domain::{Invalid, ports::ByteStream};

use super::MAX_DRAIN;
use crate::problem::{Code, Problem};

/// Largest text field in bytes.
const MAX_TEXT_FIELD: usize = 64 * 1024;
/// Most text fields.
const MAX_FIELDS: usize = 300;
/// The part that carries the file.
const FILE: &str = "file";

/// Whether a request carries a form.
pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.trim_start().get(..20).is_some_and(|start| start.eq_ignore_ascii_case("multipart/form-data;"))
        || value.trim().eq_ignore_ascii_case("multipart/form-data")
}

/// A form being read.
pub(crate) struct Form {
    parts: Multipart<'static>,
}

/// The part named `file`.
pub(crate) struct FilePart {
    /// Its `Content-Type`, unless that says nothing.
    pub(crate) mime: Option<String>,
    /// Its file name.
    pub(crate) file_name: Option<String>,
    /// Its bytes.
    pub(crate) bytes: ByteStream,
}

impl Form {
    /// Opens the form in a request's body.
    pub(crate) fn open(headers: &HeaderMap, body: Body) -> Result<Self, Problem> {
        let content_type =
            headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let boundary = multer::parse_boundary(content_type)
            .map_err(|_| Problem::new(Code::MalformedMultipart, "Content-Type names no boundary"))?;
        let limits = Constraints::new().size_limit(SizeLimit::new().whole_stream(u64::MAX));
        let chunks = OneAtATime { inner: body.into_data_stream(), rest: false };
        Ok(Self { parts: Multipart::with_constraints(chunks, boundary, limits) })
    }

    /// The text fields up to the file, in order, and the file.
    pub(crate) async fn until_file(&mut self) -> Result<(Vec<(String, String)>, FilePart), Problem> {
        let mut fields = Vec::new();
        while let Some(part) = self.parts.next_field().await.map_err(malformed)? {
            let name = part.name().unwrap_or_default().to_owned();
            if name == FILE {
                let mime = part.content_type().map(ToString::to_string);
                let file_name = part.file_name().filter(|name| !name.is_empty()).map(str::to_owned);
                let bytes = part.map(|chunk| chunk.map_err(|error| error.to_string())).boxed();
                return Ok((fields, FilePart { mime, file_name, bytes }));
            }
            if fields.len() == MAX_FIELDS {
                return Err(Problem::new(Code::MalformedMultipart, "The form has too many fields"));
            }
            let text = text_of(&name, part).await?;
            fields.push((name, text));
        }
        Err(Invalid::new(FILE, "is missing", "add a part named file that carries the file").into())
    }

    /// Reads what is left and drops it, for five seconds at most.
    pub(crate) async fn drain(&mut self) {
        let rest = async { while let Ok(Some(_)) = self.parts.next_field().await {} };
        // a caller slower than this loses nothing but a clear error
        drop(tokio::time::timeout(MAX_DRAIN, rest).await);
    }

    /// Makes sure that nothing follows the file.
    pub(crate) async fn end(&mut self) -> Result<(), Problem> {
        let Some(part) = self.parts.next_field().await.map_err(malformed)? else {
            return Ok(());
        };
        let name = part.name().unwrap_or_default().to_owned();
        Err(Invalid::new(name, "comes after the file", "put the file last in the form").into())
    }
}

async fn text_of(name: &str, mut part: multer::Field<'static>) -> Result<String, Problem> {
    let mut text = Vec::new();
    while let Some(chunk) = part.chunk().await.map_err(malformed)? {
        text.extend_from_slice(&chunk);
        if text.len() > MAX_TEXT_FIELD {
            let remedy = format!("send at most {MAX_TEXT_FIELD} bytes; files go into the part named file");
            return Err(Invalid::new(name, "is too long", remedy).into());
        }
    }
    String::from_utf8(text).map_err(|_| Invalid::new(name, "is not UTF-8", "encode it as UTF-8").into())
}

fn malformed(error: multer::Error) -> Problem {
    match error {
        multer::Error::StreamReadFailed(_) => Problem::plain(Code::UploadBrokenOff).because(error),
        other => {
            let detail = format!("The body is not valid multipart/form-data: {other}");
            Problem::new(Code::MalformedMultipart, detail)
        }
    }
}

/// Hands out one chunk per turn: multer reads as long as its source is ready and would otherwise hold
/// whatever a fast sender has sent.
struct OneAtATime {
    inner: BodyDataStream,
    rest: bool,
}

impl Stream for OneAtATime {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.rest {
            self.rest = false;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let next = self.inner.poll_next_unpin(context);
        self.rest = matches!(next, Poll::Ready(Some(Ok(_))));
        next
    }
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt;

    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=b";

    fn headers(content_type: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::CONTENT_TYPE, content_type.parse().unwrap())])
    }

    fn part(disposition: &str, content: &str) -> String {
        format!("--b\r\nContent-Disposition: form-data; {disposition}\r\n\r\n{content}\r\n")
    }

    async fn read(body: String) -> Result<(Vec<(String, String)>, String), (Code, Option<String>)> {
        let refused = |problem: Problem| (problem.code(), problem.body(None).field);
        let mut form = Form::open(&headers(TYPE), Body::from(body)).map_err(refused)?;
        let (fields, file) = form.until_file().await.map_err(refused)?;
        let bytes: Vec<Bytes> = file.bytes.try_collect().await.unwrap();
        form.end().await.map_err(refused)?;
        Ok((fields, String::from_utf8(bytes.concat()).unwrap()))
    }

    #[tokio::test]
    async fn reads_fields_then_the_file() {
        let to = part("name=\"to\"", "123");
        let file = part("name=\"file\"; filename=\"a.txt\"", "bytes");
        let fields = vec![("to".to_owned(), "123".to_owned())];
        assert_eq!(read(format!("{to}{file}--b--\r\n")).await, Ok((fields, "bytes".to_owned())));
        let after = read(format!("{file}{to}--b--\r\n")).await;
        assert_eq!(after, Err((Code::ValidationFailed, Some("to".to_owned()))));
        let missing = read(format!("{to}--b--\r\n")).await;
        assert_eq!(missing, Err((Code::ValidationFailed, Some("file".to_owned()))));
        let long = part("name=\"to\"", &"x".repeat(MAX_TEXT_FIELD + 1));
        assert_eq!(
            read(format!("{long}--b--\r\n")).await,
            Err((Code::ValidationFailed, Some("to".to_owned())))
        );
        assert_eq!(read("nothing of the kind".to_owned()).await, Err((Code::MalformedMultipart, None)));
    }

    #[test]
    fn knows_a_form_by_its_content_type() {
        assert!(is_form(&headers(TYPE)));
        assert!(is_form(&headers("Multipart/Form-Data; boundary=x")));
        assert!(is_form(&headers("multipart/form-data")));
        assert!(!is_form(&headers("application/json")));
        assert!(Form::open(&headers("multipart/form-data"), Body::empty()).is_err());
    }

    #[tokio::test]
    async fn a_fast_sender_is_read_one_chunk_per_turn() {
        let chunks = futures::stream::iter((0..100).map(|_| Ok::<_, axum::Error>(Bytes::from_static(b"x"))));
        let mut stream = OneAtATime { inner: Body::from_stream(chunks).into_data_stream(), rest: false };
        let taken = std::future::poll_fn(|context| {
            let mut taken = 0;
            while let Poll::Ready(Some(_)) = stream.poll_next_unpin(context) {
                taken += 1;
            }
            Poll::Ready(taken)
        });
        assert_eq!(taken.await, 1);
    }
}
