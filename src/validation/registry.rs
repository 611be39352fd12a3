//! The registry as a backend knows it: what a name and a version stand for, compiled.
//!
//! It is read as PostgreSQL reads its catalogs: what is committed now counts, whatever the snapshot of the transaction. All that
//! was read is dropped when the registry changes; a trigger on it says so.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use veritable_schema::{Formats, Stored, Validator, Value};

use super::{compile, settings};
use crate::pg::acting::as_owner;
use crate::pg::cache::{self, Cache, Derived};
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::oid::Oid;
use crate::pg::relation::{self, Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::snapshot::Latest;
use crate::pg::spi::{self, Fetched};
use crate::table::lru::Lru;

sql_function! {
    /// `veritable.event_schemas_changed()`: AFTER INSERT OR UPDATE OR DELETE on the registry.
    veritable_event_schemas_changed = event_schemas_changed
}

/// A version of an event schema, as it is stored.
pub struct Record {
    /// Its number.
    pub version: i64,
    /// The schema; none where this version ends the name.
    pub schema: Option<Value>,
    /// The versions that its references without one stand for.
    pub resolved: BTreeMap<String, i64>,
    /// The mode of compatibility from this version on.
    pub compatibility: String,
}

/// What a name stands for.
#[derive(Clone)]
pub enum Entry {
    /// Nothing.
    Unknown,
    /// It has been ended.
    Retired,
    /// A schema.
    Schema(Rc<EventSchema>),
}

/// A version of an event schema, ready for documents.
pub struct EventSchema {
    /// Its number.
    pub version: i64,
    /// It, compiled.
    pub validator: Validator<Stored>,
}

/// What this backend has read of the registry since it changed last.
pub struct Registry {
    relation: Oid,
    entries: RefCell<Lru<Key, Entry>>,
}

/// A name, and a version where it is not the newest one; and whether formats are asserted.
type Key = (String, Option<i64>, bool);

thread_local! {
    static REGISTRY: Cache<Registry> = Cache::default();
}

impl Derived for Registry {
    fn depends_on(&self, relation: Oid) -> bool {
        relation == self.relation
    }
}

/// The table.
pub fn table() -> Result<Oid> {
    relation::named(c"veritable", c"event_schemas")
        .ok_or_else(|| Error::new(Class::State, "extension veritable is not installed in this database"))
}

/// The newest version of `name`, or this one; `relation` is the table.
pub fn look_up(relation: Oid, name: &str, version: Option<i64>) -> Result<Entry> {
    let registry = REGISTRY.with(|registry| {
        registry.get(relation, || Ok::<_, Error>(Registry { relation, entries: RefCell::default() }))
    })?;
    let key = (name.to_string(), version, settings::formats() == Formats::Asserted);
    if let Some(entry) = registry.entries.borrow_mut().get(&key) {
        return Ok(entry);
    }
    // If the registry changes while it is read, what is put here is dropped with all the rest.
    let entry = read_entry(name, version)?;
    let weight = match &entry {
        Entry::Schema(schema) => schema.validator.footprint(),
        Entry::Unknown | Entry::Retired => 0,
    };
    registry.entries.borrow_mut().put(key, entry.clone(), weight);
    Ok(entry)
}

fn read_entry(name: &str, version: Option<i64>) -> Result<Entry> {
    let Some(record) = read(name, version)? else { return Ok(Entry::Unknown) };
    let Some(schema) = record.schema else { return Ok(Entry::Retired) };
    let validator = compile::validator(name, record.version, schema, &record.resolved)?;
    Ok(Entry::Schema(Rc::new(EventSchema { version: record.version, validator })))
}

/// The newest version of `name`, or this one, from the table.
pub fn read(name: &str, version: Option<i64>) -> Result<Option<Record>> {
    Ok(versions(name, version, 1)?.pop())
}

/// The versions of `name`, the newest first.
pub fn history(name: &str) -> Result<Vec<Record>> {
    versions(name, None, i64::MAX)
}

fn versions(name: &str, version: Option<i64>, limit: i64) -> Result<Vec<Record>> {
    let registry = Relation::open(table()?, Lock::AccessShare)?;
    as_owner(&registry, |_| {
        Latest::during(|_| {
            spi::connect(|session| {
                let found = session.query_as_caller(
                    "SELECT version, schema::pg_catalog.text, resolved::pg_catalog.text, compatibility
                     FROM veritable.event_schemas
                     WHERE name OPERATOR(pg_catalog.=) $1
                       AND ($2 IS NULL OR version OPERATOR(pg_catalog.=) $2)
                     ORDER BY version DESC
                     LIMIT $3",
                    &[name.into(), version.into(), limit.into()],
                )?;
                found.rows().map(|row| record(name, &row)).collect()
            })
        })
    })
}

/// A row of the registry. What registration would not have written there is an error: a document might pass otherwise.
fn record(name: &str, row: &Fetched) -> Result<Record> {
    let version = row.get(0).filter(|version| *version > 0).ok_or_else(|| damaged(name, 0))?;
    let damage = || damaged(name, version);
    let parse = |text: String| veritable_schema::parse(&text).map_err(|_| damage());
    let resolved = parse(row.get::<String>(2).ok_or_else(damage)?)?;
    let numbers = resolved.as_object().ok_or_else(damage)?.iter();
    Ok(Record {
        version,
        schema: row.get::<String>(1).map(parse).transpose()?,
        resolved: numbers
            .map(|(name, version)| Some((name.clone(), version.as_i64()?)))
            .collect::<Option<_>>()
            .ok_or_else(damage)?,
        compatibility: row.get(3).ok_or_else(damage)?,
    })
}

/// Registration would not have admitted what the table holds.
pub fn damaged(name: &str, version: i64) -> Error {
    Error::new(Class::Corrupted, format!("event schema \"{name}\" version {version} is damaged"))
        .hint("verify_chain('veritable.event_schemas') names what was changed.")
}

fn event_schemas_changed(call: &Call) -> Result<Answer> {
    cache::invalidate(call.firing()?.relation_oid());
    Ok(Answer::VOID)
}
