//! The two passes of verification over one table, as SQL: the order-free one over all its chains, and the ordered one over
//! those that are broken.

use std::cell::RefCell;

use pgrx::pg_sys;
use pgrx::spi::quote_identifier;
use veritable_core::chain::{Fault, FaultKind, LinkHash, Walk};

use super::layout::Layout;
use super::triggers::Chain;
use super::verdict::Verdict;
use crate::pg::relation::{Column, Relation};
use crate::pg::report::{Class, Error, Result, number};
use crate::pg::row::Row;
use crate::pg::spi::{Parameter, Session};
use crate::pg::{memory, system, types};

/// How many rows are read at once in the ordered pass.
const BATCH: usize = 1000;

/// A chained table, as the statements that read it need it.
pub struct Table {
    oid: pg_sys::Oid,
    layout: Layout,
    /// What a row is called in SQL.
    alias: String,
    /// `ONLY schema.table AS alias`, or without ONLY for a partitioned one.
    from: String,
    seq: String,
    entity: Vec<EntityColumn>,
}

struct EntityColumn {
    /// `alias.column`
    name: String,
    /// The type.
    type_id: pg_sys::Oid,
    /// The type's equality operator, as SQL.
    equals: String,
}

/// What the first pass finds.
struct Counts {
    intact: u64,
    broken: u64,
    /// In the intact chains.
    events: u64,
    has_null_entity: bool,
}

/// Which chains the ordered pass reads.
#[derive(Clone, Copy)]
pub enum Scope<'a> {
    /// The one of this entity.
    Entity(&'a [String]),
    /// Those that the aggregate with this key finds broken.
    Broken([u8; 16]),
    /// All.
    All,
}

impl Table {
    /// The table of a chain.
    pub fn of(relation: &Relation, chain: &Chain) -> Result<Table> {
        let layout = Layout::of(relation, &chain.arguments)?;
        let columns = relation.columns();
        let entity =
            layout.entity.iter().filter_map(|entity| columns.iter().find(|column| column.place == entity.place));
        let alias = relation.alias();
        let only = if relation.is_partitioned() { "" } else { "ONLY " };
        Ok(Table {
            oid: relation.oid(),
            from: format!("{only}{} AS {alias}", relation.qualified_name()),
            seq: format!("{alias}.{}", quote_identifier(&chain.arguments.seq)),
            entity: entity.map(|column| EntityColumn::of(column, &alias)).collect::<Result<_>>()?,
            alias,
            layout,
        })
    }

    /// `alias.a, alias.b`, or `()` where the table is one chain: what GROUP BY takes.
    fn group(&self) -> String {
        if self.entity.is_empty() {
            return "()".to_string();
        }
        self.entity.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// Verifies all chains of the table.
    pub fn verify(&self, session: &Session, verdict: &mut Verdict) -> Result<()> {
        let key: [u8; 16] = system::random()?;
        let counts = self.check_balance(session, key)?;
        if counts.broken == 0 {
            verdict.chains += counts.intact;
            verdict.events += counts.events;
            return Ok(());
        }
        // An entity that is NULL, which only tampering can make it, equals nothing: then all chains are read.
        let named = if counts.has_null_entity || self.entity.is_empty() {
            self.name_faults(session, Scope::All, verdict)?
        } else {
            verdict.chains += counts.intact;
            verdict.events += counts.events;
            self.name_faults(session, Scope::Broken(key), verdict)?
        };
        // What the first pass has found broken is a fault, whether the second one can say more of it or not.
        if named < counts.broken {
            verdict.broken(
                self.oid,
                None,
                format!("{} found broken, and faults could be named in {named} only.", number(counts.broken, "chain")),
            );
        }
        Ok(())
    }

    /// The first pass.
    fn check_balance(&self, session: &Session, key: [u8; 16]) -> Result<Counts> {
        let null_entity = self.entity.iter().map(|column| format!("{} IS NULL", column.name)).collect::<Vec<_>>();
        let null_entity = if null_entity.is_empty() { "false".to_string() } else { null_entity.join(" OR ") };
        let counts = session.query_as_caller(
            &format!(
                "SELECT pg_catalog.count(*) FILTER (WHERE g.events > 0),
                        pg_catalog.count(*) FILTER (WHERE g.events IS NULL),
                        COALESCE(pg_catalog.sum(g.events), 0)::pg_catalog.int8,
                        COALESCE(pg_catalog.bool_or(g.has_null_entity), false)
                 FROM (SELECT veritable.intact({}, $1) AS events, pg_catalog.bool_or({null_entity}) AS has_null_entity
                       FROM {} GROUP BY {}) AS g",
                self.alias,
                self.from,
                self.group()
            ),
            &[Parameter::from(key.as_slice())],
        )?;
        let counts = counts.rows().next().and_then(|row| {
            let count = |position| row.get::<i64>(position).and_then(|count| u64::try_from(count).ok());
            Some(Counts { intact: count(0)?, broken: count(1)?, events: count(2)?, has_null_entity: row.get(3)? })
        });
        counts.ok_or_else(|| Error::damaged("the counts of chains"))
    }

    /// The second pass: reads chains in order and reports their faults. Says of how many chains it could name any.
    pub fn name_faults(&self, session: &Session, scope: Scope, verdict: &mut Verdict) -> Result<u64> {
        let partition = self.entity.iter().map(|column| column.name.as_str()).collect::<Vec<_>>();
        let order = partition.iter().copied().chain([self.seq.as_str()]).collect::<Vec<_>>().join(", ");
        let partition =
            if partition.is_empty() { String::new() } else { format!("PARTITION BY {}", partition.join(", ")) };
        let (filter, parameters) = self.filter(scope)?;
        let cursor = session.cursor(
            &format!(
                "SELECT {}, pg_catalog.row_number() OVER ({partition} ORDER BY {}) = 1 FROM {} {filter} ORDER BY {order}",
                self.alias, self.seq, self.from
            ),
            &parameters,
            true,
        )?;
        let mut walk = Walk::new();
        let (mut named, mut is_named) = (0, false);
        loop {
            let more = memory::scratch(|| -> Result<bool> {
                let batch = cursor.fetch(BATCH);
                for fetched in batch.rows() {
                    let (Some(event), Some(is_first)) = (fetched.composite(0), fetched.get::<bool>(1)) else {
                        return Err(Error::damaged("the rows of a chain"));
                    };
                    if is_first {
                        walk = Walk::new();
                        is_named = false;
                        verdict.chains += 1;
                    }
                    verdict.events += 1;
                    let has_fault = self.judge(&event.row(&self.layout.descriptor), &mut walk, verdict)?;
                    if has_fault && !std::mem::replace(&mut is_named, true) {
                        named += 1;
                    }
                }
                Ok(!batch.is_empty())
            })?;
            if !more {
                return Ok(named);
            }
        }
    }

    /// What follows the table in the statement that reads `scope`, and its parameters.
    fn filter(&self, scope: Scope) -> Result<(String, Vec<Parameter<'static>>)> {
        match scope {
            Scope::All => Ok((String::new(), Vec::new())),
            Scope::Entity(values) => {
                if values.len() != self.entity.len() {
                    return Err(Error::new(
                        Class::Argument,
                        format!(
                            "an entity of this chain has {}, not {}",
                            number(self.entity.len() as u64, "value"),
                            values.len()
                        ),
                    ));
                }
                let equal = self.entity.iter().enumerate();
                let equal = equal.map(|(i, column)| format!("{} {} ${}", column.name, column.equals, i + 1));
                let equal = equal.collect::<Vec<_>>().join(" AND ");
                if equal.is_empty() {
                    return Ok((String::new(), Vec::new()));
                }
                // By the input function: a cast of text is whatever somebody has defined it to be.
                let value = |(column, value): (&EntityColumn, &String)| types::parameter(column.type_id, value);
                Ok((format!("WHERE {equal}"), self.entity.iter().zip(values).map(value).collect::<Result<_>>()?))
            }
            Scope::Broken(key) => {
                let keys = self.entity.iter().enumerate().map(|(i, column)| format!("{} AS k{i}", column.name));
                let equal = self
                    .entity
                    .iter()
                    .enumerate()
                    .map(|(i, column)| format!("{} {} broken.k{i}", column.name, column.equals));
                let join = format!(
                    "JOIN (SELECT {} FROM {} GROUP BY {} HAVING veritable.intact({}, $1) IS NULL) AS broken ON {}",
                    keys.collect::<Vec<_>>().join(", "),
                    self.from,
                    self.group(),
                    self.alias,
                    equal.collect::<Vec<_>>().join(" AND ")
                );
                Ok((join, vec![Parameter::from(key.as_slice())]))
            }
        }
    }

    /// Whether the event has a fault.
    fn judge(&self, row: &Row, walk: &mut Walk, verdict: &mut Verdict) -> Result<bool> {
        let mut event = self.layout.event(row);
        // A row whose line cannot be written cannot have been sealed as it is.
        let unwritable = match &mut event {
            Err(error) if error.is_about_value() => Some(error.message().to_string()),
            _ => None,
        };
        let event = match unwritable {
            Some(_) => self.layout.unwritable_event(row),
            None => event?,
        };
        let failed = RefCell::new(None);
        let recompute = |previous: Option<LinkHash>| {
            if unwritable.is_some() {
                return event.computed;
            }
            let mut row = row.clone();
            self.layout.previous.put(&mut row, previous.as_ref());
            self.layout.hash_of(&row).unwrap_or_else(|error| {
                failed.replace(Some(error));
                event.computed
            })
        };
        let mut faults = Vec::new();
        walk.step(&event, recompute, &mut faults);
        if let Some(error) = failed.into_inner() {
            return Err(error);
        }
        if faults.is_empty() {
            return Ok(false);
        }
        let entity = self.layout.entity_texts(row);
        for fault in faults {
            match (&unwritable, fault) {
                (Some(reason), Fault { seq, kind: FaultKind::Altered }) => {
                    verdict.altered(self.oid, &entity, seq, format!("The row cannot be hashed: {reason}."));
                }
                _ => verdict.fault(self.oid, &entity, &fault, &event.computed),
            }
        }
        Ok(true)
    }
}

impl EntityColumn {
    fn of(column: &Column, alias: &str) -> Result<EntityColumn> {
        Ok(EntityColumn {
            name: format!("{alias}.{}", quote_identifier(&column.name)),
            type_id: column.type_id,
            equals: types::equality(column).ok_or_else(|| {
                Error::new(
                    Class::Unsupported,
                    format!("entity column \"{}\" is of a type without equality", column.name),
                )
            })?,
        })
    }
}
