//! The lookup after a statement: finds rows that have become neighbours of equal rows.
//!
//! Existing rows are packed, so each row to merge touches a new row. A few new rows are looked up one by one through
//! the index. Many new rows, in a table that is not much larger, are sorted together with the rows of their keys, at a
//! tenth of the cost for each.

use std::collections::HashMap;

use veritable_period::{Islands, Period};

use super::layout::Layout;
use super::merge::Changes;
use crate::pg::acting::as_owner;
use crate::pg::period::Bound;
use crate::pg::quote;
use crate::pg::range_scan::Touching;
use crate::pg::relation::Relation;
use crate::pg::report::{Error, Result};
use crate::pg::snapshot::Latest;
use crate::pg::spi::{self, Session};
use crate::pg::trigger::Firing;
use crate::pg::version::{Command, Tid, Version};
use crate::table::{scan, verification};

/// Up to this number, new rows are always looked up one by one.
const FEW: u64 = 8;

/// A row that may be merged.
type Candidate = (usize, Period<Bound>, Version);

/// Finds the changes that the new rows of the statement require. `started` is the first command of the statement.
pub fn look(
    firing: &Firing,
    relation: &Relation,
    layout: &Layout,
    index: &Touching,
    started: Command,
) -> Result<Changes> {
    let rows = firing.new_row_count();
    // Reading and sorting the rows of one block costs about as much as looking up one row.
    if rows <= FEW || rows < u64::from(relation.blocks()) {
        look_up(firing, layout, index, started)
    } else {
        as_owner(relation, |acting| {
            verification::without_indexes(acting);
            spi::connect(|session| {
                firing.register_in(session)?;
                let condition = in_keys_of(&firing.new_rows_name(), layout);
                sort(session, layout, &condition, |version| !version.is_since(started))
            })
        })
    }
}

/// Finds the changes that all rows of the table require, as if each row were new.
pub fn look_at_all(session: &Session, layout: &Layout) -> Result<Changes> {
    sort(session, layout, "", |_| true)
}

fn look_up(firing: &Firing, layout: &Layout, index: &Touching, started: Command) -> Result<Changes> {
    let mut groups = Groups::default();
    Latest::during(|snapshot| {
        firing.each_changed_row(&layout.descriptor, &layout.places(), |row| {
            let period = layout.period(row)?;
            let mut found = Vec::new();
            index.visit(row, &period, snapshot, |held| {
                let other = held.row(&layout.descriptor);
                // The index is exact only up to its own precision.
                if let Ok(period_of_other) = layout.range.period(&other, layout.period.place)
                    && period.touches(&period_of_other)
                    && layout.is_same_fact(row, &other)
                {
                    found.push((period_of_other, held.version()));
                }
            });
            groups.add(found);
            Ok(())
        })
    })?;
    merge(groups.candidates(), |version| !version.is_since(started))
}

/// The SQL condition that a new row has the row's key: this transaction does not hold the locks of other keys.
fn in_keys_of(new_rows: &str, layout: &Layout) -> String {
    if layout.key.is_empty() {
        return String::new();
    }
    let same = layout.key.iter().map(|key| key.equals(&key.of("n"), &key.of("t")));
    let (new_rows, same) = (quote::identifier(new_rows), same.collect::<Vec<_>>().join(" AND "));
    format!("WHERE EXISTS (SELECT FROM {new_rows} AS n WHERE {same})")
}

fn sort(session: &Session, layout: &Layout, condition: &str, existing: impl Fn(&Version) -> bool) -> Result<Changes> {
    let fact =
        layout.key.iter().chain(&layout.value).map(|compared| compared.order("t")).collect::<Vec<_>>().join(", ");
    let (number, order) = if fact.is_empty() {
        ("1::bigint".to_string(), String::new())
    } else {
        (format!("pg_catalog.dense_rank() OVER (ORDER BY {fact})"), format!("{fact}, "))
    };
    let period = quote::identifier(&layout.period.name);
    let sql = format!(
        "SELECT t.ctid, t.xmin, t.cmin, {number}, t.{period} FROM ONLY {} AS t {condition}
         ORDER BY {order}t.{period}, t.ctid",
        layout.table
    );
    Latest::during(|_| {
        let cursor = session.cursor(&sql, &[], true)?;
        let mut islands = Islands::new();
        let mut changes = Changes::default();
        scan::each(&cursor, |row| {
            let (Some(version), Some(fact)) = (Version::fetched(row, 0, 1, 2), row.get::<i64>(3)) else {
                return Err(Error::damaged("a row of the table"));
            };
            // A row without a proper period touches no other row. It was inserted while the triggers were disabled.
            let Some(Ok(period)) = layout.range.fetched(row, 4) else { return Ok(()) };
            let is_existing = existing(&version);
            if let Some(island) = islands.add(fact, period, version, is_existing) {
                changes.add(island)?;
            }
            Ok(())
        })?;
        if let Some(island) = islands.finish() {
            changes.add(island)?;
        }
        Ok(changes)
    })
}

fn merge(mut candidates: Vec<Candidate>, existing: impl Fn(&Version) -> bool) -> Result<Changes> {
    // The sort makes the survivor among rows with the same start deterministic.
    candidates.sort_by(|(group, period, version), (other_group, other, other_version)| {
        group.cmp(other_group).then_with(|| period.cmp(other)).then(version.tid.cmp(&other_version.tid))
    });
    let mut islands = Islands::new();
    let mut changes = Changes::default();
    for (group, period, version) in candidates {
        let is_existing = existing(&version);
        if let Some(island) = islands.add(group, period, version, is_existing) {
            changes.add(island)?;
        }
    }
    if let Some(island) = islands.finish() {
        changes.add(island)?;
    }
    Ok(changes)
}

/// Groups of rows: each row was found together with another row of its group.
#[derive(Default)]
struct Groups {
    rows: HashMap<Tid, (usize, Period<Bound>, Version)>,
    /// For each group, the group that it was merged into, or itself.
    into: Vec<usize>,
}

impl Groups {
    /// Adds rows that were found together.
    fn add(&mut self, found: Vec<(Period<Bound>, Version)>) {
        // The usual case: a row alone with itself.
        if found.iter().all(|(_, version)| version.tid == found[0].1.tid) {
            return;
        }
        let group = self.into.len();
        self.into.push(group);
        for (period, version) in found {
            match self.rows.get(&version.tid) {
                Some(&(other, _, _)) => {
                    let root = self.root(other);
                    self.into[root] = group;
                }
                None => {
                    self.rows.insert(version.tid, (group, period, version));
                }
            }
        }
    }

    fn root(&self, mut group: usize) -> usize {
        while self.into[group] != group {
            group = self.into[group];
        }
        group
    }

    fn candidates(mut self) -> Vec<Candidate> {
        let rows = std::mem::take(&mut self.rows);
        rows.into_values().map(|(group, period, version)| (self.root(group), period, version)).collect()
    }
}
