//! `checkpoint()`: adds the settled events to the tree, and says what the tree is now.

use veritable_log::checkpoint::{Checkpoint, SignedCheckpoint};
use veritable_log::note::Note;
use veritable_log::places::Place;
use veritable_log::tree::NodeHash;
use veritable_log::{Name, note};

use super::events::Events;
use super::grow::Growing;
use super::kept::{self, Stored, signed};
use super::{pruned, signing};
use crate::log::found::Found;
use crate::log::trees::{self, as_extension};
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::lock::{self, Key, Kind, Mode};
use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::snapshot::Latest;
use crate::pg::spi::{self, Session};
use crate::pg::transaction;

sql_function! {
    /// `checkpoint(regclass) → text`
    veritable_checkpoint = checkpoint
}

fn checkpoint(call: &Call) -> Result<Answer> {
    let target = call.oid(0).ok_or_else(|| Error::null_argument("target"))?;
    let relation = Relation::open_owned(target, Lock::AccessShare)?;
    relation.require_table()?;
    transaction::require_write("checkpoint")?;
    let note = spi::connect(|session| {
        let found = Found::of(&relation, |root| format!("SELECT checkpoint({root});"))?;
        trees::claim(session, &relation, &found)?;
        hold(target);
        // Before the snapshot, which then sees all events up to here. And the snapshot is after the lock: it sees the tree of
        // whoever had the lock before.
        let settled = found.extent()?.settled;
        Latest::during(|_| extend(session, &relation, &found, settled, None))
    })?;
    // An event that somebody keeps a checkpoint of must not be lost by a crash.
    transaction::make_durable();
    Ok(note.into())
}

/// Keeps other sessions from changing the tree and the notes of a log, until the end of the transaction.
pub fn hold(target: Oid) {
    lock::acquire(Key { kind: Kind::Tree, relation: target, hash: 0 }, Mode::Exclusive, true);
}

/// Adds the events up to the settled position to the tree, and those of another table that was a partition.
pub fn extend(
    session: &Session,
    relation: &Relation,
    found: &Found,
    settled: i64,
    also: Option<&Relation>,
) -> Result<String> {
    let target = relation.oid();
    let (mut tree, newest, position) = as_extension(|| {
        let state = kept::state(session, target)?.ok_or_else(|| Error::damaged("veritable.trees"))?;
        let newest = kept::newest(session, target, 0, 1)?.into_iter().next();
        Ok((Growing::resume(session, target, state.size)?, newest, state.position))
    })?;
    check_fits(&tree, newest.as_ref())?;
    let size = tree.size();
    if settled > position || size == 0 {
        let events = Events::of(relation, found)?;
        let after = if size == 0 { i64::MIN } else { position };
        pruned::each_batch(session, &events, (relation, also), found, (after, settled), |batch| {
            as_extension(|| {
                for event in batch {
                    let event = event?;
                    tree.push(&event.hash, Place { position: event.position, is_first: event.is_first })?;
                }
                Ok(())
            })
        })?;
    }
    let origin = Name::new(&found.log.origin)
        .map_err(|reason| Error::new(Class::State, "the origin of the log is no name").detail(reason.to_string()))?;
    let body = Checkpoint::new(origin, tree.size(), tree.root())
        .map_err(|reason| Error::new(Class::Limit, "the log is too large").detail(reason.to_string()))?
        .to_string();
    let key = signing::key(session, target)?;
    let newest = newest.filter(|newest| newest.size == tree.size());
    let note = note_of(&body, newest.as_ref(), key.as_ref())?;
    if newest.is_none_or(|newest| newest.note != note) {
        as_extension(|| {
            if tree.size() > size {
                tree.finish()?;
            }
            let position = if tree.size() > size { tree.last() } else { position };
            store(session, target, (&tree.root(), tree.size()), position, &note)
        })?;
    }
    Ok(note)
}

/// Refuses to go on from tiles that do not give the root of the newest checkpoint: the log would sign two states that are
/// inconsistent.
fn check_fits(tree: &Growing, newest: Option<&Stored>) -> Result<()> {
    let fits = match newest {
        Some(newest) => newest.size == tree.size() && newest.root == Some(tree.root()),
        None => tree.size() == 0,
    };
    if fits {
        return Ok(());
    }
    Err(Error::new(Class::State, "the tree of the log does not fit its newest checkpoint")
        .detail("A log never states two checkpoints that are inconsistent.")
        .hint("SELECT * FROM verify_log() says what is there."))
}

/// The checkpoint with the signatures that it has, and that of the key.
fn note_of(body: &str, newest: Option<&Stored>, key: Option<&note::SigningKey>) -> Result<String> {
    let kept = newest.map_or(body, |newest| newest.note.as_str());
    let Some(key) = key else { return Ok(kept.to_string()) };
    let unsignable = |reason: String| Error::new(Class::State, "the checkpoint cannot be signed").detail(reason);
    let own = key.sign(body).map_err(|reason| unsignable(reason.to_string()))?;
    if kept == body {
        return Ok(own.to_string());
    }
    let kept = Note::read(kept.as_bytes()).map_err(|reason| unsignable(reason.to_string()))?;
    Ok(kept.merge(own).map_err(|reason| unsignable(reason.to_string()))?.to_string())
}

fn store(session: &Session, target: Oid, (root, size): (&NodeHash, u64), position: i64, note: &str) -> Result<()> {
    let stored: [spi::Parameter; 5] =
        [target.into(), signed(size).into(), root.as_bytes().as_slice().into(), position.into(), note.into()];
    session.run(
        "INSERT INTO veritable.notes (target, size, root, position, at, note)
         VALUES ($1::pg_catalog.oid, $2, $3, $4, pg_catalog.clock_timestamp(), $5)
         ON CONFLICT (target, size) DO UPDATE SET note = excluded.note",
        &stored,
    )?;
    let sql = "UPDATE veritable.trees SET size = $2, position = $3 WHERE target = $1::pg_catalog.oid";
    session.run(sql, &[target.into(), signed(size).into(), position.into()]).map(drop)
}

/// What a checkpoint says, signed or not, in at most [`note::LENGTH_MAX`] bytes. A text without its last line feed, as a shell
/// takes it out of a file, is read as if it had one.
pub fn read(note: &str) -> Result<(Checkpoint, Option<Note>)> {
    let invalid =
        |reason: &dyn std::fmt::Display| Error::new(Class::Argument, "not a checkpoint").detail(reason.to_string());
    // Before the text is copied.
    if note.len() > note::LENGTH_MAX {
        return Err(invalid(&note::NoteError::TooLong));
    }
    let text = if note.ends_with('\n') { note.to_string() } else { format!("{note}\n") };
    if text.contains("\n\n") {
        let note = SignedCheckpoint::read(text.as_bytes()).map_err(|reason| invalid(&reason))?;
        return Ok((note.checkpoint().clone(), Some(note.note().clone())));
    }
    Ok((Checkpoint::read(&text).map_err(|reason| invalid(&reason))?, None))
}
