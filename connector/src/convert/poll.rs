//! Polls and the votes in them.

use sha2::{Digest, Sha256};
use wacore::{proto_helpers::MessageExt, types::message::MessageInfo};
use wagate_domain::ports::Poll;
use waproto::whatsapp as wa;

use super::address_of;

/// The poll that a message carries, as votes in it need it.
pub(crate) fn poll_of(wire: &wa::Message, info: &MessageInfo) -> Option<Poll> {
    let base = wire.get_base_message();
    let part = [
        &base.poll_creation_message,
        &base.poll_creation_message_v2,
        &base.poll_creation_message_v3,
        &base.poll_creation_message_v5,
        &base.poll_creation_message_v6,
    ]
    .into_iter()
    .find_map(|part| part.as_option())?;
    let secret = secret_of(wire).or_else(|| secret_of(base))?;
    let options = part.options.iter().filter_map(|option| option.option_name.clone()).collect();
    Some(Poll { creator: address_of(&info.source.sender)?, secret: secret.to_vec(), options })
}

/// A sealed vote: WhatsApp's id of the poll, what was chosen, and what it was sealed with besides the secret.
pub(crate) fn vote_of(wire: &wa::Message) -> Option<(&str, &[u8], &[u8])> {
    let update = wire.get_base_message().poll_update_message.as_option()?;
    let id = update.poll_creation_message_key.id.as_deref().filter(|id| !id.is_empty())?;
    let vote = update.vote.as_option()?;
    Some((id, vote.enc_payload.as_deref()?, vote.enc_iv.as_deref()?))
}

/// The texts of the options that a vote names by their hashes. One that the poll did not have when it was made
/// (added later) is given as its hash, in hexadecimal.
pub(crate) fn chosen(poll: &Poll, hashes: &[Vec<u8>]) -> Vec<String> {
    let named = |hash: &Vec<u8>| {
        let text = poll.options.iter().find(|text| Sha256::digest(text.as_bytes())[..] == hash[..]);
        text.cloned().unwrap_or_else(|| hash.iter().map(|byte| format!("{byte:02x}")).collect())
    };
    hashes.iter().map(named).collect()
}

fn secret_of(message: &wa::Message) -> Option<&[u8]> {
    message.message_context_info.as_option()?.message_secret.as_deref()
}

#[cfg(test)]
mod tests {
    use wacore::types::message::MessageSource;
    use waproto::whatsapp::message::{PollCreationMessage, poll_creation_message::Option as PollOption};

    use super::*;

    fn creation() -> PollCreationMessage {
        let option = |text: &str| PollOption { option_name: Some(text.to_owned()), ..Default::default() };
        PollCreationMessage { options: vec![option("tea"), option("coffee")], ..Default::default() }
    }

    #[test]
    fn every_version_of_a_poll_is_read() {
        let info = MessageInfo {
            source: MessageSource { sender: "6281:3@s.whatsapp.net".parse().unwrap(), ..Default::default() },
            ..Default::default()
        };
        let poll = || creation().into();
        let context = wa::MessageContextInfo { message_secret: Some(vec![7; 32]), ..Default::default() };
        for message in [
            wa::Message { poll_creation_message: poll(), ..Default::default() },
            wa::Message { poll_creation_message_v2: poll(), ..Default::default() },
            wa::Message { poll_creation_message_v3: poll(), ..Default::default() },
            wa::Message { poll_creation_message_v5: poll(), ..Default::default() },
            wa::Message { poll_creation_message_v6: poll(), ..Default::default() },
        ] {
            assert_eq!(poll_of(&message, &info), None, "without its secret no vote can be opened");
            let message = wa::Message { message_context_info: context.clone().into(), ..message };
            let poll = poll_of(&message, &info).unwrap();
            assert_eq!(poll.creator.to_string(), "6281@s.whatsapp.net");
            assert_eq!(
                (poll.options, poll.secret),
                (vec!["tea".to_owned(), "coffee".to_owned()], vec![7; 32])
            );
        }
        let text = wa::Message { conversation: Some("no poll".to_owned()), ..Default::default() };
        assert_eq!(poll_of(&text, &info), None);
    }

    #[test]
    fn hashes_become_the_options_texts() {
        let poll = Poll {
            creator: "6281@lid".parse().unwrap(),
            secret: vec![7; 32],
            options: vec!["tea".to_owned(), "coffee".to_owned()],
        };
        let hash = |text: &str| Sha256::digest(text.as_bytes()).to_vec();
        assert_eq!(chosen(&poll, &[hash("coffee"), hash("tea")]), ["coffee", "tea"]);
        assert_eq!(chosen(&poll, &[]), Vec::<String>::new());
        assert_eq!(
            chosen(&poll, &[hash("water")]),
            ["0f4168490e38b8447e11ba4bd656aa11b925bd22af30bac464bc153fdb608501"],
            "added later"
        );
    }
}
