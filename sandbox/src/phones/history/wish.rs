//! Which history a companion wants, as its device props say.

use buffa::Message as _;
use waproto::whatsapp as wa;

const DAY: i64 = 24 * 60 * 60;
/// Days of recent history unless the companion says otherwise.
const RECENT_DAYS: u32 = 90;
/// Days of full history unless the companion says otherwise.
const FULL_DAYS: u32 = 365;
/// Messages of each chat in the first part unless the companion says otherwise.
const FIRST_MESSAGES: u32 = 50;
/// Messages of each chat in the first part at most.
const MOST_FIRST_MESSAGES: u32 = 500;

/// Which history a companion wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wish {
    /// The first part inside the message instead of as a media object.
    pub(super) inline: bool,
    /// Everything, not only what is recent.
    pub(super) full: bool,
    /// Seconds back for what is recent.
    pub(super) recent: i64,
    /// Seconds back for everything.
    pub(super) everything: i64,
    /// Messages of each chat in the first part.
    pub(super) first_messages: u32,
    /// Bytes of everything at most.
    pub(super) most_bytes: u64,
}

impl Wish {
    /// Reads device props; what they do not say, or cannot be read, is as browsers have it.
    pub(super) fn of(device_props: &[u8]) -> Self {
        let props = wa::DeviceProps::decode_from_slice(device_props).unwrap_or_default();
        let config = &props.history_sync_config;
        let days =
            |limit: Option<u32>, usual: u32| i64::from(limit.filter(|days| *days > 0).unwrap_or(usual)) * DAY;
        let first = config.initial_sync_max_messages_per_chat.filter(|count| *count > 0);
        let megabytes = config.full_sync_size_mb_limit.filter(|limit| *limit > 0);
        Self {
            inline: config.inline_initial_payload_in_e2_ee_msg == Some(true),
            full: props.require_full_sync == Some(true),
            recent: days(config.recent_sync_days_limit, RECENT_DAYS),
            everything: days(config.full_sync_days_limit, FULL_DAYS),
            first_messages: first.unwrap_or(FIRST_MESSAGES).min(MOST_FIRST_MESSAGES),
            most_bytes: megabytes.map_or(u64::MAX, |limit| u64::from(limit) << 20),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use waproto::whatsapp::device_props::HistorySyncConfig;

    #[test]
    fn what_is_not_said_is_as_browsers_have_it() {
        for props in [&[][..], &[0xff, 0xff]] {
            let wish = Wish::of(props);
            assert!(!wish.inline && !wish.full);
            assert_eq!((wish.recent, wish.first_messages), (90 * DAY, 50));
            assert_eq!(wish.most_bytes, u64::MAX);
        }
    }

    #[test]
    fn limits_are_taken_as_given() {
        let config = HistorySyncConfig {
            inline_initial_payload_in_e2_ee_msg: Some(true),
            recent_sync_days_limit: Some(7),
            full_sync_days_limit: Some(730),
            full_sync_size_mb_limit: Some(2),
            initial_sync_max_messages_per_chat: Some(9000),
            ..Default::default()
        };
        let props = wa::DeviceProps {
            require_full_sync: Some(true),
            history_sync_config: config.into(),
            ..Default::default()
        };
        let wish = Wish::of(&props.encode_to_vec());
        assert!(wish.inline && wish.full);
        assert_eq!((wish.recent, wish.everything), (7 * DAY, 730 * DAY));
        assert_eq!((wish.first_messages, wish.most_bytes), (500, 2 << 20));
    }
}
