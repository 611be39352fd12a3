//! `set_period()` and `clear_period()`: SQL:2011's `FOR PORTION OF`. The caller sets a value for a part of a key's
//! timeline, or clears a part, whatever the part held before.
//!
//! Both functions act with the caller's rights, under the key's lock: they trim, split and delete the overlapping rows,
//! and then insert. The triggers pack after each step.

use std::collections::BTreeSet;

use veritable_period::Period;

use super::layout::{Compared, Layout};
use super::row_locks::{self, Locked};
use super::triggers::Packing;
use crate::pg::column::Column;
use crate::pg::composite::Composite;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::period::Bound;
use crate::pg::quote;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::snapshot::{self, Latest};
use crate::pg::spi::{self, Fetched, Parameter, Session};
use crate::pg::stack;
use crate::pg::version::{Intent, Tid, Version};
use crate::table::turn;

sql_function! {
    /// `set_period(anyelement, jsonb) → set of anyelement`
    veritable_set_period = set_period
}
sql_function! {
    /// `clear_period(anyelement, jsonb) → set of anyelement`
    veritable_clear_period = clear_period
}

fn set_period(call: &Call) -> Result<Answer> {
    change(call, true)
}

fn clear_period(call: &Call) -> Result<Answer> {
    change(call, false)
}

fn change(call: &Call, set: bool) -> Result<Answer> {
    let target = call.table_of_argument(0).ok_or_else(|| {
        Error::new(Class::WrongObject, "argument \"target\" is not a row of a table")
            .hint("Name the table by the type of a null row: NULL::tariffs.")
    })?;
    let mut rows = call.rows();
    let fact = call.jsonb(1).ok_or_else(|| Error::null_argument("fact"))?;
    let relation = Relation::open(target, Lock::RowExclusive)?;
    let packing = Packing::required(&relation)?;
    relation.require_plain("packed")?;
    let layout = Layout::of(&relation, &packing.arguments)?;
    // This check precedes all locks. The statements themselves check the other privileges.
    relation.require_delete()?;
    spi::connect(|session| {
        let portion = Portion { session, relation: &relation, layout: &layout };
        let columns = portion.columns_of(&fact, set)?;
        let populated = session.query(
            &format!("SELECT pg_catalog.jsonb_populate_record(NULL::{}, $1)", layout.table),
            std::slice::from_ref(&fact),
        )?;
        let Some(fact) = populated.rows().next().and_then(|row| row.composite(0)) else { return Ok(()) };
        let is_given = |value: &Compared| columns.contains(&value.column.name);
        // If a value column is left to its default, the rows with that value are not yet known.
        portion.clear(&fact, set && layout.value.iter().all(is_given))?;
        if set {
            portion.insert(&fact, &columns)?;
        }
        for row in portion.neighbours(&fact)?.rows() {
            if let Some(row) = row.composite(0) {
                rows.put_row(&row.row(&layout.descriptor));
            }
        }
        Ok(())
    })?;
    Ok(Answer::NULL)
}

/// A row that touches the period.
struct Found {
    version: Version,
    /// Whether the row has the fact's values.
    is_same: bool,
    period: Period<Bound>,
}

/// The part of a timeline to change.
struct Portion<'s> {
    session: &'s Session,
    relation: &'s Relation,
    layout: &'s Layout,
}

impl<'s> Portion<'s> {
    /// The columns that the fact names: columns of the table, with the key and the period among them. To clear a part,
    /// the fact names only these.
    fn columns_of(&self, fact: &Parameter, set: bool) -> Result<Vec<String>> {
        let refused = |message: String| Err(Error::new(Class::Argument, message));
        let kind = self.session.query("SELECT pg_catalog.jsonb_typeof($1)", std::slice::from_ref(fact))?;
        if kind.rows().next().and_then(|row| row.get::<String>(0)).as_deref() != Some("object") {
            return refused("argument \"fact\" must be a JSON object".to_string());
        }
        let names = self.session.query("SELECT pg_catalog.jsonb_object_keys($1)", std::slice::from_ref(fact))?;
        let name = |row: Fetched| row.get(0).ok_or_else(|| Error::damaged("the names of a fact"));
        let names = names.rows().map(name).collect::<Result<Vec<String>>>()?;
        let key = self.layout.key.iter().map(|key| &key.column.name);
        let needed: Vec<_> = key.chain([&self.layout.period.name]).collect();
        if let Some(missing) = needed.iter().find(|name| !names.contains(name)) {
            return refused(format!("argument \"fact\" has no \"{missing}\""));
        }
        let columns = self.relation.columns();
        for name in &names {
            if columns.iter().all(|column| column.name != *name) {
                return Err(Error::new(
                    Class::UndefinedColumn,
                    format!("column \"{name}\" of relation \"{}\" does not exist", self.relation.name()),
                ));
            }
            if !set && !needed.contains(&name) {
                return Err(Error::new(
                    Class::Argument,
                    format!("column \"{name}\" is neither in the key nor the period"),
                )
                .hint("Give the key and the period alone."));
            }
        }
        Ok(names)
    }

    /// Clears the timeline of the fact's key over the fact's period; if `spare`, rows with the fact's values stay.
    fn clear(&self, fact: &Composite, spare: bool) -> Result<()> {
        let row = fact.row(&self.layout.descriptor);
        let hole = self.layout.period(&row)?;
        let Some(key) = self.layout.lock_key(&row) else {
            return Err(Error::new(Class::NullValue, "null value in a key column of argument \"fact\""));
        };
        let keys = BTreeSet::from([key]);
        let in_the_way = |found: &&Found| found.period.overlaps(&hole) && !(spare && found.is_same);
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
                    for found in found.iter().filter(in_the_way) {
                        self.cut(found.version.tid, &found.period, &hole)?;
                    }
                    // A trigger may have changed the written rows.
                    let is_clear = !self.touching(fact)?.iter().any(|found| in_the_way(&found));
                    return if is_clear { Ok(()) } else { Err(self.prevented()) };
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
                .hint(format!("SELECT * FROM verify_packing('{}');", self.layout.table))
            })?;
            Ok(Found { version, is_same, period })
        };
        rows.rows().map(found).collect()
    }

    fn select_versions(&self) -> String {
        let same = self.layout.value.iter().map(|value| {
            let (column, given) = (value.of("t"), format!("($1).{}", quote::identifier(&value.column.name)));
            let equal = value.equals(&column, &given);
            format!(" AND COALESCE({equal}, {column} IS NULL AND {given} IS NULL)")
        });
        let same: String = same.collect();
        self.select_touching("t", &format!("t.ctid, t.xmin, t.cmin, true{same}"))
    }

    /// The rows of the fact's key that touch its period, in order, as the caller sees them.
    fn neighbours(&self, fact: &Composite) -> Result<spi::Table<'s>> {
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
    fn cut(&self, tid: Tid, period: &Period<Bound>, hole: &Period<Bound>) -> Result<()> {
        let (table, range) = (&self.layout.table, self.layout.range);
        let column = quote::identifier(&self.layout.period.name);
        let tid = Tid::parameter(&[tid]);
        let here = "ctid OPERATOR(pg_catalog.=) ANY ($1)";
        let count = match period.without(hole) {
            (None, None) => self.session.run(&format!("DELETE FROM ONLY {table} WHERE {here}"), &[tid])?,
            (Some(rest), None) | (None, Some(rest)) => self
                .session
                .run(&format!("UPDATE ONLY {table} SET {column} = $2 WHERE {here}"), &[tid, range.parameter(&rest)])?,
            (Some(before), Some(after)) => {
                let copied = self.copied_columns();
                let list = copied.iter().map(|name| format!("{name}, ")).collect::<String>();
                self.session.run(
                    &format!(
                        "WITH t AS (UPDATE ONLY {table} SET {column} = $2 WHERE {here} RETURNING *)
                         INSERT INTO {table} ({list}{column}) SELECT {list}$3 FROM t"
                    ),
                    &[tid, range.parameter(&before), range.parameter(&after)],
                )?
            }
        };
        if count == 1 { Ok(()) } else { Err(self.prevented()) }
    }

    fn prevented(&self) -> Error {
        let table = self.relation.name();
        Error::new(
            Class::State,
            format!("a trigger, rule or policy of packed table \"{table}\" keeps a period from being cut"),
        )
    }

    /// The columns that the second half of a split row copies: all except those that are made anew for each row.
    fn copied_columns(&self) -> Vec<String> {
        let unique = self.relation.indexes().into_iter().filter(|index| index.unique);
        let unique: Vec<_> = unique.flat_map(|index| index.columns).collect();
        let (primary_key, fact) = (self.relation.primary_key(), self.layout.places());
        let is_made_anew = |column: &Column| {
            let is_name = primary_key.contains(&column.place) || (column.has_default && unique.contains(&column.place));
            column.generated || column.identity || (is_name && !fact.contains(&column.place))
        };
        let columns = self.relation.columns().into_iter();
        let copied = columns.filter(|column| column.place != self.layout.period.place && !is_made_anew(column));
        copied.map(|column| quote::identifier(column.name)).collect()
    }

    fn insert(&self, fact: &Composite, columns: &[String]) -> Result<()> {
        // The key may contain a generated column, which the fact names to choose the timeline; the table generates its value.
        let generated: Vec<_> = self.relation.columns().into_iter().filter(|column| column.generated).collect();
        let is_given = |name: &&String| generated.iter().all(|column| column.name != **name);
        let list: Vec<_> = columns.iter().filter(is_given).map(quote::identifier).collect();
        let values: Vec<_> = list.iter().map(|name| format!("($1).{name}")).collect();
        let count = self.session.run(
            &format!("INSERT INTO {} ({}) SELECT {}", self.layout.table, list.join(", "), values.join(", ")),
            &[fact.parameter()],
        )?;
        if count == 1 { Ok(()) } else { Err(self.prevented()) }
    }
}
