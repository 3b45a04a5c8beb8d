//! The S3 clients: one for us, one that makes links for callers.

use aws_sdk_s3::{
    Client,
    config::{
        BehaviorVersion, Builder, Credentials, Region, RequestChecksumCalculation,
        ResponseChecksumValidation, retry::RetryConfig, timeout::TimeoutConfig,
    },
    error::DisplayErrorContext,
    types::{BucketLocationConstraint, CreateBucketConfiguration},
};
use std::time::Duration;

use crate::config::S3Config;

/// The region whose buckets are made without naming a region.
const CLASSIC_REGION: &str = "us-east-1";

/// A bucket of an S3 service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct S3 {
    pub(super) client: Client,
    // the same service under the name callers know it by: the host is part of a link's signature
    pub(super) links: Client,
    pub(super) bucket: String,
}

/// Why S3 cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum S3Error {
    /// No endpoint is configured.
    #[error("no object storage is configured; set S3_ENDPOINT, or run `wagate up`, which brings its own")]
    NoEndpoint,
    /// The bucket is not there and cannot be made, or nothing answers.
    #[error(
        "bucket {bucket} at {endpoint} cannot be used; check S3_ENDPOINT, S3_BUCKET and the keys: {reason}"
    )]
    Bucket {
        /// The bucket.
        bucket: String,
        /// The service.
        endpoint: String,
        /// What it said.
        reason: String,
    },
}

impl S3 {
    /// Connects and makes the bucket when it does not exist.
    ///
    /// # Errors
    /// See [`S3Error`].
    pub async fn connect(config: &S3Config) -> Result<Self, S3Error> {
        let endpoint = config.endpoint.as_deref().ok_or(S3Error::NoEndpoint)?;
        let public = config.public_endpoint.as_deref().unwrap_or(endpoint);
        let s3 = Self {
            client: client(config, endpoint),
            links: client(config, public),
            bucket: config.bucket.clone(),
        };
        s3.ensure_bucket(&config.region).await.map_err(|reason| S3Error::Bucket {
            bucket: config.bucket.clone(),
            endpoint: endpoint.to_owned(),
            reason,
        })?;
        Ok(s3)
    }

    async fn ensure_bucket(&self, region: &str) -> Result<(), String> {
        let Err(missing) = self.client.head_bucket().bucket(&self.bucket).send().await else {
            return Ok(());
        };
        // anything but "not found" (no access, nothing there) would only be hidden by trying to make it
        if !missing.as_service_error().is_some_and(|error| error.is_not_found()) {
            return Err(DisplayErrorContext(missing).to_string());
        }
        let place = (region != CLASSIC_REGION).then(|| {
            CreateBucketConfiguration::builder()
                .location_constraint(BucketLocationConstraint::from(region))
                .build()
        });
        let made = self.client.create_bucket().bucket(&self.bucket).set_create_bucket_configuration(place);
        match made.send().await {
            Ok(_) => Ok(()),
            Err(error) => {
                // another process may have been faster
                let there = self.client.head_bucket().bucket(&self.bucket).send().await.is_ok();
                if there { Ok(()) } else { Err(DisplayErrorContext(error).to_string()) }
            }
        }
    }
}

fn client(config: &S3Config, endpoint: &str) -> Client {
    let keys = Credentials::new(&config.access_key, config.secret_key.expose(), None, None, "wagate");
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(5))
        .read_timeout(Duration::from_secs(30))
        .operation_attempt_timeout(Duration::from_mins(2))
        .build();
    let settings = Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(config.region.clone()))
        .endpoint_url(endpoint)
        .credentials_provider(keys)
        .force_path_style(config.path_style)
        .retry_config(RetryConfig::standard().with_max_attempts(3))
        .timeout_config(timeouts)
        // the newer checksums are not known to many services that speak S3
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .build();
    Client::from_conf(settings)
}
