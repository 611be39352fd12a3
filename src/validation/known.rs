//! The registry's cache in a backend: the compiled schemas by name and version.
//!
//! The backend drops the whole cache when the registry changes; a trigger on the registry reports the change.

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

/// The cached answer for a name.
#[derive(Clone)]
pub enum Entry {
    /// No schema has this name.
    Unknown,
    /// The name is retired.
    Retired,
    /// The schema.
    Schema(Rc<EventSchema>),
}

/// A version of an event schema, ready for documents.
pub struct EventSchema {
    /// The version number.
    pub version: i64,
    /// The compiled schema.
    pub validator: Validator<Stored>,
}

/// The entries that this backend has read since the registry's last change.
pub struct Registry {
    relation: Oid,
    entries: RefCell<Lru<Key, Entry>>,
}

/// A name, the version unless it is the newest one, and whether formats are asserted.
type Key = (String, Option<i64>, bool);

thread_local! {
    static REGISTRY: Cache<Registry> = Cache::default();
}

impl Derived for Registry {
    fn depends_on(&self, relation: Oid) -> bool {
        relation == self.relation
    }
}

/// The newest version of `name`, or the given version; `relation` is the registry's table.
pub fn look_up(relation: Oid, name: &str, version: Option<i64>) -> Result<Entry> {
    let registry = REGISTRY.with(|registry| {
        registry.get(relation, || Ok::<_, Error>(Registry { relation, entries: RefCell::default() }))
    })?;
    let key = (name.to_string(), version, settings::formats() == Formats::Asserted);
    if let Some(entry) = registry.entries.borrow_mut().get(&key) {
        return Ok(entry);
    }
    // If the registry changes during the read, this entry is dropped together with all others.
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
