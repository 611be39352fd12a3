//! `trust_key()`, `distrust_key()` and `add_signature()`: whose signatures count, and signatures made elsewhere.

use veritable_log::note::{KeyKind, Note, Signature, VerifierKey};

use super::checkpoint::{hold, read};
use super::kept::{self, Stored, signed};
use crate::log::found::Found;
use crate::log::trees::{self, as_extension};
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::snapshot::Latest;
use crate::pg::spi::{self, Session};
use crate::pg::{role, transaction};
use crate::table::journal;

sql_function! {
    /// `trust_key(regclass, text, boolean) → void`
    veritable_trust_key = trust_key
}
sql_function! {
    /// `distrust_key(regclass, text) → void`
    veritable_distrust_key = distrust_key
}
sql_function! {
    /// `add_signature(regclass, text) → text`
    veritable_add_signature = add_signature
}

/// The most trusted keys of a log: a note has as many signatures.
const KEYS_MAX: usize = veritable_log::note::SIGNATURES_MAX;

/// Opens a log that the caller owns, and runs `body` while no other session changes the log's tree and keys.
fn change<T>(call: &Call, function: &str, body: impl FnOnce(&Session, &Relation, &Found) -> Result<T>) -> Result<T> {
    let target = call.oid(0).ok_or_else(|| Error::null_argument("target"))?;
    let relation = Relation::open_owned(target, Lock::AccessShare)?;
    relation.require_table()?;
    transaction::require_write(function)?;
    spi::connect(|session| {
        let found = Found::of(&relation, |root| format!("SELECT {function}({root}, …);"))?;
        trees::claim(session, &relation, &found)?;
        hold(target);
        Latest::during(|_| body(session, &relation, &found))
    })
}

fn trust_key(call: &Call) -> Result<Answer> {
    let signs = call.boolean(2).ok_or_else(|| Error::null_argument("signs"))?;
    let text = call.text(1)?.ok_or_else(|| Error::null_argument("vkey"))?;
    change(call, "trust_key", |session, relation, found| {
        let key = VerifierKey::read(text)
            .map_err(|reason| Error::new(Class::Argument, "not a verifier key").detail(reason.to_string()))?;
        match key.kind() {
            KeyKind::Ed25519 if key.name().as_str() != found.log.origin => {
                return Err(Error::new(Class::Argument, "the name of the key is not the origin of the log")
                    .detail(format!("The key is that of \"{}\", and the log is \"{}\".", key.name(), found.log.origin))
                    .hint("Only the cosignature key of a witness has a name of its own."));
            }
            KeyKind::Cosignature if signs => {
                return Err(Error::new(Class::Argument, "a witness does not sign in the server"));
            }
            KeyKind::Ed25519 | KeyKind::Cosignature => {}
        }
        // Otherwise any owner of a table could have the key of the server sign.
        if signs && !role::is_superuser() {
            return Err(Error::new(Class::Privilege, "permission denied to let the key of the server sign")
                .hint("Only a superuser can trust a key with signs."));
        }
        let target = relation.oid();
        as_extension(|| {
            let trusted = kept::keys(session, target)?;
            if trusted.len() >= KEYS_MAX && !trusted.iter().any(|(trusted, _)| *trusted == key) {
                return Err(Error::new(Class::Limit, format!("a log has at most {KEYS_MAX} trusted keys")));
            }
            session.run(
                "INSERT INTO veritable.log_keys (target, vkey, signs) VALUES ($1::pg_catalog.oid, $2, $3)
                 ON CONFLICT (target, vkey) DO UPDATE SET signs = excluded.signs",
                &[target.into(), key.to_string().into(), signs.into()],
            )
        })?;
        let detail = format!("{{\"key\": {}, \"signs\": {signs}}}", journal::json_string(&key.to_string()));
        journal::record(session, &relation.stable_name(), "trust_key", None, Some(&detail))
    })?;
    Ok(Answer::VOID)
}

fn distrust_key(call: &Call) -> Result<Answer> {
    let text = call.text(1)?.ok_or_else(|| Error::null_argument("vkey"))?;
    change(call, "distrust_key", |session, relation, _| {
        let target = relation.oid();
        let gone = as_extension(|| {
            let sql = "DELETE FROM veritable.log_keys WHERE target = $1::pg_catalog.oid AND vkey = $2";
            session.run(sql, &[target.into(), text.into()])
        })?;
        if gone == 0 {
            return Err(Error::new(
                Class::UndefinedObject,
                format!("the log of table \"{}\" does not trust this key", relation.name()),
            ));
        }
        let detail = format!("{{\"key\": {}}}", journal::json_string(text));
        journal::record(session, &relation.stable_name(), "distrust_key", None, Some(&detail))
    })?;
    Ok(Answer::VOID)
}

fn add_signature(call: &Call) -> Result<Answer> {
    let text = call.text(1)?.ok_or_else(|| Error::null_argument("note"))?;
    let merged = change(call, "add_signature", |session, relation, _| {
        let target = relation.oid();
        let (checkpoint, note) = read(text)?;
        let note = note.ok_or_else(|| Error::new(Class::Argument, "the checkpoint has no signature"))?;
        let (stored, keys) =
            as_extension(|| Ok((kept::of_size(session, target, checkpoint.size())?, kept::keys(session, target)?)))?;
        let says_the_same = |stored: &Stored| read(&stored.note).is_ok_and(|(stored, _)| stored == checkpoint);
        let Some(stored) = stored.filter(says_the_same) else {
            return Err(Error::new(Class::Argument, "the note is not a checkpoint of this log")
                .hint("Sign exactly the text that checkpoint() returns."));
        };
        let known: Vec<VerifierKey> = keys.into_iter().map(|(key, _)| key).collect();
        note.verify(&known)
            .map_err(|reason| Error::new(Class::Argument, "the signature is not trusted").detail(reason.to_string()))?;
        let merged = merge(&stored.note, &note, &known)?.to_string();
        store(session, target, checkpoint.size(), &merged)?;
        Ok(merged)
    })?;
    Ok(merged.into())
}

/// The stored note with the new signatures by known keys. A key that has signed before has signed anew: a witness states
/// another time.
fn merge(stored: &str, note: &Note, known: &[VerifierKey]) -> Result<Note> {
    let by = |signature: &Signature, key: &VerifierKey| (signature.name(), signature.id()) == (key.name(), key.id());
    let is_known = |signature: &&Signature| known.iter().any(|key| by(signature, key));
    let new: Vec<&Signature> = note.signatures().iter().filter(is_known).collect();
    let stored = Note::read(stored.as_bytes()).ok();
    let is_older =
        |signature: &&Signature| !new.iter().any(|new| (new.name(), new.id()) == (signature.name(), signature.id()));
    let kept = stored.iter().flat_map(Note::signatures).filter(is_older);
    let mut all = kept.chain(new.iter().copied()).cloned();
    let unmergeable = |reason: veritable_log::note::NoteError| {
        Error::new(Class::Limit, "the signatures cannot be one note").detail(reason.to_string())
    };
    let first = all.next().ok_or_else(|| Error::damaged("the signatures of a note"))?;
    let first = Note::new(note.text(), first).map_err(unmergeable)?;
    all.try_fold(first, |note, signature| note.with(signature).map_err(unmergeable))
}

fn store(session: &Session, target: Oid, size: u64, note: &str) -> Result<()> {
    as_extension(|| {
        let sql = "UPDATE veritable.notes SET note = $3 WHERE target = $1::pg_catalog.oid AND size = $2";
        session.run(sql, &[target.into(), signed(size).into(), note.into()]).map(drop)
    })
}
