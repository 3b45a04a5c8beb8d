//! Making the file of an export.

use std::time::Duration;

use super::{Export, ExportState, MIME};
use crate::{
    Env,
    ports::{ByteStream, Exports, Objects, PortResult},
};

/// How often an export is begun before it is given up.
const ATTEMPTS: u32 = 20;

/// What making an export needs.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "ports have nothing to show")]
pub struct MakePorts<'a> {
    /// Exports on record.
    pub exports: &'a dyn Exports,
    /// S3.
    pub objects: &'a dyn Objects,
    /// How long the file is kept.
    pub kept: Duration,
}

/// A file that is written while it is read.
pub struct Making<'a> {
    /// The file.
    pub bytes: ByteStream,
    /// Tells how many lines are in it so far.
    pub lines: &'a (dyn Fn() -> u64 + Sync),
}

impl std::fmt::Debug for Making<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Making").field("lines", &(self.lines)()).finish_non_exhaustive()
    }
}

/// Makes the file of an export from its beginning, whatever an earlier attempt had written, and notes how that ended; the
/// cause of a failure is returned for the log. The file shows up in S3 when it is whole, and the export is done after that.
///
/// # Errors
/// When the record fails; another attempt follows.
pub async fn make(
    env: &Env,
    ports: MakePorts<'_>,
    export: Export,
    making: Making<'_>,
) -> PortResult<(Export, Option<String>)> {
    if export.attempts >= ATTEMPTS {
        let ended = given_up(env, ports, export);
        ports.exports.update(&ended).await?;
        return Ok((ended, Some("every attempt broke off".to_owned())));
    }
    let begun = Export {
        state: ExportState::Running,
        attempts: export.attempts + 1,
        lines: 0,
        failure: None,
        ..export
    };
    if !ports.exports.update(&begun).await? {
        return Ok((begun, None));
    }
    let put = ports.objects.put(&begun.object_key(), MIME, making.bytes, u64::MAX).await;
    let lines = (making.lines)();
    let (ended, cause) = match put {
        Ok(stored) => (Export { lines, bytes: stored.size, ..done(env, ports, begun) }, None),
        Err(error) => (given_up(env, ports, Export { lines, ..begun }), Some(error.to_string())),
    };
    ports.exports.update(&ended).await?;
    Ok((ended, cause))
}

fn done(env: &Env, ports: MakePorts<'_>, export: Export) -> Export {
    let now = env.now();
    Export { state: ExportState::Done, ended_at: Some(now), expires_at: Some(now.plus(ports.kept)), ..export }
}

fn given_up(env: &Env, ports: MakePorts<'_>, mut export: Export) -> Export {
    export.failure = Some("a part of the gateway was away while the file was written".to_owned());
    export.state = ExportState::Waiting;
    if export.attempts >= ATTEMPTS {
        let now = env.now();
        export.state = ExportState::Failed;
        (export.ended_at, export.expires_at) = (Some(now), Some(now.plus(ports.kept)));
    }
    export
}
