//! `prune(target, before)`: deletes the oldest events of each chain, and records them as a detached partition's.
//!
//! The statement reads, in the order of each chain, the events from its start that were recorded before; it stops at the first that
//! was not. The runs are recorded before their rows are deleted. The guard of the table lets exactly these rows go, as long as
//! they are being deleted: other code that runs meanwhile, such as the owner's triggers, cannot delete another event.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};

use super::record::Record;
use super::refuse_own;
use super::runs::{self, Amount, Place, Run};
use crate::chain::feature::FEATURE;
use crate::chain::own_heads;
use crate::chain::triggers::Chain;
use crate::pg::acting::as_owner;
use crate::pg::cache;
use crate::pg::oid::Oid;
use crate::pg::quote;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::snapshot;
use crate::pg::spi::{Parameter, Session, Table};
use crate::pg::trigger::Firing;
use crate::table::faults::Faults;
use crate::table::keepers::{self, Marking};
use crate::table::topology;

thread_local! {
    /// The rows that are being deleted.
    static GOING: RefCell<HashSet<(u32, u32, u16)>> = RefCell::default();
}

/// A mark that these rows are being deleted, as long as the value lives.
struct Going {
    before: HashSet<(u32, u32, u16)>,
}

impl Going {
    fn begin(rows: impl Iterator<Item = Place>) -> Going {
        let going = rows.map(|Place { table, block, number }| (u32::from(table), block, number)).collect();
        Going { before: GOING.replace(going) }
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        GOING.replace(std::mem::take(&mut self.before));
    }
}

/// Whether the deletion that a trigger sees is one of `prune()`.
pub fn lets_pass(firing: &Firing) -> bool {
    GOING.with_borrow(|going| {
        !going.is_empty() && {
            let (block, number) = firing.place();
            going.contains(&(u32::from(firing.relation_oid()), block, number))
        }
    })
}

/// Deletes the events recorded before the moment `before`, and returns their number.
pub fn before(session: &Session, target: Oid, before: Parameter, force: bool) -> Result<u64> {
    let root = open(target)?;
    let chain = Chain::required(&root)?;
    FEATURE.refuse_partition(&root, |root| format!("SELECT prune({root}, before => …);"))?;
    let arguments = &chain.arguments;
    let Some(recorded) = &arguments.recorded else {
        return Err(Error::new(Class::State, format!("chained table \"{}\" has no recorded time", root.name()))
            .hint("add_chain() and alter_chain() name its column: recorded."));
    };
    if arguments.log.is_some() {
        keepers::settle(session, &root, None)?;
    }
    let alias = root.alias("event");
    let column = |name: &String| format!("{alias}.{}", quote::identifier(name));
    let entity = arguments.entity.iter().map(column).collect::<Vec<_>>().join(", ");
    let seq = column(&arguments.seq);
    let window = if entity.is_empty() { String::new() } else { format!("PARTITION BY {entity}") };
    let keeps = keepers::keeps(session, target, &alias)?;
    let is_kept = if keeps.is_empty() { "false".to_string() } else { keeps.join(" OR ") };
    let order = (0..arguments.entity.len()).map(|place| format!("part.e{place}, ")).collect::<String>();
    let columns: String =
        arguments.entity.iter().enumerate().map(|(place, name)| format!("{} AS e{place}, ", column(name))).collect();
    let sql = format!(
        "SELECT part.event, part.place, part.partition
         FROM (SELECT {alias} AS event, {columns}{seq} AS seq, {alias}.ctid::pg_catalog.text AS place,
                      {alias}.tableoid AS partition, {is_kept} AS is_kept,
                      pg_catalog.max({seq}) OVER ({window}) AS newest,
                      pg_catalog.min({seq}) FILTER (WHERE ({} OPERATOR(pg_catalog.<) $1) IS NOT TRUE) OVER ({window}) AS stop
               FROM {}) AS part
         WHERE part.seq IS NOT NULL AND (part.stop IS NULL OR part.seq OPERATOR(pg_catalog.<) part.stop)
           AND (part.is_kept AND part.seq OPERATOR(pg_catalog.=) part.newest) IS NOT TRUE
         ORDER BY {order}part.seq",
        column(recorded),
        topology::from_clause(&root, &alias),
    );
    let mut faults = Faults::first();
    let mut record = Record::begin(&root, arguments, "delete", None)?;
    let source = runs::Source { sql, parameters: vec![before], has_places: true };
    let (mut deleted, mut marking) = (0, Marking::begin(true));
    let amount = runs::read(session, &root, arguments, target, source, &mut faults, |runs, mut positions| {
        // Of a long run, positions come before the run.
        marking.add(session, &root, &mut positions)?;
        if !runs.is_empty() {
            record.write(session, &runs)?;
            // What the triggers of the table append meanwhile follows the runs.
            cache::tell_of_change(target);
            deleted += delete(session, &root, &runs)?;
        }
        Ok(())
    })?;
    check(&root, faults, &amount, deleted, force)?;
    if amount.events > 0 {
        own_heads::forget();
        record.end(session, amount)?;
        marking.end(session, &root)?;
    }
    Ok(amount.events)
}

/// Locks the table and its partitions: nobody appends meanwhile.
fn open(target: Oid) -> Result<Relation> {
    let root = Relation::open_owned(target, Lock::ShareRowExclusive)?;
    root.require_table()?;
    refuse_own(&root)?;
    for partition in root.with_partitions() {
        Relation::open(partition, Lock::ShareRowExclusive)?;
    }
    Ok(root)
}

fn check(root: &Relation, faults: Faults, amount: &Amount, deleted: u64, force: bool) -> Result<()> {
    if faults.count() > 0 && !force {
        let (name, table) = (root.name(), root.literal());
        return Err(Error::new(
            Class::State,
            format!("cannot prune chained table \"{name}\", whose oldest events have faults"),
        )
        .detail(faults.sentences(root.is_readable()))
        .hint(format!(
            "SELECT * FROM verify_chain({table}) names them; prune({table}, before => …, force => true) notes them."
        )));
    }
    if deleted != amount.events {
        let kept = amount.events.saturating_sub(deleted);
        return Err(Error::new(Class::State, format!("cannot prune chained table \"{}\"", root.name())).detail(
            format!("Triggers or rules of the table kept {kept} of {} rows from being deleted.", amount.events),
        ));
    }
    Ok(())
}

/// Deletes the rows of these runs, as the owner of the table, and returns the number of rows that are gone.
fn delete(session: &Session, root: &Relation, runs: &[Run]) -> Result<u64> {
    let mut tables: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for Place { table, block, number } in runs.iter().flat_map(|run| &run.places) {
        tables.entry(u32::from(*table)).or_default().push(format!("({block},{number})"));
    }
    let _going = Going::begin(runs.iter().flat_map(|run| run.places.iter().copied()));
    let mut deleted = 0;
    for (table, places) in tables {
        let (named, condition) = topology::rows_of(root, &Relation::open(Oid::from(table), Lock::Held)?);
        let rows = format!("FROM {named} WHERE {condition} AND ctid = ANY ($1::pg_catalog.tid[])");
        let places = [places.into()];
        // The triggers of the table run in it, as its owner: as for a command of that role.
        deleted += as_owner(root, |acting| {
            acting.set(c"enable_seqscan", c"off");
            check_snapshot(session, &rows, &places)?;
            session.run(&format!("DELETE {rows}"), &places)
        })?;
    }
    Ok(deleted)
}

/// Refuses to delete rows that came, or were changed, after the snapshot that the transaction keeps: they were read with the latest
/// one, which is the active one here.
fn check_snapshot(session: &Session, rows: &str, places: &[Parameter]) -> Result<()> {
    if !snapshot::is_kept() {
        return Ok(());
    }
    let sql = format!("SELECT pg_catalog.count(*) {rows}");
    let count = |found: Table| found.rows().next().and_then(|row| row.get::<i64>(0));
    if count(session.query(&sql, places)?) == count(session.query_as_caller(&sql, places)?) {
        return Ok(());
    }
    Err(Error::new(Class::Serialization, "could not serialize access due to concurrent append to the chain")
        .hint("The transaction might succeed if retried."))
}
