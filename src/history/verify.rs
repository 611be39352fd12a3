//! `verify_history()`: a row for each fault of a history, none if its chain is intact and its newest events say what the table
//! holds.

use super::differences::Comparison;
use super::events::extension_schema;
use super::feature::FEATURE;
use super::layout::Layout;
use super::problems;
use super::triggers::History;
use crate::pg::acting::Acting;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::line::pinned::Pinned;
use crate::pg::quote;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Error, Result};
use crate::pg::spi::{self, Session};
use crate::table::faults::Faults;
use crate::table::{scan, topology, verification};

sql_function! {
    /// `verify_history(regclass) → set of faults`
    veritable_verify_history = verify_history
}

/// The faults of chains and their like, which this function passes on.
const OF_CHAINS: [&str; 10] = [
    "altered",
    "unlinked",
    "missing",
    "duplicated",
    "unsealed",
    "backdated",
    "unguarded",
    "broken",
    "unread",
    "absent",
];

fn verify_history(call: &Call) -> Result<Answer> {
    verification::answer(call, &FEATURE, &mut |relation: &Relation, faults: &mut Faults| {
        refuse_partition(relation)?;
        verify_chain(relation, faults)?;
        verify(relation, faults)
    })
}

/// Verifies the chain of the events, as a chain like any.
fn verify_chain(relation: &Relation, faults: &mut Faults) -> Result<()> {
    let Ok(History { table, .. }) = History::required(relation) else { return Ok(()) };
    spi::connect(|session| {
        let schema = extension_schema(session)?;
        let found = session.query(
            &format!("SELECT pg_catalog.array_replace(entity, NULL, ''), seq, fault, detail FROM {schema}.verify_chain($1::pg_catalog.regclass)"),
            &[table.into()],
        )?;
        for row in found.rows() {
            let fault: String = row.get(2).ok_or_else(|| Error::damaged("the faults of a chain"))?;
            let fault = OF_CHAINS.into_iter().find(|known| *known == fault).unwrap_or("broken");
            let entity = row.get::<Vec<String>>(0).map(|values| values.into_iter().map(Some).collect());
            let detail: String = row.get(3).unwrap_or_default();
            faults.put(table, entity, row.get::<i64>(1), fault, &detail);
        }
        Ok(())
    })
}

/// Compares a table with the newest events of its history, as its owner; the caller's privileges on the table have been
/// checked.
pub fn verify(relation: &Relation, faults: &mut Faults) -> Result<()> {
    refuse_partition(relation)?;
    if let Ok(Some(history)) = History::of(relation) {
        let events = Relation::open(history.table, Lock::AccessShare)?;
        if let Err(error) = events.require_readable("history") {
            faults.unread(relation.oid(), &format!("The history cannot be read: {}.", error.message()));
            return Ok(());
        }
    }
    verification::as_its_owner(relation, |acting| verify_table(relation, acting, faults))
}

fn refuse_partition(relation: &Relation) -> Result<()> {
    FEATURE.refuse_partition(relation, |root| format!("SELECT * FROM verify_history({root});"))
}

fn verify_table(relation: &Relation, acting: &Acting, faults: &mut Faults) -> Result<()> {
    let target = relation.oid();
    faults.tables += 1;
    verification::report_hidden(&FEATURE, faults, target, &topology::with_leaves(relation)?)?;
    let found = History::required(relation).and_then(|history| {
        let events = Relation::open(history.table, Lock::AccessShare)?;
        Ok((Layout::of(relation, &events, &history.arguments)?, events, history))
    });
    let Some((layout, events, history)) = verification::configuration(&FEATURE, faults, target, found)? else {
        return Ok(());
    };
    for problem in problems::of(relation, &events, &history)? {
        faults.unguarded(target, &problem);
    }
    if !relation.has_same_owner(&events) {
        // Code of the one owner would run as the other.
        return Ok(());
    }
    verification::without_indexes(acting);
    let _pinned = Pinned::new();
    spi::connect(|session| {
        let comparison = Comparison::of(relation, &events, &layout, &history.arguments);
        let rows = count(session, relation)?;
        faults.rows += rows;
        if agree(session, &comparison, rows)? { Ok(()) } else { compare(session, relation, &comparison, faults) }
    })
}

fn count(session: &Session, relation: &Relation) -> Result<u64> {
    let alias = relation.alias("t");
    let sql = format!("SELECT pg_catalog.count(*) FROM {}", topology::from_clause(relation, &alias));
    let counted = session.query_as_caller(&sql, &[])?;
    let count = counted.rows().next().and_then(|row| row.get::<i64>(0)).and_then(|count| u64::try_from(count).ok());
    count.ok_or_else(|| Error::damaged("the count of rows"))
}

/// Whether each row is what the newest event of its key says, and each newest event has its row: as many rows, as many newest
/// events, and as many that agree. Only otherwise is it worth while to find out which do not.
fn agree(session: &Session, comparison: &Comparison, rows: u64) -> Result<bool> {
    let counted = session.query_as_caller(&comparison.counts, &[])?;
    let counts = counted.rows().next().and_then(|row| Some((row.get::<i64>(0)?, row.get::<i64>(1)?)));
    let (events, agreeing) = counts.ok_or_else(|| Error::damaged("the counts of events"))?;
    Ok(events == agreeing && u64::try_from(events) == Ok(rows))
}

fn compare(session: &Session, relation: &Relation, comparison: &Comparison, faults: &mut Faults) -> Result<()> {
    let differing =
        |(name, differs): &(String, String)| format!("CASE WHEN {differs} THEN {} END", quote::literal(name));
    let differing = comparison.compared.iter().map(differing).collect::<Vec<_>>().join(", ");
    let keys = comparison.key.len();
    let sql = format!(
        "SELECT {} IS NOT NULL, e.key1 IS NOT NULL, e.seq, pg_catalog.array_remove(ARRAY[{differing}], NULL), {}, {} {}",
        comparison.key[0],
        comparison.key.join(", "),
        (1..=keys).map(|number| format!("e.key{number}")).collect::<Vec<_>>().join(", "),
        comparison.from
    );
    let cursor = session.cursor(&sql, &[], true)?;
    scan::each(&cursor, |row| {
        let (Some(is_there), Some(is_recorded)) = (row.get::<bool>(0), row.get::<bool>(1)) else {
            return Err(Error::damaged("the rows of a history"));
        };
        let first = if is_there { 4 } else { 4 + keys };
        let key = (first..first + keys).map(|position| row.text(position)).collect();
        let (fault, detail) = match (is_there, is_recorded) {
            (true, false) => ("unrecorded", "The table has a row that no event says.".to_string()),
            (false, _) => ("diverged", "The table has no such row, and no event says that it was deleted.".to_string()),
            (true, true) => {
                let names = row.get::<Vec<String>>(3).ok_or_else(|| Error::damaged("the columns of a history"))?;
                let names: Vec<_> = names.iter().map(|name| format!("\"{name}\"")).collect();
                let what = if names.len() == 1 { "column" } else { "columns" };
                ("diverged", format!("The newest event has another value in {what} {}.", names.join(", ")))
            }
        };
        faults.put(relation.oid(), Some(key), row.get::<i64>(2), fault, &detail);
        Ok(())
    })
}
