//! A partition that comes back: its runs must be those that were pruned, to the last hash. Then they are no longer pruned.

use super::prunings::{self, OF_CHAIN, in_force};
use super::record::Record;
use super::runs::{self, Run};
use super::{guard, root};
use crate::chain::arguments::Arguments;
use crate::chain::partitions;
use crate::chain::triggers::Chain;
use crate::pg::acting::as_owner_of;
use crate::pg::cache;
use crate::pg::contents::has_rows;
use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result, number};
use crate::pg::spi::{Kept, Parameter, Session, Table};
use crate::table::faults::Faults;
use crate::table::keepers::Marking;

/// The number of runs that are compared at a time.
const BATCH: usize = 5000;

thread_local! {
    static MATCHING: Kept = Kept::new(matching_sql());
    static MEETING: Kept = Kept::new(meeting_sql());
}

/// Takes in a new partition. If its rows were pruned from this table, the prunings are taken back; other rows come as before.
/// Returns whether the table verifies with the rows as it did without: each run in force was replaced by its events, to the last hash.
pub fn take_in(session: &Session, partition: Oid, table: Oid) -> Result<bool> {
    let Some(root) = root(table)? else { return Ok(false) };
    if !has_rows(partition)? {
        return guard::remove(session, partition).map(|_| false);
    }
    let chain = Chain::required(&root)?;
    let (arguments, genesis) = (&chain.arguments, chain.arguments.genesis()?);
    let is_guarded = guard::remove(session, partition)?;
    if !prunings::has_any_now(root.oid(), &genesis)? {
        let rows = Relation::open(partition, Lock::AccessShare)?;
        return come_as_others(is_guarded, &rows, &root, table);
    }
    let rows = Relation::open(partition, Lock::AccessShare)?;
    let mut record = Record::begin(&root, arguments, "attach", Some(&rows))?;
    let (mut faults, mut matches) = (Faults::first(), Matches::default());
    let mut compare = |runs: &[Run]| -> Result<()> {
        matches.add(&matching(session, root.oid(), arguments, genesis.as_bytes(), runs)?, runs);
        if matches.differing == 0 && !runs.is_empty() { record.write(session, runs) } else { Ok(()) }
    };
    let (mut pending, mut positions) = (Vec::new(), Vec::new());
    let amount = runs::each(session, &rows, arguments, root.oid(), &mut faults, |runs, more| {
        pending.extend(runs);
        positions.extend(more);
        if pending.len() < BATCH {
            return Ok(());
        }
        compare(&std::mem::take(&mut pending))
    })?;
    compare(&pending)?;
    if matches.differing > 0 && matches.exact == 0 && matches.overlapping == 0 {
        return come_as_others(is_guarded, &rows, &root, table);
    }
    if matches.differing > 0 {
        return Err(different(&rows, &root, matches.first.as_ref(), matches.differing));
    }
    if faults.count() > matches.faults {
        let detail = faults.sentences(root.is_readable() && rows.is_readable());
        return Err(refusal(&rows, &root).detail(detail).hint("The rows were changed since they were pruned."));
    }
    if arguments.log.is_some() && (positions.len() as u64) < amount.events {
        return Err(refusal(&rows, &root)
            .detail("Its events were pruned before the table had a log, and have no positions in it."));
    }
    let mut marking = Marking::begin(false);
    marking.add(session, &root, &mut positions)?;
    record.end(session, amount)?;
    marking.end(session, &root)?;
    cache::tell_of_change(root.oid());
    // An erasable value that is gone by now is proved by a record of its erasure alone, and has no other hash.
    Ok(faults.count() == 0 && arguments.erasable.is_empty())
}

/// What holds for rows that were not pruned from this table.
fn come_as_others(is_guarded: bool, rows: &Relation, root: &Relation, table: Oid) -> Result<bool> {
    if is_guarded {
        return Err(foreign(rows, root));
    }
    partitions::refuse_rows(rows.oid(), table).map(|()| false)
}

/// How the runs of a table compare with the runs in force.
#[derive(Default)]
struct Matches {
    exact: u64,
    overlapping: u64,
    differing: u64,
    /// The faults that were noted with the runs.
    faults: u64,
    first: Option<Run>,
}

impl Matches {
    fn add(&mut self, found: &Found, runs: &[Run]) {
        let differing = runs.len() as u64 - found.exact;
        self.exact += found.exact;
        self.overlapping += found.overlapping;
        self.differing += differing;
        self.faults += found.faults;
        if differing > 0 && self.first.is_none() {
            self.first = found.first_other.and_then(|place| runs.get(place)).cloned();
        }
    }
}

struct Found {
    exact: u64,
    overlapping: u64,
    faults: u64,
    /// The place of the first run that is not one in force.
    first_other: Option<usize>,
}

/// Compares runs with the runs in force; with a log, with those whose events are in the tree of this log.
fn matching(session: &Session, root: Oid, arguments: &Arguments, genesis: &[u8], runs: &[Run]) -> Result<Found> {
    let numbers = |number: fn(&Run) -> i64| runs.iter().map(number).collect::<Vec<_>>();
    let parameters: [Parameter; 8] = [
        root.into(),
        genesis.into(),
        numbers(|run| run.key).into(),
        numbers(|run| run.first).into(),
        numbers(|run| run.last).into(),
        runs.iter().map(|run| run.before.as_bytes().to_vec()).collect::<Vec<_>>().into(),
        runs.iter().map(|run| run.through.as_bytes().to_vec()).collect::<Vec<_>>().into(),
        arguments.log.as_ref().map(|log| log.origin.as_str()).into(),
    ];
    as_owner_of(prunings::table()?, |acting| {
        // The runs in force are found by their keys, and compared by their hashes, however few the statistics know of.
        acting.set(c"enable_seqscan", c"off");
        acting.set(c"enable_nestloop", c"off");
        let mut found = MATCHING.with(|matching| found_in(matching.query(session, &parameters)?))?;
        if found.exact < runs.len() as u64 {
            acting.set(c"enable_nestloop", c"on");
            found.overlapping = MEETING.with(|meeting| count_in(meeting.query(session, &parameters)?))?;
        }
        Ok(found)
    })?
}

/// The runs that are compared, as a table.
const COMPARED: &str = "(SELECT pg_catalog.unnest($3), pg_catalog.unnest($4), pg_catalog.unnest($5), pg_catalog.unnest($6), pg_catalog.unnest($7),
                                pg_catalog.generate_subscripts($3, 1)::pg_catalog.int8) AS run (key, first, last, before, through, place)";

/// The runs in force that may be compared.
fn comparable(condition: &str) -> String {
    in_force(&format!("{OF_CHAIN} {condition} AND ($8 IS NULL OR p.log = $8)"))
}

fn matching_sql() -> String {
    format!(
        "SELECT pg_catalog.count(f.key), COALESCE(pg_catalog.sum(f.faults), 0)::pg_catalog.int8,
                pg_catalog.min(run.place) FILTER (WHERE f.key IS NULL)
         FROM {COMPARED} LEFT JOIN ({}) AS f USING (key, first, last, before, through)",
        comparable("AND p.key = ANY ($3)")
    )
}

/// The number of runs that meet a run in force which is another one.
fn meeting_sql() -> String {
    format!(
        "SELECT pg_catalog.count(*)
         FROM {COMPARED} CROSS JOIN LATERAL (
             SELECT pg_catalog.bool_or(f.first = run.first AND f.last = run.last AND f.before = run.before
                                       AND f.through = run.through) AS is_exact
             FROM ({}) AS f
         ) AS met
         WHERE NOT met.is_exact",
        comparable("AND p.key = run.key AND p.last >= run.first AND p.first <= run.last")
    )
}

fn found_in(compared: Table) -> Result<Found> {
    let row = compared.rows().next();
    let count = |place| row.as_ref().and_then(|row| row.get::<i64>(place)).and_then(|count| u64::try_from(count).ok());
    let (Some(exact), Some(faults)) = (count(0), count(1)) else {
        return Err(Error::damaged("veritable.prunings"));
    };
    let first_other = count(2).and_then(|place| usize::try_from(place).ok()?.checked_sub(1));
    Ok(Found { exact, overlapping: 0, faults, first_other })
}

fn count_in(counted: Table) -> Result<u64> {
    let count = counted.rows().next().and_then(|row| row.get::<i64>(0)).and_then(|count| u64::try_from(count).ok());
    count.ok_or_else(|| Error::damaged("veritable.prunings"))
}

fn refusal(rows: &Relation, root: &Relation) -> Error {
    let (partition, table) = (rows.name(), root.name());
    Error::new(Class::State, format!("cannot attach partition \"{partition}\" to chained table \"{table}\""))
}

/// The error of a table whose events were pruned from this one, and differ now.
fn different(rows: &Relation, root: &Relation, first: Option<&Run>, differing: u64) -> Error {
    let (runs, are) = (number(differing, "run"), if differing == 1 { "is" } else { "are" });
    let named = first.filter(|_| root.is_readable() && rows.is_readable()).map(|run| {
        let entity: Vec<_> = run.entity.iter().map(|value| value.as_deref().unwrap_or("NULL")).collect();
        let of = if entity.is_empty() { String::new() } else { format!(" of ({})", entity.join(", ")) };
        format!(" The first: events {} to {}{of}.", run.first, run.last)
    });
    refusal(rows, root)
        .detail(format!("Of its events, {runs} {are} not as pruned.{}", named.unwrap_or_default()))
        .hint("A partition comes back as it was detached, with all its events. veritable.prunings has its runs.")
}

/// The error of a table that is guarded, but whose events were not pruned from this one.
fn foreign(rows: &Relation, root: &Relation) -> Error {
    refusal(rows, root)
        .detail("Its events were pruned from another table, or from a chain that has ended.")
        .hint("Drop the triggers veritable_pruned and veritable_pruned_truncate of the table, if its rows are to become events of this one.")
}
