//! The bytes before the first frame: an optional edge-routing prefix
//! (`45 44 00 01`, 3-byte length, routing bytes) and the 4-byte header `57 41 06 <dictionary>`.

use bytes::{Buf, BytesMut};

const EDGE_MAGIC: [u8; 4] = *b"ED\x00\x01";
const HEADER_START: [u8; 3] = [b'W', b'A', 6];
/// Routing bytes are a few dozen in practice; more is not a client.
const MAX_ROUTING: usize = 4096;

/// Dictionary a client announced in the last byte of its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dictionary {
    /// `02`: the older token tables.
    V2,
    /// `03`: the tables of `wacore-binary`.
    V3,
}

/// The header as received; it is also the Noise prologue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) bytes: [u8; 4],
    pub(crate) dictionary: Dictionary,
}

/// Why the start of a stream is not one of a WhatsApp client.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum PrologueError {
    #[error("stream does not start with the WA header")]
    Magic,
    #[error("unknown dictionary {0}")]
    Dictionary(u8),
    #[error("edge routing prefix of {0} bytes is too long")]
    Routing(usize),
}

/// Takes prefix and header off `buffer`; `None` means more bytes are needed.
pub(crate) fn take_header(buffer: &mut BytesMut) -> Result<Option<Header>, PrologueError> {
    let known = buffer.len().min(EDGE_MAGIC.len());
    let skip = if known > 0 && buffer[..known] == EDGE_MAGIC[..known] {
        if buffer.len() < 7 {
            return Ok(None);
        }
        let length = usize::from(buffer[4]) << 16 | usize::from(buffer[5]) << 8 | usize::from(buffer[6]);
        if length > MAX_ROUTING {
            return Err(PrologueError::Routing(length));
        }
        7 + length
    } else {
        0
    };
    let header = buffer.get(skip..).unwrap_or_default();
    let known = header.len().min(HEADER_START.len());
    if header[..known] != HEADER_START[..known] {
        return Err(PrologueError::Magic);
    }
    let Some(bytes) = header.first_chunk::<4>().copied() else {
        return Ok(None);
    };
    let dictionary = match bytes[3] {
        2 => Dictionary::V2,
        3 => Dictionary::V3,
        other => return Err(PrologueError::Dictionary(other)),
    };
    buffer.advance(skip + 4);
    Ok(Some(Header { bytes, dictionary }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(bytes: &[u8]) -> (Result<Option<Header>, PrologueError>, usize) {
        let mut buffer = BytesMut::from(bytes);
        let result = take_header(&mut buffer);
        (result, buffer.len())
    }

    #[test]
    fn plain_headers_name_their_dictionary() {
        let (header, left) = take(b"WA\x06\x03rest");
        assert_eq!(header.unwrap().unwrap().dictionary, Dictionary::V3);
        assert_eq!(left, 4);
        let (header, _) = take(b"WA\x06\x02");
        assert_eq!(header.unwrap().unwrap().bytes, *b"WA\x06\x02");
    }

    #[test]
    fn the_edge_prefix_is_skipped_however_it_is_split() {
        let whole = b"ED\x00\x01\x00\x00\x03abcWA\x06\x03";
        for cut in 0..whole.len() {
            let (header, left) = take(&whole[..cut]);
            assert_eq!(header, Ok(None), "cut at {cut}");
            assert_eq!(left, cut);
        }
        let (header, left) = take(whole);
        assert!(header.unwrap().is_some());
        assert_eq!(left, 0);
    }

    #[test]
    fn anything_else_is_refused() {
        assert_eq!(take(b"GET /").0, Err(PrologueError::Magic));
        assert_eq!(take(b"WA\x06\x04").0, Err(PrologueError::Dictionary(4)));
        assert_eq!(take(b"ED\x00\x01\xff\xff\xff").0, Err(PrologueError::Routing(0xff_ffff)));
    }
}
