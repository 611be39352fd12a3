//! The two passes of verification over one table, as SQL: the order-free pass over all chains, and the ordered pass
//! over the broken ones.

use std::collections::HashSet;

use veritable_core::chain::{Event, Fault, FaultKind, LinkHash, Walk};

use super::backdated::{self, Times};
use super::erase::search;
use super::intact::Sought;
use super::layout::{Layout, Whole};
use super::pruned::Pruned;
use super::triggers::Chain;
use super::verdict::Verdict;
use crate::pg::contents::has_rows;
use crate::pg::oid::Oid;
use crate::pg::quote;
use crate::pg::random;
use crate::pg::relation::{Relation, name_of};
use crate::pg::report::{Class, Error, Result, number};
use crate::pg::row::Row;
use crate::pg::spi::{Parameter, Session};
use crate::table::{aggregates, scan, topology};

/// The maximum number of broken chains that are kept, in some 40 MB; above it, the second pass reads all chains in order.
pub const BROKEN_MAX: usize = 1_000_000;

/// A chained table, with the SQL parts of the statements that read it.
pub struct Table {
    /// The table.
    pub oid: Oid,
    /// The layout of a row.
    pub layout: Layout,
    /// The alias of a row in SQL.
    pub alias: String,
    /// The type of a row in SQL.
    pub row_type: String,
    /// `ONLY schema.table AS alias`; without ONLY for a partitioned table.
    pub from: String,
    /// The condition on the rows to read, beginning with WHERE, or nothing.
    pub condition: String,
    /// The seq, in SQL.
    pub seq: String,
    hash: String,
    /// The recorded time to judge, if the chain has one.
    pub recorded: Option<String>,
    /// `alias.column` for each entity column.
    entity: Vec<String>,
    /// The condition for rows of which a value was erased, if the chain has erasable columns.
    erased: Option<String>,
}

/// The choice of the rows to read.
struct Filter {
    /// The WHERE clause after the table, or nothing.
    condition: String,
    sought: Option<Sought>,
}

impl Filter {
    /// The filter that keeps all rows of the table.
    fn none(table: &Table) -> Filter {
        Filter { condition: table.condition.clone(), sought: None }
    }

    /// The filter that keeps the rows of the entities with these hashes; all rows for `None`.
    fn of(table: &Table, entities: Option<HashSet<u64>>) -> Filter {
        let Filter { condition, .. } = Filter::none(table);
        match entities.map(Sought::new) {
            None => Filter { condition, sought: None },
            sought => {
                let and = if condition.is_empty() { "WHERE" } else { "AND" };
                Filter { condition: format!("{condition} {and} veritable.is_sought({}, $1)", table.alias), sought }
            }
        }
    }

    fn parameters(&self) -> Vec<Parameter<'static>> {
        self.sought.iter().map(|sought| sought.number.into()).collect()
    }
}

/// The result of the first pass.
struct Counts {
    intact: u64,
    broken: u64,
    /// The number of events in intact chains.
    events: u64,
}

impl Table {
    /// Resolves the table of a chain.
    pub fn of(relation: &Relation, chain: &Chain) -> Result<Table> {
        let layout = Layout::of(relation, &chain.arguments)?;
        let alias = relation.alias("event");
        let column = |name: &String| format!("{alias}.{}", quote::identifier(name));
        Ok(Table {
            oid: relation.oid(),
            row_type: relation.qualified_name(),
            from: topology::from_clause(relation, &alias),
            condition: String::new(),
            seq: column(&chain.arguments.seq),
            hash: column(&chain.arguments.hash),
            recorded: chain.arguments.recorded.as_ref().map(column),
            entity: layout.entity.iter().map(|entity| column(&entity.name)).collect(),
            erased: search::condition(&chain.arguments, &alias),
            alias,
            layout,
        })
    }

    /// The GROUP BY list: `alias.a, alias.b`, or `()` if the whole table is one chain.
    fn group(&self) -> String {
        if self.entity.is_empty() {
            return "()".to_string();
        }
        self.entity.join(", ")
    }

    /// Verifies all chains of the table.
    pub fn verify(&self, session: &Session, pruned: Option<&Pruned>, verdict: &mut Verdict) -> Result<()> {
        let key: [u8; 16] = random::bytes()?;
        if let Some(pruned) = pruned {
            pruned.verify(session, self, key, verdict)?;
            self.name_erased(session, &Filter::none(self), verdict)?;
            return self.name_backdated(session, &Filter::none(self), verdict);
        }
        let counts = self.check_balance(session, key)?;
        if counts.broken > 0 {
            self.verify_broken(session, key, &counts, verdict)?;
        } else {
            verdict.faults.groups += counts.intact;
            verdict.faults.rows += counts.events;
        }
        self.name_erased(session, &Filter::none(self), verdict)?;
        self.name_backdated(session, &Filter::none(self), verdict)
    }

    fn verify_broken(&self, session: &Session, key: [u8; 16], counts: &Counts, verdict: &mut Verdict) -> Result<()> {
        let broken = if self.entity.is_empty() { None } else { self.broken(session, key)? };
        if broken.is_some() {
            verdict.faults.groups += counts.intact;
            verdict.faults.rows += counts.events;
        }
        let named = self.name_faults(session, &Filter::of(self, broken), verdict)?;
        // A chain that the first pass finds broken is a fault, even if the second pass cannot name an event.
        if named < counts.broken {
            let broken = number(counts.broken, "chain");
            verdict.broken(self.oid, &format!("{broken} found broken, and faults could be named in {named} only."));
        }
        Ok(())
    }

    /// The first pass.
    fn check_balance(&self, session: &Session, key: [u8; 16]) -> Result<Counts> {
        aggregates::require_own(session, &["intact", "broken"])?;
        let counts = session.query_as_caller(
            &format!(
                "SELECT pg_catalog.count(*) FILTER (WHERE g.events > 0),
                        pg_catalog.count(*) FILTER (WHERE g.events IS NULL),
                        COALESCE(pg_catalog.sum(g.events), 0)::pg_catalog.int8,
                        pg_catalog.count(*) FILTER (WHERE g.events <= 0)
                 FROM (SELECT veritable.intact({}, $1) AS events FROM {} {} GROUP BY {}) AS g",
                self.alias,
                self.from,
                self.condition,
                self.group()
            ),
            &[Parameter::from(key.as_slice())],
        )?;
        let counts = counts.rows().next().and_then(|row| {
            let count = |position| row.get::<i64>(position).and_then(|count| u64::try_from(count).ok());
            Some((Counts { intact: count(0)?, broken: count(1)?, events: count(2)? }, count(3)?))
        });
        // The aggregate has not read a chain without events, unless the whole table is one chain and is empty.
        match counts {
            Some((counts, 0)) => Ok(counts),
            Some((counts, 1)) if self.entity.is_empty() && !has_rows(self.oid)? => Ok(counts),
            _ => Err(Error::damaged("the counts of chains")),
        }
    }

    /// The entity hashes of the chains that the first pass finds broken; `None` if there are too many to keep.
    fn broken(&self, session: &Session, key: [u8; 16]) -> Result<Option<HashSet<u64>>> {
        let cursor = session.cursor(
            &format!(
                "SELECT g.entity FROM (SELECT veritable.broken({}, $1) AS entity FROM {} {} GROUP BY {}) AS g
                 WHERE g.entity IS NOT NULL",
                self.alias,
                self.from,
                self.condition,
                self.group()
            ),
            &[Parameter::from(key.as_slice())],
            true,
        )?;
        let mut broken = HashSet::new();
        let mut too_many = false;
        scan::each(&cursor, |row| {
            let entity: i64 = row.get(0).ok_or_else(|| Error::damaged("the entities of chains"))?;
            too_many |= broken.len() > BROKEN_MAX;
            if !too_many {
                broken.insert(entity.cast_unsigned());
            }
            Ok(())
        })?;
        Ok((!too_many).then_some(broken))
    }

    /// Verifies the chain of one entity.
    pub fn verify_entity(
        &self,
        session: &Session,
        values: &[String],
        pruned: Option<&Pruned>,
        verdict: &mut Verdict,
    ) -> Result<()> {
        if values.len() != self.entity.len() {
            let message =
                format!("wrong number of entity values: expected {}, got {}", self.entity.len(), values.len());
            return Err(Error::new(Class::Argument, message));
        }
        let entity = (!values.is_empty())
            .then(|| self.layout.row_of_entity(values).map(|row| HashSet::from([self.layout.entity_hash(&row)])));
        let filter = Filter::of(self, entity.transpose()?);
        let before = verdict.faults.rows;
        let is_pruned = match pruned {
            Some(pruned) => pruned.verify_entity(session, self, values, verdict)?,
            None => {
                self.name_faults(session, &filter, verdict)?;
                false
            }
        };
        if verdict.faults.rows == before && !values.is_empty() && !is_pruned {
            let (table, entity) = (name_of(self.oid), values.join(", "));
            verdict.faults.notice(format!("table \"{table}\" has no chain of the entity ({entity})"));
            verdict.absent(self.oid, values.iter().cloned().map(Some).collect());
        }
        self.name_erased(session, &filter, verdict)?;
        self.name_backdated(session, &filter, verdict)
    }

    /// The second pass: reads chains in order, reports their faults, and returns the number of chains with a named fault.
    fn name_faults(&self, session: &Session, filter: &Filter, verdict: &mut Verdict) -> Result<u64> {
        let order = self.entity.iter().chain([&self.seq]).map(String::as_str).collect::<Vec<_>>().join(", ");
        let partition =
            if self.entity.is_empty() { String::new() } else { format!("PARTITION BY {}", self.entity.join(", ")) };
        let cursor = session.cursor(
            &format!(
                "SELECT {}, pg_catalog.row_number() OVER ({partition} ORDER BY {}) = 1 FROM {} {} ORDER BY {order}",
                self.alias, self.seq, self.from, filter.condition
            ),
            &filter.parameters(),
            true,
        )?;
        let mut walk = Walk::new(self.layout.genesis);
        let (mut named, mut is_named) = (0, false);
        scan::each(&cursor, |fetched| {
            let (Some(event), Some(is_first)) = (fetched.composite(0), fetched.get::<bool>(1)) else {
                return Err(Error::damaged("the rows of a chain"));
            };
            if is_first {
                walk = Walk::new(self.layout.genesis);
                is_named = false;
                verdict.faults.groups += 1;
            }
            verdict.faults.rows += 1;
            let (_, has_fault) = self.judge(&event.row(&self.layout.descriptor), &mut walk, verdict)?;
            if has_fault && !std::mem::replace(&mut is_named, true) {
                named += 1;
            }
            Ok(())
        })?;
        // The filter calls a function that SQL finds by name. The call must have reached this library's function.
        if filter.sought.as_ref().is_some_and(|sought| !sought.was_asked()) && has_rows(self.oid)? {
            return Err(Error::damaged("veritable.is_sought()"));
        }
        Ok(named)
    }

    /// Reports impossible recorded times.
    fn name_backdated(&self, session: &Session, filter: &Filter, verdict: &mut Verdict) -> Result<()> {
        let Some(recorded) = &self.recorded else { return Ok(()) };
        let times = Times {
            from: format!("{} {}", self.from, filter.condition),
            entity: self.entity.clone(),
            seq: self.seq.clone(),
            hash: self.hash.clone(),
            recorded: recorded.clone(),
        };
        backdated::report(session, &times, &filter.parameters(), |entity, seq, detail| {
            verdict.backdated(self.oid, entity, seq, detail);
        })
    }

    /// Reports erased values without a record, and tells how many values were erased.
    fn name_erased(&self, session: &Session, filter: &Filter, verdict: &mut Verdict) -> Result<()> {
        let Some(erased) = &self.erased else { return Ok(()) };
        let condition = if filter.condition.is_empty() {
            format!("WHERE {erased}")
        } else {
            format!("{} AND {erased}", filter.condition)
        };
        let sql = format!("SELECT {} FROM {} {condition}", self.alias, self.from);
        let report = |entity: &[Option<String>], seq, column: &str, wrong| {
            verdict.erased(self.oid, entity, seq, column, &wrong);
        };
        let values = search::erased(session, self.oid, &self.layout, &sql, &filter.parameters(), report)?;
        if values > 0 {
            verdict.faults.notice(format!("{} erased from table \"{}\"", number(values, "value"), name_of(self.oid)));
        }
        Ok(())
    }

    /// Reports the event's fault, and returns the event and whether it has one.
    pub fn judge(&self, row: &Row, walk: &mut Walk, verdict: &mut Verdict) -> Result<(Event, bool)> {
        let event = self.layout.whole_event(row);
        // A row whose line cannot be written was not sealed in this form, nor was one with other values.
        let unwritable = match &event {
            Ok(Whole::Altered(column)) => {
                Some(format!("The value of column \"{column}\" is not the one that was sealed."))
            }
            Err(error) if error.is_about_value() => Some(format!("The row cannot be hashed: {}.", error.message())),
            _ => None,
        };
        let event = match event {
            Ok(Whole::Event(event)) => event,
            Err(error) if unwritable.is_none() => return Err(error),
            _ => self.layout.unwritable_event(row),
        };
        let recompute = |previous: LinkHash| {
            if unwritable.is_some() {
                return Ok(event.computed);
            }
            let mut row = row.clone();
            self.layout.previous.put(&mut row, &previous);
            self.layout.hash_of(&row)
        };
        let mut faults = Vec::new();
        walk.step(&event, recompute, &mut faults)?;
        if faults.is_empty() {
            return Ok((event, false));
        }
        let entity = self.layout.entity_texts(row);
        for fault in faults {
            match (&unwritable, fault) {
                (Some(reason), Fault { seq, kind: FaultKind::Altered }) => {
                    verdict.altered(self.oid, &entity, seq, reason);
                }
                _ => verdict.fault(self.oid, &entity, &fault, Some(&event.computed)),
            }
        }
        Ok((event, true))
    }
}
