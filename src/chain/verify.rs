//! `verify_chain()`: a row for each fault, none for an intact chain.
//!
//! First every chain of the table is checked in no order, by an aggregate that PostgreSQL can run in parallel and
//! that spills to disk. Only the chains that it finds broken are then read in order, to name their faults. Both reads
//! have the snapshot of the calling statement.

use std::cell::RefCell;

use pgrx::pg_sys;
use pgrx::spi::quote_identifier;
use veritable_core::chain::{LinkHash, Walk, qualified_name};

use super::backdated::{self, Times};
use super::layout::Layout;
use super::triggers::{Chain, root_of};
use super::verdict::Verdict;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::relation::{Column, Lock, Relation, name_of};
use crate::pg::report::{Class, Error, Result, notice, number};
use crate::pg::row::Row;
use crate::pg::settings::Pinned;
use crate::pg::spi::{self, Parameter, Session};
use crate::pg::{memory, system, types};

sql_function! {
    /// `verify_chain(regclass, text[]) → set of faults`
    veritable_verify_chain / pg_finfo_veritable_verify_chain = verify_chain
}

/// How many rows are read at once in the ordered pass.
const BATCH: usize = 1000;

fn verify_chain(call: &Call) -> Result<Answer> {
    let mut verdict = Verdict::new(call.rows());
    let entity = call.texts(1)?;
    match call.oid(0) {
        Some(target) => {
            verify_table(target, entity, &mut verdict)?;
            verdict.tables = 1;
        }
        None if entity.is_some() => {
            return Err(Error::new(Class::Argument, "an entity can be verified in one table only")
                .hint("Name the table: SELECT * FROM verify_chain('entity_events', '{…}')."));
        }
        None => {
            for target in readable_chains()? {
                if Relation::open(target, Lock::AccessShare)?.hides_rows() {
                    notice(format!("skipped table \"{}\": row-level security hides rows from you", name_of(target)));
                } else {
                    let before = verdict.found();
                    verify_table(target, None, &mut verdict)?;
                    // A table without events is not spoken of: so is the registry where nothing is registered.
                    verdict.tables += u64::from(verdict.found() > before);
                }
            }
        }
    }
    notice(verdict.summary());
    Ok(Answer::NULL)
}

/// The chained tables of the database that the caller may read.
fn readable_chains() -> Result<Vec<pg_sys::Oid>> {
    spi::connect(|session| {
        let chains = session.query_as_caller(
            // Bit 0 of tgtype: FOR EACH ROW. Partitions have a trigger of their own that fires for each statement.
            "SELECT DISTINCT tgrelid
             FROM pg_catalog.pg_trigger
             WHERE tgfoid IN ('veritable.seal'::pg_catalog.regproc, 'veritable.guard'::pg_catalog.regproc)
               AND tgparentid = 0 AND tgtype & 1 = 1
               AND pg_catalog.has_table_privilege(tgrelid, 'SELECT')
             ORDER BY tgrelid",
            &[],
        )?;
        Ok(chains.rows().filter_map(|row| row.get(0)).collect())
    })
}

fn verify_table(target: pg_sys::Oid, entity: Option<Vec<String>>, verdict: &mut Verdict) -> Result<()> {
    let relation = Relation::open(target, Lock::AccessShare)?;
    if let Some(root) = root_of(&relation)? {
        return Err(Error::new(
            Class::WrongObject,
            format!("\"{}\" is a partition of chained table \"{}\"", relation.name(), root.name()),
        )
        .hint(format!("SELECT * FROM verify_chain('{}');", root.qualified_name())));
    }
    if relation.hides_rows() {
        return Err(Error::new(
            Class::Privilege,
            format!("row-level security hides rows of table \"{}\" from you", relation.name()),
        )
        .hint("A chain can be verified only as a whole: use a role that has BYPASSRLS, or owns the table."));
    }
    let found = Chain::required(&relation).and_then(|chain| Ok((Table::of(&relation, &chain)?, chain)));
    let (table, chain) = match found {
        Ok(found) => found,
        // Triggers that do not fit their table are a fault like any other, and must not hide those of other tables.
        Err(error) if error.is_misconfiguration() => {
            verdict.unguarded(target, format!("The chain cannot be read: {}.", error.message()));
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    for problem in problems(&relation, &chain)? {
        verdict.unguarded(target, problem);
    }
    if let Some(former) = former_name(&relation, chain.arguments.identity.as_deref()) {
        notice(format!("table \"{}\" was chained as \"{former}\"", relation.name()));
    }
    // Pinned here for the leader; a parallel worker pins for itself.
    let _pinned = Pinned::new();
    spi::connect(|session| {
        match entity.clone() {
            Some(entity) => table.name_faults(session, Scope::Entity(entity), verdict)?,
            None => table.verify(session, verdict)?,
        }
        table.name_backdated(session, &chain, entity, verdict)
    })
}

/// What the chain is called, where that is the name of a table, but no more of this one.
fn former_name<'a>(relation: &Relation, identity: Option<&'a str>) -> Option<&'a str> {
    let (schema, name) = qualified_name(identity?)?;
    if (schema, name) == (relation.schema(), relation.name()) { None } else { identity }
}

/// What is wrong with the triggers of a chained table and of its partitions.
fn problems(relation: &Relation, chain: &Chain) -> Result<Vec<String>> {
    let mut problems = chain.problems.clone();
    if relation.is_partitioned() {
        for leaf in relation.leaves()? {
            let leaf = Relation::open(leaf, Lock::AccessShare)?;
            match Chain::of(&leaf)? {
                None => problems.push(format!("Partition \"{}\" has none of the chain's triggers.", leaf.name())),
                Some(own) => problems.extend(own.problems),
            }
        }
    }
    Ok(problems)
}

/// A chained table, as the statements that read it need it.
struct Table {
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
    /// The type, as SQL.
    type_name: String,
    /// The type's equality operator, as SQL.
    equals: String,
}

/// Which chains the ordered pass reads.
enum Scope {
    /// The one of this entity.
    Entity(Vec<String>),
    /// Those that the aggregate with this key finds broken.
    Broken([u8; 16]),
    /// All.
    All,
}

impl Table {
    fn of(relation: &Relation, chain: &Chain) -> Result<Table> {
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

    fn verify(&self, session: &Session, verdict: &mut Verdict) -> Result<()> {
        let key: [u8; 16] = system::random()?;
        let null_entity = self.entity.iter().map(|column| format!("{} IS NULL", column.name)).collect::<Vec<_>>();
        let null_entity = if null_entity.is_empty() { "false".to_string() } else { null_entity.join(" OR ") };
        let (intact, broken, events, nameless) = {
            let counts = session.query_as_caller(
                &format!(
                    "SELECT pg_catalog.count(*) FILTER (WHERE g.events > 0),
                            pg_catalog.count(*) FILTER (WHERE g.events IS NULL),
                            pg_catalog.sum(g.events)::pg_catalog.int8,
                            pg_catalog.bool_or(g.nameless)
                     FROM (SELECT veritable.intact({}, $1) AS events, pg_catalog.bool_or({null_entity}) AS nameless
                           FROM {} GROUP BY {}) AS g",
                    self.alias,
                    self.from,
                    self.group()
                ),
                &[Parameter::from(key.as_slice())],
            )?;
            let row = counts.rows().next();
            let count = |position| row.as_ref().and_then(|row| row.get::<i64>(position)).unwrap_or(0) as u64;
            (count(0), count(1), count(2), row.as_ref().and_then(|row| row.get::<bool>(3)).unwrap_or(false))
        };
        if broken == 0 {
            verdict.chains += intact;
            verdict.events += events;
            return Ok(());
        }
        // An entity that is NULL, which only tampering can make it, equals nothing: then all chains are read.
        if nameless || self.entity.is_empty() {
            return self.name_faults(session, Scope::All, verdict);
        }
        verdict.chains += intact;
        verdict.events += events;
        self.name_faults(session, Scope::Broken(key), verdict)
    }

    /// Reads chains in order and reports their faults.
    fn name_faults(&self, session: &Session, scope: Scope, verdict: &mut Verdict) -> Result<()> {
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
        let mut walk = Walk::new(self.layout.genesis);
        loop {
            let more = memory::scratch(|| -> Result<bool> {
                let batch = cursor.fetch(BATCH);
                for fetched in batch.rows() {
                    let Some(event) = fetched.composite(0) else { continue };
                    if fetched.get::<bool>(1) == Some(true) {
                        walk = Walk::new(self.layout.genesis);
                        verdict.chains += 1;
                    }
                    verdict.events += 1;
                    self.judge(&event.row(&self.layout.descriptor), &mut walk, verdict)?;
                }
                Ok(!batch.is_empty())
            })?;
            if !more {
                return Ok(());
            }
        }
    }

    /// Reads the recorded times, if there are any, and reports those that cannot be.
    fn name_backdated(
        &self,
        session: &Session,
        chain: &Chain,
        entity: Option<Vec<String>>,
        verdict: &mut Verdict,
    ) -> Result<()> {
        let Some(recorded) = &chain.arguments.recorded else { return Ok(()) };
        let (filter, parameters) = self.filter(entity.map_or(Scope::All, Scope::Entity))?;
        let column = |name: &String| format!("{}.{}", self.alias, quote_identifier(name));
        let times = Times {
            from: format!("{} {filter}", self.from),
            entity: self.entity.iter().map(|column| column.name.clone()).collect(),
            seq: self.seq.clone(),
            hash: column(&chain.arguments.hash),
            recorded: column(recorded),
        };
        backdated::report(session, &times, &parameters, |entity, seq, detail| {
            verdict.backdated(self.oid, entity, seq, detail);
        })
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
                let equal = self.entity.iter().enumerate().map(|(i, column)| {
                    format!("{} {} ($1)[{}]::{}", column.name, column.equals, i + 1, column.type_name)
                });
                let equal = equal.collect::<Vec<_>>().join(" AND ");
                if equal.is_empty() {
                    return Ok((String::new(), Vec::new()));
                }
                Ok((format!("WHERE {equal}"), vec![Parameter::from(values)]))
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

    fn judge(&self, row: &Row, walk: &mut Walk, verdict: &mut Verdict) -> Result<()> {
        let event = self.layout.event(row)?;
        let failed = RefCell::new(None);
        let recompute = |previous: LinkHash| {
            let mut row = row.clone();
            self.layout.previous.put(&mut row, &previous);
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
        if !faults.is_empty() {
            let entity = self.layout.entity_texts(row);
            for fault in faults {
                verdict.fault(self.oid, &entity, &fault, &event.computed);
            }
        }
        Ok(())
    }
}

impl EntityColumn {
    fn of(column: &Column, alias: &str) -> Result<EntityColumn> {
        Ok(EntityColumn {
            name: format!("{alias}.{}", quote_identifier(&column.name)),
            type_name: types::qualified_name(column.type_id),
            equals: types::equality(column).ok_or_else(|| {
                Error::new(
                    Class::Unsupported,
                    format!("entity column \"{}\" is of a type without equality", column.name),
                )
            })?,
        })
    }
}
