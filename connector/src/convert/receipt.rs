//! Receipts.

use wacore::types::presence::ReceiptType;
use wagate_domain::messages::Status;

/// How far a receipt of this type moves the messages it names; `None` for receipts between our own
/// devices and for protocol housekeeping.
pub(crate) fn receipt_status(kind: &ReceiptType) -> Option<Status> {
    match kind {
        // `inactive` is a delivery to a device whose user is not looking
        ReceiptType::Delivered | ReceiptType::Inactive => Some(Status::Delivered),
        ReceiptType::Read => Some(Status::Read),
        ReceiptType::Played => Some(Status::Played),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wire_type_has_its_status() {
        for (wire, status) in [
            ("", Some(Status::Delivered)),
            ("delivery", Some(Status::Delivered)),
            ("inactive", Some(Status::Delivered)),
            ("read", Some(Status::Read)),
            ("played", Some(Status::Played)),
            ("read-self", None),
            ("played-self", None),
            ("sender", None),
            ("sent", None),
            ("retry", None),
            ("enc_rekey_retry", None),
            ("server-error", None),
            ("peer_msg", None),
            ("hist_sync", None),
            ("something-new", None),
        ] {
            assert_eq!(receipt_status(&ReceiptType::parse(wire)), status, "{wire:?}");
        }
    }
}
