//! The signatures of checkpoints: those by trusted keys have to be right, and one of them has to be there.

use veritable_log::note::{KeyKind, Note, Untrusted, VerifierKey};

use super::super::kept::{self, Stored};
use crate::log::trees::as_extension;
use crate::pg::oid::Oid;
use crate::pg::report::{Class, Result};
use crate::pg::spi::Session;
use crate::table::faults::{Faults, Place};

/// The trusted keys. A key that cannot be read is a fault.
fn keys(session: &Session, target: Oid, faults: &mut Faults) -> Result<Vec<VerifierKey>> {
    match as_extension(|| kept::keys(session, target)) {
        Ok(keys) => Ok(keys.into_iter().map(|(key, _)| key).collect()),
        Err(error) if error.class() == Class::Corrupted => {
            faults.unread(target, &format!("The keys cannot be read: {}.", error.message()));
            Ok(Vec::new())
        }
        Err(error) => Err(error),
    }
}

/// Judges the signatures of a note; `None` for a checkpoint without signatures.
pub fn of_note(session: &Session, target: Oid, note: Option<&Note>, faults: &mut Faults) -> Result<()> {
    let keys = keys(session, target, faults)?;
    if keys.is_empty() {
        return Ok(());
    }
    let verdict = note.map_or_else(|| Err("The checkpoint is not signed.".to_string()), |note| judge(note, &keys));
    verdict.or_else(|detail| untrusted(target, &detail, faults))
}

/// Judges the newest of these notes that has a signature by a trusted key: a checkpoint is made first, and signed then.
pub fn of_newest(session: &Session, target: Oid, notes: &[Stored], faults: &mut Faults) -> Result<()> {
    let keys = keys(session, target, faults)?;
    if keys.is_empty() {
        return Ok(());
    }
    let signed = notes.iter().filter_map(|stored| Note::read(stored.note.as_bytes()).ok());
    let known =
        signed.filter(|note| !matches!(note.verify(&keys), Err(Untrusted::Unknown))).map(|note| judge(&note, &keys));
    let verdict = { known }.next();
    let none = || Err("No checkpoint of the log has a signature by a trusted key.".to_string());
    verdict.unwrap_or_else(none).or_else(|detail| untrusted(target, &detail, faults))
}

fn judge(note: &Note, keys: &[VerifierKey]) -> std::result::Result<(), String> {
    let verified = note.verify(keys).map_err(|reason| reason.to_string())?;
    let is_of_log = |key: &VerifierKey| key.kind() == KeyKind::Ed25519;
    // A witness states that a log is consistent, and not that it is the log.
    if keys.iter().any(is_of_log) && !verified.iter().any(|verified| is_of_log(verified.key)) {
        return Err("No key of the log has signed the checkpoint.".to_string());
    }
    Ok(())
}

fn untrusted(target: Oid, detail: &str, faults: &mut Faults) -> Result<()> {
    faults.put(target, None, Place::Nowhere, "untrusted", detail);
    Ok(())
}
