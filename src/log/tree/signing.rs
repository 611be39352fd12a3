//! The signing key of the server: a file that a superuser names, for logs that a superuser has chosen.

use std::path::Path;

use veritable_log::note::SigningKey;

use super::kept;
use crate::log::trees::as_extension;
use crate::pg::guc::{Description, Text};
use crate::pg::oid::Oid;
use crate::pg::private_file;
use crate::pg::report::{Class, Error, Result, notice};
use crate::pg::spi::Session;

static KEY_FILE: Text = Text::empty();

/// Defines the setting when the library is loaded.
pub fn define_setting() {
    KEY_FILE.define(Description {
        name: c"veritable.signing_key_file",
        short: c"Names the file of the key that signs the checkpoints of logs.",
        long: c"An absolute path. The file has one line, a key as Go's sumdb/note writes it, and must not be readable by others. \
                Signs for logs whose trusted key has signs, and is this key.",
    });
}

/// The key that signs the checkpoints of a log, if there is one.
pub fn key(session: &Session, target: Oid) -> Result<Option<SigningKey>> {
    let keys = as_extension(|| kept::keys(session, target))?;
    let mut signing = keys.into_iter().filter(|(_, signs)| *signs).map(|(key, _)| key).peekable();
    if signing.peek().is_none() {
        return Ok(None);
    }
    let Some(path) = KEY_FILE.get() else {
        notice("the checkpoint is not signed: veritable.signing_key_file is not set".to_string());
        return Ok(None);
    };
    let key = read(&path)?;
    let verifier = key.verifier();
    if signing.any(|trusted| trusted == verifier) {
        return Ok(Some(key));
    }
    notice(
        "the checkpoint is not signed: the key of veritable.signing_key_file is not one that signs for this log"
            .to_string(),
    );
    Ok(None)
}

/// Reads the key. The owner of a table may see the error, and must not see the path.
fn read(path: &str) -> Result<SigningKey> {
    let unusable = |reason: String| {
        Error::new(Class::State, "the file of veritable.signing_key_file cannot be used")
            .detail(reason)
            .hint("A superuser can correct the file, or set veritable.signing_key_file to an empty string.")
    };
    let contents = private_file::read(Path::new(path)).map_err(unusable)?;
    let text = std::str::from_utf8(&contents).map_err(|_| unusable("The file is not a line of text.".to_string()))?;
    let line = text.strip_suffix('\n').unwrap_or(text);
    SigningKey::read(line.strip_suffix('\r').unwrap_or(line)).map_err(|reason| unusable(reason.to_string()))
}
