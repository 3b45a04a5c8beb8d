//! Temporary files.

use std::{
    fs::File,
    io::{Read, Result},
    os::unix::fs::FileExt,
    path::Path,
    sync::Arc,
};

use wacore::upload::UploadSource;

/// A file without a name: gone when closed, even after a crash.
pub(super) fn nameless(dir: &Path) -> Result<File> {
    tempfile::tempfile_in(dir)
}

/// An encrypted file that can be read more than once and from anywhere.
pub(super) struct Spooled {
    file: Arc<File>,
    length: u64,
}

impl Spooled {
    pub(super) fn new(file: File) -> Result<Self> {
        let length = file.metadata()?.len();
        Ok(Self { file: Arc::new(file), length })
    }
}

impl UploadSource for Spooled {
    fn len(&self) -> u64 {
        self.length
    }

    fn reader_from(&self, offset: u64) -> Result<Box<dyn Read + Send>> {
        Ok(Box::new(Positioned { file: Arc::clone(&self.file), offset }))
    }
}

/// A reader with a position of its own, so that several attempts do not disturb each other.
struct Positioned {
    file: Arc<File>,
    offset: u64,
}

impl Read for Positioned {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let read = self.file.read_at(buffer, self.offset)?;
        self.offset += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn readers_start_where_they_are_told_and_do_not_disturb_each_other() {
        let mut file = nameless(&std::env::temp_dir()).unwrap();
        file.write_all(b"0123456789").unwrap();
        let spooled = Spooled::new(file).unwrap();
        assert_eq!(spooled.len(), 10);
        let mut first = spooled.reader_from(0).unwrap();
        let mut head = [0; 4];
        first.read_exact(&mut head).unwrap();
        let mut tail = String::new();
        spooled.reader_from(7).unwrap().read_to_string(&mut tail).unwrap();
        let mut rest = String::new();
        first.read_to_string(&mut rest).unwrap();
        assert_eq!((&head, tail.as_str(), rest.as_str()), (b"0123", "789", "456789"));
    }
}
