//! A part of a timeline, and the rows there: they are cut, or changed in place, under the lock of their key.

use std::collections::BTreeSet;

use veritable_period::Period;

use super::copies::{self, RANDOM, Source};
use super::layout::{Compared, Layout};
use super::prevented::Prevented;
use super::row_locks::{self, Locked};
use crate::pg::composite::Composite;
use crate::pg::period::Bound;
use crate::pg::quote;
use crate::pg::relation::Relation;
use crate::pg::report::{Class, Error, Result};
use crate::pg::snapshot::{self, Latest};
use crate::pg::spi::{self, Fetched, Session};
use crate::pg::stack;
use crate::pg::trigger::Event;
use crate::pg::version::{Intent, Tid, Version};
use crate::table::turn;

/// A row that touches the period.
struct Found {
    version: Version,
    /// Whether the row has the fact's values.
    is_same: bool,
    period: Period<Bound>,
}

/// What becomes of the rows in a part of a timeline.
pub enum Change<'c> {
    /// The part is cut out of them. The second half of a split row takes the primary key's columns `given` from the fact.
    Cut { given: &'c [String] },
    /// In the part, these columns get the fact's values.
    Update { columns: &'c [String] },
}

/// The part of a timeline to change.
pub struct Portion<'s> {
    /// A session of the caller.
    pub session: &'s Session,
    /// The packed table.
    pub relation: &'s Relation,
    /// The packing.
    pub layout: &'s Layout,
    /// The value columns that the fact gives.
    pub compared: Vec<&'s Compared>,
    /// Whether rows with these values stay as they are.
    pub spares: bool,
}

impl<'s> Portion<'s> {
    /// Changes the timeline of the fact's key over the fact's period.
    pub fn change(&self, fact: &Composite, change: &Change) -> Result<()> {
        let row = fact.row(&self.layout.descriptor);
        let hole = self.layout.period(&row)?;
        let Some(key) = self.layout.lock_key(&row) else {
            return Err(Error::new(Class::NullValue, "null value in a key column of argument \"fact\""));
        };
        let keys = BTreeSet::from([key]);
        let in_the_way = |found: &&Found| found.period.overlaps(&hole) && !(self.spares && found.is_same);
        loop {
            stack::check_for_interrupts();
            let turn = turn::take(self.layout.relation, &keys);
            let found = self.touching(fact)?;
            if snapshot::is_kept() && self.have_changed(fact, &found)? {
                return Err(Error::new(
                    Class::Serialization,
                    "could not serialize access: rows that touch the period have changed since the snapshot",
                )
                .hint("The transaction might succeed if retried."));
            }
            // Lock adjacent rows as well: packing may change them when the key's lock can no longer be released.
            let all: Vec<_> = found.iter().map(|found| (found.version.tid, Intent::Delete)).collect();
            match row_locks::lock(self.relation, &all) {
                Locked::All => {
                    let found: Vec<_> = found.iter().filter(in_the_way).collect();
                    let given = match change {
                        Change::Update { columns } => return self.update(fact, &found, &hole, columns),
                        Change::Cut { given } => given,
                    };
                    for found in found {
                        self.cut(fact, found.version.tid, &found.period, &hole, given)?;
                    }
                    // A trigger may have changed the written rows.
                    let is_clear = !self.touching(fact)?.iter().any(|found| in_the_way(&found));
                    let events = [Event::Insert, Event::Update, Event::Delete];
                    return if is_clear { Ok(()) } else { Err(self.prevented(&events)) };
                }
                Locked::Busy(tid, intent) => row_locks::wait_for(self.relation, turn, tid, intent),
                Locked::Gone => {}
            }
        }
    }

    /// The rows of the fact's key that touch its period, visible to the transaction's snapshot or not.
    fn touching(&self, fact: &Composite) -> Result<Vec<Found>> {
        Latest::during(|_| self.found(&self.session.query_as_caller(&self.select_versions(), &[fact.parameter()])?))
    }

    /// Whether the transaction's snapshot sees other rows than these.
    fn have_changed(&self, fact: &Composite, found: &[Found]) -> Result<bool> {
        let seen = self.found(&self.session.query(&self.select_versions(), &[fact.parameter()])?)?;
        let is_seen = |tid| seen.iter().any(|seen| seen.version.tid == tid);
        Ok(seen.len() != found.len() || !found.iter().all(|found| is_seen(found.version.tid)))
    }

    fn found(&self, rows: &spi::Table) -> Result<Vec<Found>> {
        let found = |row: Fetched| {
            let (Some(version), Some(is_same), Some(period)) =
                (Version::fetched(&row, 0, 1, 2), row.get(3), self.layout.range.fetched(&row, 4))
            else {
                return Err(Error::damaged("a row of the table"));
            };
            // Such a row was inserted while the triggers were disabled. The caller wants to clear it.
            let period = period.map_err(|_| {
                Error::new(
                    Class::State,
                    format!("table \"{}\" has a row whose period cannot be cut", self.relation.name()),
                )
                .hint(format!("SELECT * FROM verify_packing({});", quote::literal(&self.layout.table)))
            })?;
            Ok(Found { version, is_same, period })
        };
        rows.rows().map(found).collect()
    }

    fn select_versions(&self) -> String {
        let same = self.compared.iter().map(|value| {
            let (column, given) = (value.of("t"), format!("($1).{}", quote::identifier(&value.column.name)));
            let equal = value.equals(&column, &given);
            format!(" AND COALESCE({equal}, {column} IS NULL AND {given} IS NULL)")
        });
        let same: String = same.collect();
        self.select_touching("t", &format!("t.ctid, t.xmin, t.cmin, true{same}"))
    }

    /// The rows of the fact's key that touch its period, in order, as the caller sees them.
    pub fn neighbours(&self, fact: &Composite) -> Result<spi::Table<'s>> {
        let alias = self.relation.alias("t");
        self.session.query(&self.select_touching(&alias, ""), &[fact.parameter()])
    }

    /// The query for the rows of `$1`'s key that touch its period, in order. It selects `columns` and then the period;
    /// without `columns`, the whole row.
    fn select_touching(&self, alias: &str, columns: &str) -> String {
        let period = format!("{alias}.{}", quote::identifier(&self.layout.period.name));
        let fact_period = format!("($1).{}", quote::identifier(&self.layout.period.name));
        let selected = if columns.is_empty() { alias.to_string() } else { format!("{columns}, {period}") };
        let same_key = self.layout.key.iter().map(|key| {
            let given = format!("($1).{}", quote::identifier(&key.column.name));
            format!("{} AND ", key.equals(&key.of(alias), &given))
        });
        format!(
            "SELECT {selected} FROM ONLY {} AS {alias}
             WHERE {}({period} OPERATOR(pg_catalog.&&) {fact_period} OR {period} OPERATOR(pg_catalog.-|-) {fact_period})
             ORDER BY {period}",
            self.layout.table,
            same_key.collect::<String>()
        )
    }

    /// Cuts a hole into the period of a row.
    fn cut(
        &self,
        fact: &Composite,
        tid: Tid,
        period: &Period<Bound>,
        hole: &Period<Bound>,
        given: &[String],
    ) -> Result<()> {
        let (table, range) = (&self.layout.table, self.layout.range);
        let column = quote::identifier(&self.layout.period.name);
        let tid = Tid::parameter(&[tid]);
        let here = "ctid OPERATOR(pg_catalog.=) ANY ($1)";
        let (count, events) = match period.without(hole) {
            (None, None) => {
                let count = self.session.run(&format!("DELETE FROM ONLY {table} WHERE {here}"), &[tid])?;
                (count, [Event::Delete].as_slice())
            }
            (Some(rest), None) | (None, Some(rest)) => {
                let sql = format!("UPDATE ONLY {table} SET {column} = $2 WHERE {here}");
                (self.session.run(&sql, &[tid, range.parameter(&rest)])?, [Event::Update].as_slice())
            }
            (Some(before), Some(after)) => {
                let copied = copies::columns(self.relation, self.layout, given)?;
                let list = copied.iter().map(|(name, _)| format!("{name}, ")).collect::<String>();
                let value = |(name, source): &(String, Source)| match source {
                    Source::Row => format!("t.{name}, "),
                    Source::Fact => format!("($4).{name}, "),
                    Source::Random => format!("{RANDOM}, "),
                };
                let values = copied.iter().map(value).collect::<String>();
                let sql = format!(
                    "WITH t AS (UPDATE ONLY {table} SET {column} = $2 WHERE {here} RETURNING *)
                     INSERT INTO {table} ({list}{column}) SELECT {values}$3 FROM t"
                );
                let parameters = [tid, range.parameter(&before), range.parameter(&after), fact.parameter()];
                (self.session.run(&sql, &parameters)?, [Event::Update, Event::Insert].as_slice())
            }
        };
        if count == 1 { Ok(()) } else { Err(self.prevented(events)) }
    }

    /// Gives `columns` the fact's values in the part of each row that lies in the period. One statement changes all rows,
    /// because packing after a statement may merge a row with the next.
    fn update(&self, fact: &Composite, found: &[&Found], hole: &Period<Bound>, columns: &[String]) -> Result<()> {
        let (table, range) = (&self.layout.table, self.layout.range);
        let period = quote::identifier(&self.layout.period.name);
        // The first part of a row stays the row; the others are copies of it.
        let (mut rows, mut firsts, mut copied, mut others) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for found in found {
            let (before, after) = found.period.without(hole);
            let inside = found.period.common(hole);
            let mut parts = before.into_iter().chain([inside]).chain(after);
            rows.push(found.version.tid);
            firsts.extend(parts.next());
            copied.extend(parts.clone().map(|_| found.version.tid));
            others.extend(parts);
        }
        if rows.is_empty() {
            return Ok(());
        }
        let columns: Vec<_> = columns.iter().map(quote::identifier).collect();
        let changed = |name: &String| {
            format!("CASE WHEN part.period OPERATOR(pg_catalog.<@) ($1).{period} THEN ($1).{name} ELSE t.{name} END")
        };
        let set = columns.iter().map(|name| format!(", {name} = {}", changed(name))).collect::<String>();
        let update = format!(
            "UPDATE ONLY {table} AS t SET {period} = part.period{set}
             FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3)) AS part (tid, period)
             WHERE t.ctid OPERATOR(pg_catalog.=) part.tid"
        );
        let (count, number) = (rows.len() as u64, copied.len() as u64);
        let mut parameters = vec![fact.parameter(), Tid::parameter(&rows), range.parameters(&firsts)];
        if copied.is_empty() {
            let updated = self.session.run(&update, &parameters)?;
            return if updated == count { Ok(()) } else { Err(self.prevented(&[Event::Update])) };
        }
        let sources = copies::columns(self.relation, self.layout, &[])?;
        let list = sources.iter().map(|(name, _)| format!("{name}, ")).collect::<String>();
        let value = |(name, source): &(String, Source)| match source {
            Source::Random => format!("{RANDOM}, "),
            _ if columns.contains(name) => format!("{}, ", changed(name)),
            _ => format!("t.{name}, "),
        };
        let values = sources.iter().map(value).collect::<String>();
        // The copies come from the rows as the statement finds them, and are inserted when all rows are updated: the
        // exclusion constraint is checked row by row.
        let sql = format!(
            "WITH updated AS ({update} RETURNING 1)
             INSERT INTO {table} ({list}{period}) SELECT {values}part.period
             FROM ONLY {table} AS t
             JOIN ROWS FROM (pg_catalog.unnest($4), pg_catalog.unnest($5)) AS part (tid, period)
               ON t.ctid OPERATOR(pg_catalog.=) part.tid
             WHERE (SELECT pg_catalog.count(*) FROM updated) OPERATOR(pg_catalog.=) $6
             ORDER BY part.period"
        );
        parameters.extend([Tid::parameter(&copied), range.parameters(&others), (count as i64).into()]);
        let inserted = self.session.run(&sql, &parameters)?;
        if inserted == number { Ok(()) } else { Err(self.prevented(&[Event::Update, Event::Insert])) }
    }

    /// The error that one of these events did not happen.
    pub fn prevented(&self, events: &[Event]) -> Error {
        Prevented { events, as_owner: false, what: "a period from being cut" }.error(self.relation)
    }
}
