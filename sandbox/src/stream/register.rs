//! A companion that wants to be linked.

use std::sync::Arc;

use anyhow::Result;
use waproto::whatsapp::client_payload::DevicePairingRegistrationData;

use crate::core::Core;
use crate::pairing::{Link, Registration};
use crate::wire::Conn;

/// Makes its references known and sends them.
pub(super) fn begin(
    core: &Core,
    conn: &Arc<Conn>,
    data: &DevicePairingRegistrationData,
    noise: [u8; 32],
) -> Result<Arc<Link>> {
    let registration = Registration::read(data, noise)?;
    let link = Arc::new(Link::new(Arc::clone(conn), registration, core.clock.moment()));
    core.pairings.add(&link);
    link.offer();
    Ok(link)
}
