//! The generated functions: of all entities, and of one.
//!
//! Of the events recorded at or before `known_at`, the newest of each entity is its state. With a column of valid times,
//! only events valid at or before `valid_at` count, and the latest valid time comes before the place in the chain.
//! The order is that of an index, read backwards: descending in every column.

use super::chain::Chain;
use crate::pg::column::Column;
use crate::pg::oid::Oid;
use crate::pg::ordering::{self, Ordering};
use crate::pg::quote;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::Session;
use crate::pg::types::{base_type, type_name};
use crate::table::columns::{self, Columns};
use crate::table::feature::Renamed;
use crate::table::generated::{Found, Generated, Parameter};
use crate::table::makers::Maker;
use crate::table::{known, topology};

/// The kind of the functions, in their first line.
pub const KIND: &str = "as of";

/// Generates the functions anew when their table has changed.
pub const MAKER: Maker = Maker { kind: KIND, drop: "drop_as_of", make };

/// What the functions of a table depend on.
pub struct AsOf {
    table: Oid,
    from: String,
    alias: String,
    entity: Vec<Named>,
    valid: Option<Named>,
    recorded: Named,
    seq: Named,
    /// What moments have to satisfy, in SQL, with `{}` in place of the moment; empty if nothing was pruned.
    known: String,
}

/// A column, and the order of its type.
struct Named {
    column: Column,
    order: Ordering,
}

impl AsOf {
    /// Resolves the chain of a table, and the column of the valid time.
    pub fn of(
        session: &Session,
        relation: &Relation,
        chain: &Chain,
        recorded: &String,
        valid: Option<&String>,
    ) -> Result<AsOf> {
        let columns = Columns::of(relation);
        let roles = || chain.entity.iter().chain([&chain.seq, recorded]).chain(valid);
        columns::distinct(roles())?;
        let named = |name: &String| Named::of(columns.find(name)?);
        let alias = relation.alias("e");
        Ok(AsOf {
            table: relation.oid(),
            from: topology::from_clause(relation, &quote::identifier(&alias)),
            alias: quote::identifier(&alias),
            entity: chain.entity.iter().map(named).collect::<Result<_>>()?,
            valid: valid.map(named).transpose()?,
            recorded: named(recorded)?,
            seq: named(&chain.seq)?,
            known: known::condition(session, relation.oid(), "{}")?,
        })
    }

    /// The columns of the index that the functions need: the entity, and what chooses its event.
    pub fn indexed(&self) -> Vec<(&Column, Oid)> {
        self.entity.iter().chain(self.order()).map(|named| (&named.column, named.order.family)).collect()
    }

    /// The columns that choose an entity's event: the last in their order. Without valid times the recorded time alone does,
    /// because it increases strictly in a chain; so one probe of the index finds the event, however many have come since.
    fn order(&self) -> Vec<&Named> {
        match &self.valid {
            Some(valid) => vec![valid, &self.seq],
            None => vec![&self.recorded],
        }
    }

    /// The first column of the entity, if PostgreSQL prefers its type for literals without a type.
    pub fn column_for_literals(&self) -> Option<&str> {
        let first = self.entity.first()?;
        ordering::is_of_string_category(first.column.type_id).then_some(first.column.name.as_str())
    }

    /// The functions. The function of all entities exists if there can be several.
    pub fn functions(&self, schema: &str, name: &str) -> Vec<Generated> {
        let one = self.function(schema, name, true);
        if self.entity.is_empty() { vec![one] } else { vec![self.function(schema, name, false), one] }
    }

    fn function(&self, schema: &str, name: &str, of_one: bool) -> Generated {
        let alias = &self.alias;
        let column = |named: &Named| format!("{alias}.{}", quote::identifier(&named.column.name));
        let entity = if of_one { &self.entity[..] } else { &[] };
        let mut conditions = Vec::new();
        let mut parameters: Vec<Parameter> = Vec::new();
        let mut add = |named: &Named, operator: &str, wanted: &str, default: Option<&str>| {
            let mut free = wanted.to_string();
            while parameters.iter().any(|other| other.name == free) {
                free.push('_');
            }
            let type_id = base_type(named.column.type_id);
            parameters.push(Parameter { name: free, type_id, default: default.map(str::to_string) });
            conditions.push(format!("{} {operator} ${}", column(named), parameters.len()));
        };
        entity.iter().for_each(|named| add(named, &named.order.equal, &named.column.name, None));
        const INFINITY: Option<&str> = Some("'infinity'");
        if let Some(valid) = &self.valid {
            let default = INFINITY.filter(|_| ordering::has_infinity(valid.column.type_id));
            add(valid, &valid.order.not_greater, "valid_at", default);
        }
        add(&self.recorded, &self.recorded.order.not_greater, "known_at", INFINITY);
        let descending = |named: &Named| format!("{} DESC", column(named));
        let sorted = |all: &mut dyn Iterator<Item = &Named>| all.map(descending).collect::<Vec<_>>().join(", ");
        let known = self.known.replace("{}", &format!("${}", parameters.len()));
        let (from, conditions) = (&self.from, conditions.join(" AND ") + &known);
        let body = if of_one {
            let order = sorted(&mut self.order().into_iter());
            format!("SELECT {alias}.* FROM {from} WHERE {conditions} ORDER BY {order} LIMIT 1")
        } else {
            let distinct = self.entity.iter().map(column).collect::<Vec<_>>().join(", ");
            let order = sorted(&mut self.entity.iter().chain(self.order()));
            format!("SELECT DISTINCT ON ({distinct}) {alias}.* FROM {from} WHERE {conditions} ORDER BY {order}")
        };
        let valid = self.valid.iter().map(|valid| ("valid", valid.column.name.clone()));
        Generated {
            schema: schema.to_string(),
            name: name.to_string(),
            parameters,
            table: self.table,
            kind: KIND,
            configuration: valid.collect(),
            body,
            rows: if of_one { 1 } else { 1000 },
            comment: self.comment(of_one),
        }
    }

    fn comment(&self, of_one: bool) -> String {
        let what = if of_one && !self.entity.is_empty() { "The state of one entity" } else { "The state" };
        let (at, arguments) = match &self.valid {
            Some(valid) => (
                "that was valid at valid_at, as it was known at known_at",
                format!("valid_at, compared with \"{}\"; ", valid.column.name),
            ),
            None => ("as it was known at known_at", String::new()),
        };
        format!(
            "{what} {at}: the newest event of {}. Generated by add_as_of().\nArguments: {arguments}known_at, compared with \
             \"{}\". An answer is final if known_at is at or before settled_at().",
            if of_one { "the chain" } else { "each chain" },
            self.recorded.column.name
        )
    }
}

impl Named {
    fn of(column: &Column) -> Result<Named> {
        let order = Ordering::of(column.type_id).ok_or_else(|| {
            let name = type_name(column.type_id);
            let message = format!("data type {name} has no default operator class for access method \"btree\"");
            Error::new(Class::UndefinedObject, message)
                .detail(format!("Values of column \"{}\" have no order.", column.name))
        })?;
        Ok(Named { column: column.clone(), order })
    }
}

/// The functions of a table as they should be now. Nothing changes if the chain cannot be read, or if a function names a column
/// that is not there.
fn make(session: &Session, table: Oid, found: &[Found], renamed: &[Renamed]) -> Result<Option<Vec<Generated>>> {
    let relation = Relation::open(table, Lock::AccessShare)?;
    let Some(first) = found.first() else { return Ok(None) };
    let Some(chain) = Chain::of(session, &relation)?.filter(|chain| chain.table == table) else { return Ok(None) };
    let Some(recorded) = chain.recorded.clone() else { return Err(depends(&relation, first, "end the recorded time")) };
    let mut valid = first.values("valid").next().map(str::to_string);
    if let Some(name) = &mut valid {
        match renamed.iter().find(|(was, _)| was == name) {
            Some((_, None)) => return Err(depends(&relation, first, &format!("drop column \"{name}\""))),
            Some((_, Some(now))) => name.clone_from(now),
            None => {}
        }
    }
    let is_there = |name: &String| relation.columns().iter().any(|column| column.name == *name);
    if !valid.iter().all(is_there) {
        return Ok(None);
    }
    AsOf::of(session, &relation, &chain, &recorded, valid.as_ref())
        .map(|as_of| Some(as_of.functions(&first.schema, &first.name)))
}

/// The error of a command that takes from a table what a function reads.
fn depends(table: &Relation, function: &Found, doing: &str) -> Error {
    Error::new(Class::State, format!("cannot {doing} of table \"{}\"", table.name()))
        .detail(format!("Function {} depends on it.", function.signature))
        .hint("Use drop_as_of() first.")
}
