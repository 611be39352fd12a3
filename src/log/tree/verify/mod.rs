//! `verify_log()`: whether a table is what a checkpoint says.
//!
//! 1. The note is read, and its signatures are verified (`trust`).
//! 2. The tree is rebuilt from its leaves (`tiles`): the tiles above have to be those, and the roots those of the notes.
//! 3. The table is compared with the leaves: first in no order (`sum`), in parallel. Only if something differs, events are read
//!    in order, and named (`table`).
//!
//! All of it reads with one snapshot. Nothing of the log is trusted: what is kept proves itself against the note, the table is
//! read without indexes, and what cannot be read is a fault.

mod merge;
mod table;
mod tiles;
mod trust;

use veritable_log::checkpoint::Checkpoint;
use veritable_log::note::Note;

use super::checkpoint::read;
use super::kept::{self, State, Stored};
use crate::chain::pruned::Pruned;
use crate::chain::verdict::Verdict;
use crate::log::found::Found;
use crate::log::trees::as_extension;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::oid::Oid;
use crate::pg::random;
use crate::pg::relation::Relation;
use crate::pg::report::{Class, Error, Result, number};
use crate::pg::snapshot::Latest;
use crate::pg::spi::{self, Fetched, Session};
use crate::table::audit::Beside;
use crate::table::faults::{Faults, Place};
use crate::table::feature::Feature;
use crate::table::verification;
use table::Table;
use tiles::{Ends, Tree};

sql_function! {
    /// `verify_log(regclass, text) → set of faults`
    veritable_verify_log = verify_log
}

/// Logs, as verification describes them. They have no triggers: those of the chain give the positions.
static FEATURE: Feature = Feature {
    name: "log",
    participle: "logged",
    verb: "log",
    verified_by: "verify_log",
    counts: ("event", None),
    functions: &[],
    parts: &[],
    fills: &[],
    late: None,
    no_children: None,
};

/// The logs that have a checkpoint, for verify_all().
pub const BESIDE: Beside =
    Beside { feature: &FEATURE, tables: with_checkpoint, verify: |relation, faults| judge(relation, None, faults) };

/// So many of the newest checkpoints are compared with the tree.
const NOTES_MAX: i64 = 1000;

fn verify_log(call: &Call) -> Result<Answer> {
    let target = call.oid(0).ok_or_else(|| Error::null_argument("target"))?;
    let note = call.text(1)?.map(read).transpose()?;
    let mut faults = Faults::answer_in_order(call.rows());
    let mut verify = |relation: &Relation, faults: &mut Faults| judge(relation, note.clone(), faults);
    verification::one(target, &FEATURE, &mut faults, &mut verify)?;
    faults.tables = 1;
    faults.close(&faults.verified(&FEATURE));
    Ok(Answer::NULL)
}

fn with_checkpoint() -> Result<Vec<verification::Table>> {
    let table =
        |row: Fetched| Some(verification::Table { oid: row.get(0)?, name: row.get(1)?, is_of_other_session: false });
    Latest::during(|_| {
        spi::connect(|session| {
            as_extension(|| {
                let found = session.query_as_caller(
                    "SELECT c.oid, c.relname::pg_catalog.text
                     FROM veritable.trees t JOIN pg_catalog.pg_class c ON c.oid = t.target
                     WHERE EXISTS (SELECT FROM veritable.notes n WHERE n.target = t.target)
                     ORDER BY c.oid",
                    &[],
                )?;
                found.rows().map(|row| table(row).ok_or_else(|| Error::damaged("veritable.trees"))).collect()
            })
        })
    })
}

/// A checkpoint, and its note if it is signed.
type Given = (Checkpoint, Option<Note>);

/// What the extension keeps of the log.
struct Kept {
    state: Option<State>,
    notes: Vec<Stored>,
}

/// Compares a table with a checkpoint, by default the newest one that is kept. The caller's privileges have been checked.
fn judge(relation: &Relation, given: Option<Given>, faults: &mut Faults) -> Result<()> {
    let target = relation.oid();
    faults.tables += 1;
    let found = Found::of(relation, |root| format!("SELECT * FROM verify_log({root});"));
    let Some(found) = verification::configuration(&FEATURE, faults, target, found)? else { return Ok(()) };
    // An older snapshot may see another tree than the newest note is about.
    Latest::during(|_| {
        spi::connect(|session| {
            let kept = as_extension(|| {
                Ok(Kept { state: kept::state(session, target)?, notes: kept::newest(session, target, 0, NOTES_MAX)? })
            })?;
            let is_given = given.is_some();
            let checkpoint = match given {
                Some((checkpoint, note)) => {
                    check_origin(&checkpoint, &kept, &found)?;
                    trust::of_note(session, target, note.as_ref(), faults)?;
                    checkpoint
                }
                None => {
                    let Some(newest) = kept.notes.first() else { return Err(without(relation)) };
                    let Ok((checkpoint, _)) = read(&newest.note) else {
                        forged(target, faults, "The newest checkpoint cannot be read.");
                        return Ok(());
                    };
                    trust::of_newest(session, target, &kept.notes, faults)?;
                    checkpoint
                }
            };
            if kept.state.as_ref().is_some_and(|state| state.origin != found.log.origin) {
                faults.unread(target, "The triggers name another origin than the one under which the log is known.");
            }
            compare(session, relation, &found, &kept, (&checkpoint, is_given), faults)
        })
    })
}

/// The error of a log without checkpoints.
fn without(relation: &Relation) -> Error {
    Error::new(Class::State, format!("log of table \"{}\" has no checkpoint", relation.name()))
        .hint(format!("SELECT checkpoint({});", relation.stable_literal()))
}

fn check_origin(checkpoint: &Checkpoint, kept: &Kept, found: &Found) -> Result<()> {
    let origin = kept.state.as_ref().map_or(&found.log.origin, |state| &state.origin);
    if checkpoint.origin().as_str() == origin {
        return Ok(());
    }
    Err(Error::new(Class::Argument, "the checkpoint is that of another log")
        .detail(format!("The checkpoint is of \"{}\", and the log is \"{origin}\".", checkpoint.origin())))
}

/// Compares the tree with the checkpoint and the notes, and the table with the tree.
fn compare(
    session: &Session,
    relation: &Relation,
    found: &Found,
    kept: &Kept,
    (checkpoint, is_given): (&Checkpoint, bool),
    faults: &mut Faults,
) -> Result<()> {
    let (target, size) = (relation.oid(), checkpoint.size());
    let key: [u8; 16] = random::bytes()?;
    let mut verdict = Verdict { faults };
    let pruned = Pruned::of(session, target, found.arguments.genesis()?, &mut verdict)?;
    let mut ends = Ends::default();
    if let Some(pruned) = &pruned {
        let amount = pruned.each_end(session, |through, events| ends.add(through.as_bytes(), events))?;
        pruned.tell(session, amount, &mut verdict)?;
    }
    let tree = as_extension(|| Tree::rebuild(session, target, (kept.state.as_ref(), &kept.notes), size, &key, ends))?;
    tree.forged.iter().for_each(|detail| forged(target, faults, detail));
    let table = Table { session, relation, found };
    if tree.root != Some(*checkpoint.root()) {
        let (is_ours, _) = table.is_what_it_says(checkpoint, &tree)?;
        if !is_ours {
            let held = tree.size;
            let detail = if size > held {
                format!("The checkpoint is of {}, and the log has {held}.", number(size, "event"))
            } else {
                "The log is not consistent with this checkpoint.".to_string()
            };
            faults.put(target, None, Place::Nowhere, "rolled back", &detail);
            return Ok(());
        }
        faults.rows += size.saturating_sub(tree.pruned);
        table.name_unplaced(faults)?;
        // Nobody has to keep the tree: a note can be from a transaction that was rolled back, or the table restored alone.
        if is_given && size > tree.size && tree.forged.is_empty() {
            let held = number(tree.size, "event");
            faults.notice(format!(
                "the tree of table \"{}\" has {held}: the events were compared themselves",
                relation.name()
            ));
        } else if tree.forged.is_empty() {
            forged(target, faults, "The tiles do not give the root of the checkpoint. The events of the table do.");
        }
        return Ok(());
    }
    faults.rows += size.saturating_sub(tree.pruned);
    let Some(last) = tree.last else { return Ok(()) };
    if tree.has_places && table.tally(&key, last)?.agrees(&tree.tally) {
        return Ok(());
    }
    let before = faults.count();
    table.name_unplaced(faults)?;
    let (is_ours, put_back) = table.is_what_it_says(checkpoint, &tree)?;
    if is_ours && put_back == 0 {
        if tree.has_places && faults.count() == before {
            forged(
                target,
                faults,
                "The positions that the tiles name are not those of the events, which are what the checkpoint says.",
            );
        }
        return Ok(());
    }
    table.name_faults(size, last, faults)?;
    if faults.count() == before && !is_ours {
        faults.put(
            target,
            None,
            Place::Nowhere,
            "broken",
            "The table is not what the checkpoint says, and no event can be named.",
        );
    }
    Ok(())
}

fn forged(target: Oid, faults: &mut Faults, detail: &str) {
    faults.put(target, None, Place::Nowhere, "forged", detail);
}
