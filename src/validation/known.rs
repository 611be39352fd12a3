//! The registry as a backend knows it: what a name and a version stand for, compiled.
//!
//! All that was read is dropped when the registry changes; a trigger on it says so.

use std::cell::RefCell;
use std::rc::Rc;

use veritable_schema::{Formats, Stored, Validator};

use super::{compile, registry, settings};
use crate::pg::cache::{self, Cache, Derived};
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::oid::Oid;
use crate::pg::report::{Error, Result};
use crate::table::lru::Lru;

sql_function! {
    /// `veritable.event_schemas_changed()`: AFTER INSERT OR UPDATE OR DELETE on the registry.
    veritable_event_schemas_changed = event_schemas_changed
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
    let Some(record) = registry::read(name, version)? else { return Ok(Entry::Unknown) };
    let Some(schema) = record.schema else { return Ok(Entry::Retired) };
    let validator = compile::validator(name, record.version, schema, &record.resolved)?;
    Ok(Entry::Schema(Rc::new(EventSchema { version: record.version, validator })))
}

fn event_schemas_changed(call: &Call) -> Result<Answer> {
    cache::invalidate(call.firing()?.relation_oid());
    Ok(Answer::VOID)
}
