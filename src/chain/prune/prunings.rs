//! What was pruned: the rows of `veritable.prunings`.
//!
//! A row is about a *run*: events of one entity whose seqs have no gap. `before` and `through`, the hash before the first event and
//! the hash of the last, stand for all events between, because each hash covers the hash before.
//!
//! Rows with the actions `detach` and `delete` say that a run has left the table. Rows with the actions `attach` and `drop` take
//! exactly one of those back: the run came back with its partition, or `add_chain()` sealed the rows anew, so that a chain which
//! begins again under the same configuration owes nothing to the former one. (`drop_chain()` alone takes nothing back: a chain
//! that is added again without being sealed anew goes on.) So a run is *in force* if more rows say that it has left than take that
//! back. No order of rows matters, and rows of several series (a restored dump, a renamed table) count together.
//!
//! `log` is the origin of the log in whose tree the events are, and whose leaves are marked: the marks of a log agree with the runs
//! in force of that origin alone. What was pruned before add_log() is in no tree.
//!
//! The genesis is part of a run: what was pruned from a chain with another configuration does not count. A chain whose
//! configuration alter_chain() has changed keeps its genesis.

use veritable_core::chain::LinkHash;

use crate::chain::layout::Layout;
use crate::pg::acting::as_owner_of;
use crate::pg::line::pinned::Pinned;
use crate::pg::oid::Oid;
use crate::pg::relation;
use crate::pg::report::{Class, Error, Result};
use crate::pg::row::Row;
use crate::pg::snapshot::{self, Latest};
use crate::pg::spi::{self, Fetched, Kept, Session};
use crate::table::journal;

/// The condition on rows of `veritable.prunings p` that they are about the chain of the table $1 with the genesis $2.
pub const OF_CHAIN: &str = "p.target = $1::pg_catalog.oid AND p.genesis = $2";

/// The runs in force, of the rows of `veritable.prunings p` under a condition, as a query with the columns key, entity, first, last,
/// before, through, and the most faults that were noted with each.
/// The query must run as the owner of the extension's tables: [`as_extension`]. The hashes alone say which run a row is about:
/// the key is in no line, and the entity is in those of the events.
pub fn in_force(condition: &str) -> String {
    format!(
        "SELECT pg_catalog.min(p.key) AS key, pg_catalog.min(p.entity) AS entity, p.first, p.last, p.before, p.through,
                pg_catalog.max(p.faults) AS faults
         FROM veritable.prunings p
         WHERE {condition}
         GROUP BY p.first, p.last, p.before, p.through
         HAVING pg_catalog.sum(CASE WHEN p.action IN ('detach', 'delete') THEN 1 ELSE -1 END) > 0"
    )
}

/// [`OF_CHAIN`] for a statement that reads much of the table. Of functions, unlike operators, the planner expects many rows, even if
/// the table was not analyzed since they came.
pub fn of_chain(target: &str, genesis: &str) -> String {
    format!("pg_catalog.oideq(p.target, {target}) AND pg_catalog.byteaeq(p.genesis, {genesis})")
}

thread_local! {
    static HAS_ANY: Kept = Kept::new(
        "SELECT FROM veritable.prunings WHERE target = $1::pg_catalog.oid AND genesis = $2 LIMIT 1".to_string(),
    );
    /// The runs in force of one key, the newest first.
    static OF_KEY: Kept = Kept::new(format!(
        "SELECT r.entity, r.first, r.last, r.through FROM ({}) AS r
         WHERE pg_catalog.array_position(r.entity, NULL) IS NULL ORDER BY r.last DESC",
        in_force(&format!("{OF_CHAIN} AND p.key = $3")),
    ));
}

/// The oid of `veritable.prunings`.
pub fn table() -> Result<Oid> {
    relation::named(c"veritable", c"prunings")
        .ok_or_else(|| Error::new(Class::State, "extension veritable is not installed in this database"))
}

/// Runs `body` as the owner of the extension's tables. The caller's privileges have been checked.
pub fn as_extension<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    as_owner_of(table()?, |_| body())?
}

/// Whether anything was ever pruned from the chain of a table, as far as the active snapshot shows.
pub fn has_any(session: &Session, target: Oid, genesis: &LinkHash) -> Result<bool> {
    let parameters = [target.into(), genesis.as_bytes().as_slice().into()];
    as_extension(|| HAS_ANY.with(|kept| Ok(!kept.query_as_caller(session, &parameters)?.is_empty())))
}

/// Whether anything was ever pruned from the chain of a table. A command that prunes tells all sessions that the table has
/// changed: so the answer can be kept as long as the table has not.
pub fn has_any_now(target: Oid, genesis: &LinkHash) -> Result<bool> {
    // The script of the extension seals rows before it creates the table.
    if table().is_err() {
        return Ok(false);
    }
    Latest::during(|_| spi::connect(|session| has_any(session, target, genesis)))
}

/// A run in force as far as sealing needs it: what is next in the chain of its entity.
#[derive(Clone, Debug)]
pub struct Pruned {
    /// The seq of the first event.
    pub first: i64,
    /// The seq of the last event.
    pub last: i64,
    /// The hash of the last event.
    pub through: LinkHash,
}

/// The run in force with the greatest last seq of the entity of `row`, in the chain of `target` with this genesis. The caller holds
/// the lock of the entity.
///
/// In a transaction that keeps its snapshot, a run that the snapshot does not show is an append since then as well as a pruning.
pub fn head_of(target: Oid, genesis: &LinkHash, layout: &Layout, row: &Row) -> Result<Option<Pruned>> {
    let find = || spi::connect(|session| of_key(session, target, genesis, layout.entity_key(row)));
    let found = Latest::during(|_| find())?;
    let Some(newest) = first_of(found, layout, row)? else { return Ok(None) };
    if snapshot::is_kept() && !journal::is_recording() {
        let seen = find()?;
        if !seen.iter().any(|run| run.1.last == newest.last && run.1.through == newest.through) {
            return Err(Error::new(
                Class::Serialization,
                "could not serialize access due to concurrent pruning of the chain",
            )
            .hint("The transaction might succeed if retried."));
        }
    }
    Ok(Some(newest))
}

/// The runs in force with this key, the newest first, each with its entity.
fn of_key(session: &Session, target: Oid, genesis: &LinkHash, key: i64) -> Result<Vec<(Vec<String>, Pruned)>> {
    let parameters = [target.into(), genesis.as_bytes().as_slice().into(), key.into()];
    let run = |row: Fetched| {
        let through = row.bytes(3).and_then(|bytes| LinkHash::from_bytes(&bytes))?;
        Some((row.get(0)?, Pruned { first: row.get(1)?, last: row.get(2)?, through }))
    };
    as_extension(|| {
        OF_KEY.with(|kept| {
            let found = kept.query_as_caller(session, &parameters)?;
            found.rows().map(|row| run(row).ok_or_else(|| Error::damaged("veritable.prunings"))).collect()
        })
    })
}

/// Whether an event is in a run in force of the chain of `target` with this genesis.
pub fn has(target: Oid, genesis: &LinkHash, layout: &Layout, event: &Row) -> Result<bool> {
    let Some(seq) = event.integer(layout.seq) else { return Ok(false) };
    let key = layout.entity_key(event);
    let mut runs = Latest::during(|_| spi::connect(|session| of_key(session, target, genesis, key)))?;
    runs.retain(|(_, run)| (run.first..=run.last).contains(&seq));
    Ok(first_of(runs, layout, event)?.is_some())
}

/// The first of the runs that is of the row's entity: two entities can have the same key. The texts are read as the caller, as the
/// index of the table compares entities.
fn first_of(runs: Vec<(Vec<String>, Pruned)>, layout: &Layout, row: &Row) -> Result<Option<Pruned>> {
    let own: Vec<_> = if runs.is_empty() { Vec::new() } else { layout.entity_texts(row) };
    for (entity, run) in runs {
        let is_written_alike = own.iter().map(Option::as_ref).eq(entity.iter().map(Some));
        let is_same = is_written_alike
            || entity.len() == own.len() && {
                let _pinned = Pinned::new();
                layout.is_same_entity(row, &layout.row_of_entity(&entity)?)
            };
        if is_same {
            return Ok(Some(run));
        }
    }
    Ok(None)
}
