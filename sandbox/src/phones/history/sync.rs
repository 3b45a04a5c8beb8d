//! What a new companion is told: all chats with their newest messages, status posts, names, then
//! what is older, in pieces.

use wacore_binary::Jid;
use waproto::whatsapp as wa;
use waproto::whatsapp::history_sync::HistorySyncType as Kind;

use super::super::Simulated;
use super::super::account::Phone;
use super::chunk::Carrier;
use super::conversation::{Chat, STATUS, close};
use super::past::{Place, Stretch};
use super::web_message::Book;
use super::wish::Wish;
use crate::ports::PortResult;

/// Messages in one piece of older history at most.
const PIECE: u32 = 500;
/// Seconds that a status post lives.
const STATUS_LIFE: i64 = 24 * 60 * 60;
/// Status posts sent at most.
const STATUSES: u32 = 200;

/// Older history of all chats, being sent.
struct Stream<'a> {
    phone: &'a Phone,
    book: &'a Book,
    carrier: Carrier<'a>,
    kind: Kind,
    /// Unix seconds; what is older is not sent.
    since: i64,
    bytes_left: u64,
    /// Messages to send, and sent.
    total: u64,
    sent: u64,
    order: u32,
}

impl Simulated {
    /// Tells a new companion the past that it wants.
    pub(in super::super) async fn send_history(
        &self,
        phone: &Phone,
        device: u16,
        device_props: &[u8],
    ) -> PortResult<()> {
        let wish = Wish::of(device_props);
        let book = self.book(phone).await?;
        let mut chats = self.conversations(phone, &book).await?;
        let carrier = Carrier { device, inline: wish.inline, request: None };
        let first = self.first_part(phone, &book, &mut chats, wish).await?;
        self.send_chunk(phone, carrier, first).await?;
        // only the first part goes inline
        let carrier = Carrier { inline: false, ..carrier };
        self.send_statuses(phone, &book, carrier).await?;
        self.send_names(phone, &book, carrier).await?;
        let kinds = [(Kind::RECENT, wish.recent, u64::MAX), (Kind::FULL, wish.everything, wish.most_bytes)];
        for (kind, back, bytes_left) in kinds.into_iter().take(1 + usize::from(wish.full)) {
            let (since, total) = (self.now() - back, 0);
            let stream =
                Stream { phone, book: &book, carrier, kind, since, bytes_left, total, sent: 0, order: 0 };
            self.send_older(stream, &mut chats).await?;
        }
        Ok(())
    }

    /// Every chat with its newest messages, the user's name, and who is who.
    async fn first_part(
        &self,
        phone: &Phone,
        book: &Book,
        chats: &mut [Chat],
        wish: Wish,
    ) -> PortResult<wa::HistorySync> {
        let mut conversations = Vec::with_capacity(chats.len());
        for chat in chats {
            let (conversation, _) = self.part_of(phone, book, chat, 0, wish.first_messages).await?;
            conversations.push(conversation);
        }
        let own = Mapping { pn: &phone.info.pn, lid: &phone.info.lid };
        let others = book.people.iter().filter(|(pn, _)| **pn != phone.info.pn);
        let others = others.map(|(pn, person)| Mapping { pn, lid: &person.lid });
        Ok(wa::HistorySync {
            sync_type: Kind::INITIAL_BOOTSTRAP,
            chunk_order: Some(1),
            progress: Some(100),
            conversations,
            pushnames: vec![name_of(&phone.info.pn, phone.push_name())],
            phone_number_to_lid_mappings: std::iter::once(own).chain(others).map(Mapping::proto).collect(),
            nct_salt: Some(phone.account().nct_salt().to_vec()),
            ..Default::default()
        })
    }

    /// The next messages of a chat, and how many bytes they have.
    async fn part_of(
        &self,
        phone: &Phone,
        book: &Book,
        chat: &mut Chat,
        since: i64,
        limit: u32,
    ) -> PortResult<(wa::Conversation, u64)> {
        let stretch = Stretch { chat: &chat.key, since, before: chat.next };
        let messages = self.store.past(phone.pn(), stretch, limit).await?;
        let mut conversation = chat.conversation.clone();
        let mut bytes = 0;
        for message in &messages {
            bytes += message.raw.len() as u64;
            conversation.messages.push(wa::HistorySyncMsg {
                message: book.web_message(message)?.into(),
                msg_order_id: Some(message.seq.cast_unsigned()),
            });
        }
        chat.next = messages.last().map_or(chat.next, Place::of);
        let rest = Stretch { chat: &chat.key, since: 0, before: chat.next };
        let more = self.store.count_past(phone.pn(), rest).await? > 0;
        close(&mut conversation, more, false);
        Ok((conversation, bytes))
    }

    /// Status posts that still live.
    async fn send_statuses(&self, phone: &Phone, book: &Book, carrier: Carrier<'_>) -> PortResult<()> {
        let stretch = Stretch { chat: STATUS, since: self.now() - STATUS_LIFE, before: Place::END };
        let posts = self.store.past(phone.pn(), stretch, STATUSES).await?;
        if posts.is_empty() {
            return Ok(());
        }
        let history = wa::HistorySync {
            sync_type: Kind::INITIAL_STATUS_V3,
            chunk_order: Some(1),
            progress: Some(100),
            status_v3_messages: posts.iter().map(|post| book.web_message(post)).collect::<Result<_, _>>()?,
            ..Default::default()
        };
        self.send_chunk(phone, carrier, history).await
    }

    /// The names that others have given themselves.
    async fn send_names(&self, phone: &Phone, book: &Book, carrier: Carrier<'_>) -> PortResult<()> {
        let others = book.people.iter().filter(|(number, _)| **number != phone.info.pn);
        let pushnames: Vec<_> =
            others.map(|(number, person)| name_of(number, person.push_name.clone())).collect();
        if pushnames.is_empty() {
            return Ok(());
        }
        let history = wa::HistorySync {
            sync_type: Kind::PUSH_NAME,
            chunk_order: Some(1),
            progress: Some(100),
            pushnames,
            ..Default::default()
        };
        self.send_chunk(phone, carrier, history).await
    }

    /// Sends what is older than what the companion has, piece by piece.
    async fn send_older(&self, mut stream: Stream<'_>, chats: &mut [Chat]) -> PortResult<()> {
        for chat in chats.iter() {
            let stretch = Stretch { chat: &chat.key, since: stream.since, before: chat.next };
            stream.total += self.store.count_past(stream.phone.pn(), stretch).await?;
        }
        let (mut piece, mut room) = (Vec::new(), PIECE);
        for chat in chats {
            loop {
                let (phone, book) = (stream.phone, stream.book);
                let (conversation, bytes) = self.part_of(phone, book, chat, stream.since, room).await?;
                let count = u32::try_from(conversation.messages.len()).unwrap_or(u32::MAX);
                if count == 0 {
                    break;
                }
                room = room.saturating_sub(count);
                stream.bytes_left = stream.bytes_left.saturating_sub(bytes);
                stream.sent += u64::from(count);
                piece.push(conversation);
                if stream.bytes_left == 0 {
                    return self.send_piece(&mut stream, piece).await;
                }
                if room > 0 {
                    break;
                }
                self.send_piece(&mut stream, std::mem::take(&mut piece)).await?;
                room = PIECE;
            }
        }
        if piece.is_empty() { Ok(()) } else { self.send_piece(&mut stream, piece).await }
    }

    async fn send_piece(
        &self,
        stream: &mut Stream<'_>,
        conversations: Vec<wa::Conversation>,
    ) -> PortResult<()> {
        stream.order += 1;
        let done = stream.sent >= stream.total || stream.bytes_left == 0;
        let percent = if done { 100 } else { stream.sent * 100 / stream.total.max(1) };
        let history = wa::HistorySync {
            sync_type: stream.kind,
            chunk_order: Some(stream.order),
            progress: u32::try_from(percent).ok(),
            conversations,
            ..Default::default()
        };
        self.send_chunk(stream.phone, stream.carrier, history).await
    }
}

fn name_of(pn: &str, push_name: String) -> wa::Pushname {
    wa::Pushname { id: Some(Jid::pn(pn).to_string()), pushname: Some(push_name) }
}

/// The two addresses of one account.
struct Mapping<'a> {
    pn: &'a str,
    lid: &'a str,
}

impl Mapping<'_> {
    fn proto(self) -> wa::PhoneNumberToLIDMapping {
        wa::PhoneNumberToLIDMapping {
            pn_jid: Some(Jid::pn(self.pn).to_string()),
            lid_jid: Some(Jid::lid(self.lid).to_string()),
        }
    }
}
