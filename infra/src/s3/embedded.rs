//! An S3 server for machines that have none: s3s-fs, keeping objects as files.

use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use s3s::{
    S3, S3Request, S3Response, S3Result,
    auth::SimpleAuth,
    dto::{
        AbortMultipartUploadInput, AbortMultipartUploadOutput, CompleteMultipartUploadInput,
        CompleteMultipartUploadOutput, CreateBucketInput, CreateBucketOutput, CreateMultipartUploadInput,
        CreateMultipartUploadOutput, DeleteObjectInput, DeleteObjectOutput, GetObjectInput, GetObjectOutput,
        HeadBucketInput, HeadBucketOutput, HeadObjectInput, HeadObjectOutput, ListObjectsV2Input,
        ListObjectsV2Output, PutObjectInput, PutObjectOutput, UploadPartInput, UploadPartOutput,
    },
    service::{S3Service, S3ServiceBuilder},
};
use s3s_fs::FileSystem;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use crate::config::Secret;

/// How long requests in progress may take when the server stops.
const DRAIN: Duration = Duration::from_secs(5);
/// How long a connection may stay silent before its next request.
const HEADER_TIMEOUT: Duration = Duration::from_mins(1);

/// A running S3 server. Ends when it is dropped.
#[derive(Debug)]
pub struct EmbeddedS3 {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

/// Why the server does not run.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// The directory cannot be used.
    #[error("objects cannot be kept in {0}; check that the directory is yours and writable")]
    Files(PathBuf, #[source] io::Error),
    /// The address is taken or not ours.
    #[error("object storage cannot listen on {0}; end what listens there, or set another address")]
    Listen(SocketAddr, #[source] io::Error),
}

impl EmbeddedS3 {
    /// Serves the objects under `root` (made when missing) at `address`; port 0 takes a free one.
    ///
    /// # Errors
    /// See [`EmbeddedError`].
    pub async fn start(
        root: &Path,
        address: SocketAddr,
        access_key: &str,
        secret_key: &Secret<String>,
    ) -> Result<Self, EmbeddedError> {
        let unusable = |error| EmbeddedError::Files(root.to_owned(), error);
        std::fs::create_dir_all(root).map_err(unusable)?;
        forget_uploads(root).map_err(unusable)?;
        let files =
            FileSystem::new(root).map_err(|error| unusable(io::Error::other(format!("{error:?}"))))?;
        let mut service = S3ServiceBuilder::new(Files { files, root: root.to_owned() });
        service.set_auth(SimpleAuth::from_single(access_key, secret_key.expose().as_str()));
        let taken = |error| EmbeddedError::Listen(address, error);
        let listener = TcpListener::bind(address).await.map_err(taken)?;
        let address = listener.local_addr().map_err(taken)?;
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(serve(listener, service.build(), stopped));
        Ok(Self { address, stop, server })
    }

    /// URL of the S3 API.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops listening and lets requests in progress end, for five seconds at most.
    pub async fn stop(self) {
        drop(self.stop);
        // a server that panicked listens no more either
        drop(self.server.await);
    }
}

async fn serve(listener: TcpListener, service: S3Service, mut stopped: oneshot::Receiver<()>) {
    let connections = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            _ = &mut stopped => break,
            accepted = listener.accept() => accepted,
        };
        let Ok((socket, _)) = accepted else {
            // out of file descriptors: wait for some to come back instead of spinning
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIMEOUT)
            .serve_connection(TokioIo::new(socket), service.clone());
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            // a peer that goes away is its own business
            drop(connection.await);
        });
    }
    drop(tokio::time::timeout(DRAIN, connections.shutdown()).await);
}

/// Deletes what uploads of an earlier run left: nobody can finish them any more.
fn forget_uploads(root: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(root)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let of_upload =
            name.starts_with(".upload") || (name.starts_with(".bucket-") && name.contains(".upload-"));
        if of_upload && entry.file_type()?.is_file() {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// s3s-fs with what it lacks: it leaves the notes of a deleted object behind.
#[derive(Debug)]
struct Files {
    files: FileSystem,
    root: PathBuf,
}

impl Files {
    /// The files s3s-fs keeps beside an object (`FileSystem::get_metadata_path`, `get_internal_info_path`).
    fn notes(&self, bucket: &str, key: &str) -> [PathBuf; 2] {
        let [bucket, key] = [bucket, key].map(|name| BASE64_URL_SAFE_NO_PAD.encode(name));
        ["metadata", "internal"]
            .map(|kind| self.root.join(format!(".bucket-{bucket}.object-{key}.{kind}.json")))
    }
}

macro_rules! pass_on {
    ($($method:ident: $input:ty => $output:ty;)*) => {
        #[async_trait::async_trait]
        impl S3 for Files {
            $(async fn $method(&self, request: S3Request<$input>) -> S3Result<S3Response<$output>> {
                self.files.$method(request).await
            })*

            async fn delete_object(
                &self,
                request: S3Request<DeleteObjectInput>,
            ) -> S3Result<S3Response<DeleteObjectOutput>> {
                let notes = self.notes(&request.input.bucket, &request.input.key);
                let deleted = self.files.delete_object(request).await?;
                for note in notes {
                    match tokio::fs::remove_file(note).await {
                        Err(error) if error.kind() != io::ErrorKind::NotFound => {
                            return Err(s3s::S3Error::internal_error(error));
                        }
                        _ => {}
                    }
                }
                Ok(deleted)
            }
        }
    };
}

pass_on! {
    create_bucket: CreateBucketInput => CreateBucketOutput;
    head_bucket: HeadBucketInput => HeadBucketOutput;
    put_object: PutObjectInput => PutObjectOutput;
    get_object: GetObjectInput => GetObjectOutput;
    head_object: HeadObjectInput => HeadObjectOutput;
    list_objects_v2: ListObjectsV2Input => ListObjectsV2Output;
    create_multipart_upload: CreateMultipartUploadInput => CreateMultipartUploadOutput;
    upload_part: UploadPartInput => UploadPartOutput;
    complete_multipart_upload: CompleteMultipartUploadInput => CompleteMultipartUploadOutput;
    abort_multipart_upload: AbortMultipartUploadInput => AbortMultipartUploadOutput;
}
