//! Where a server keeps its files and its socket.

use std::{
    fs::{self, DirBuilder, File, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use super::ChildError;

/// Longest path of a unix socket that works everywhere (macOS: 104 bytes with the closing NUL).
const MAX_SOCKET_PATH: usize = 100;

/// The directory of a server and the path of its socket.
#[derive(Debug, Clone)]
pub(super) struct Place {
    dir: PathBuf,
    socket: PathBuf,
}

impl Place {
    /// Makes the directories.
    pub(super) fn prepare(data_dir: &Path) -> Result<Self, ChildError> {
        let wanted = data_dir.join("redis");
        let usable = |source| ChildError::Files { place: wanted.display().to_string(), source };
        private_dir(&wanted).map_err(usable)?;
        let dir = wanted.canonicalize().map_err(usable)?;
        let socket = dir.join("redis.sock");
        if socket.as_os_str().len() <= MAX_SOCKET_PATH {
            return Ok(Self { dir, socket });
        }
        // the same short name at every start, so that a server of an earlier run is found again
        let hash = hex::encode(Sha256::digest(dir.as_os_str().as_encoded_bytes()));
        let short = PathBuf::from(format!("/tmp/wagate-{}", &hash[..16]));
        let usable = |source| ChildError::Files { place: short.display().to_string(), source };
        private_dir(&short).map_err(usable)?;
        owned_alike(&short, &dir).map_err(usable)?;
        Ok(Self { dir, socket: short.join("redis.sock") })
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn socket(&self) -> &Path {
        &self.socket
    }

    pub(super) fn pid_file(&self) -> PathBuf {
        self.dir.join("redis.pid")
    }

    pub(super) fn url(&self) -> String {
        format!("redis+unix://{}", self.socket.display())
    }

    /// Takes the directory for this process. The lock ends with the process, even a killed one.
    pub(super) fn lock(&self) -> Result<File, ChildError> {
        let path = self.dir.join("lock");
        let usable = |source| ChildError::Files { place: path.display().to_string(), source };
        let file = File::create(&path).map_err(usable)?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(ChildError::InUse(self.dir.display().to_string())),
            Err(TryLockError::Error(source)) => Err(usable(source)),
        }
    }
}

fn private_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

// /tmp is everybody's: a directory somebody else put there is not ours to use
fn owned_alike(dir: &Path, like: &Path) -> io::Result<()> {
    let (dir, like) = (fs::symlink_metadata(dir)?, fs::metadata(like)?);
    if dir.is_dir() && dir.uid() == like.uid() && dir.mode() & 0o077 == 0 {
        Ok(())
    } else {
        Err(io::Error::new(io::ErrorKind::PermissionDenied, "it belongs to somebody else"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_socket_has_a_path_that_works_however_deep_the_data_is() {
        let root = tempfile::tempdir().unwrap();
        let near = Place::prepare(root.path()).unwrap();
        assert!(near.socket().starts_with(near.dir()));
        let deep = root.path().join("d".repeat(60)).join("e".repeat(60));
        let far = Place::prepare(&deep).unwrap();
        assert!(far.socket().as_os_str().len() <= MAX_SOCKET_PATH, "{:?}", far.socket());
        assert_eq!(Place::prepare(&deep).unwrap().socket(), far.socket());
        fs::remove_dir(far.socket().parent().unwrap()).unwrap();
    }

    #[test]
    fn only_one_process_has_the_files() {
        let root = tempfile::tempdir().unwrap();
        let place = Place::prepare(root.path()).unwrap();
        let lock = place.lock().unwrap();
        assert!(matches!(place.lock(), Err(ChildError::InUse(_))));
        drop(lock);
        place.lock().unwrap();
    }
}
