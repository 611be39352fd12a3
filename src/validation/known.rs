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
    others: RefCell<Others>,
}

/// Schemas that are not registered, by their texts, and by whether formats are asserted.
type Others = Lru<(String, bool), Rc<Validator<Stored>>>;

/// The weight of an answer without a schema, in bytes, beside its name.
const ANSWER: usize = 256;

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
    let registry = cached(relation)?;
    let key = (name.to_string(), version, asserts_formats());
    if let Some(entry) = registry.entries.borrow_mut().get(&key) {
        return Ok(entry);
    }
    // If the registry changes during the read, this entry is dropped together with all others.
    let entry = read_entry(name, version)?;
    let weight = match &entry {
        Entry::Schema(schema) => schema.validator.footprint(),
        Entry::Unknown | Entry::Retired => ANSWER,
    };
    registry.entries.borrow_mut().put(key, entry.clone(), weight + name.len(), settings::schema_cache_size());
    Ok(entry)
}

/// The compiled form of a schema that is not registered, kept or from `compile`; the schemas that it refers to are registered.
pub fn other(text: String, compile: impl FnOnce(&str) -> Result<Validator<Stored>>) -> Result<Rc<Validator<Stored>>> {
    let registry = cached(registry::table()?)?;
    let key = (text, asserts_formats());
    if let Some(validator) = registry.others.borrow_mut().get(&key) {
        return Ok(validator);
    }
    let validator = Rc::new(compile(&key.0)?);
    let weight = validator.footprint() + key.0.len();
    registry.others.borrow_mut().put(key, Rc::clone(&validator), weight, settings::schema_cache_size());
    Ok(validator)
}

fn cached(relation: Oid) -> Result<Rc<Registry>> {
    let empty = || Registry { relation, entries: RefCell::default(), others: RefCell::default() };
    REGISTRY.with(|registry| registry.get(relation, || Ok::<_, Error>(empty())))
}

fn asserts_formats() -> bool {
    settings::formats() == Formats::Asserted
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
