//! Files between S3 and WhatsApp's media hosts. Memory stays bounded whatever their size: they pass
//! through temporary files that have no name and vanish when closed.

mod download;
mod spool;
mod upload;

pub(crate) use download::{Downloads, Fetching};
pub(crate) use upload::{UploadTrouble, upload};
