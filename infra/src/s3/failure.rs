//! What failures of the S3 client mean to a caller of the port.

use aws_sdk_s3::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
};
use wagate_domain::ports::PortError;

/// `Unavailable` when the same request may work later, `Internal` when not.
pub(super) fn port_error<E>(error: SdkError<E, HttpResponse>) -> PortError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let refused = error.raw_response().map(|response| response.status().as_u16());
    let later = match refused {
        None => !matches!(error, SdkError::ConstructionFailure(_)),
        Some(status) => status >= 500 || status == 429,
    };
    let source = Box::new(error);
    if later {
        PortError::Unavailable { what: "S3", source }
    } else {
        PortError::Internal { what: "S3", source }
    }
}
