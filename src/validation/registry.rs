//! The table of the registry. A backend reads it as PostgreSQL reads its catalogs: the latest committed rows count,
//! whatever the snapshot of the transaction is.

use std::collections::BTreeMap;

use veritable_schema::{Value, identity};

use super::strictness::Strictness;
use crate::pg::acting::as_owner;
use crate::pg::oid::Oid;
use crate::pg::relation::{self, Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::snapshot::Latest;
use crate::pg::spi::{self, Fetched};

/// A stored version of an event schema.
pub struct Record {
    /// The version number.
    pub version: i64,
    /// The schema; `None` if this version retires the name.
    pub schema: Option<Value>,
    /// The versions to which references without a version are pinned.
    pub resolved: BTreeMap<String, i64>,
    /// The compatibility mode from this version on.
    pub compatibility: String,
    /// The strictness from this version on.
    pub strictness: Strictness,
}

/// A name whose newest version gives itself a URI.
pub struct Identified {
    /// The URI.
    pub uri: String,
    /// The name.
    pub name: String,
    /// The number of the newest version.
    pub version: i64,
}

/// The names whose newest version gives itself a URI; retired names have none.
pub fn identities() -> Result<Vec<Identified>> {
    let registry = Relation::open(table()?, Lock::AccessShare)?;
    as_owner(&registry, |_| {
        Latest::during(|_| {
            spi::connect(|session| {
                // What says the URI of a schema, and whether: the crate decides. The schema itself may be large.
                let found = session.query_as_caller(
                    "SELECT e.name, e.version, pg_catalog.jsonb_build_object(
                                '$schema', e.schema OPERATOR(pg_catalog.->) '$schema',
                                '$id', e.schema OPERATOR(pg_catalog.->) '$id',
                                'id', e.schema OPERATOR(pg_catalog.->) 'id',
                                '$ref', e.schema OPERATOR(pg_catalog.->) '$ref')::pg_catalog.text
                     FROM (SELECT DISTINCT ON (s.name) s.name, s.version, s.schema
                           FROM veritable.event_schemas AS s
                           ORDER BY s.name, s.version DESC) AS e
                     WHERE e.schema OPERATOR(pg_catalog.?|) ARRAY['$id', 'id']",
                    &[],
                )?;
                let identified = |row: Fetched| {
                    let (name, version) = (row.get::<String>(0), row.get::<i64>(1));
                    let (Some(name), Some(version)) = (name, version) else { return Err(damaged("", 0)) };
                    let mut parts = row
                        .get::<String>(2)
                        .and_then(|text| veritable_schema::parse(&text).ok())
                        .ok_or_else(|| damaged(&name, version))?;
                    if let Some(parts) = parts.as_object_mut() {
                        parts.retain(|_, value| !value.is_null());
                    }
                    Ok(identity(&parts).map(|uri| Identified { uri, name, version }))
                };
                found.rows().filter_map(|row| identified(row).transpose()).collect()
            })
        })
    })
}

/// The oid of the registry's table.
pub fn table() -> Result<Oid> {
    relation::named(c"veritable", c"event_schemas")
        .ok_or_else(|| Error::new(Class::State, "extension veritable is not installed in this database"))
}

/// The newest version of `name`, or the given version, from the table.
pub fn read(name: &str, version: Option<i64>) -> Result<Option<Record>> {
    let registry = Relation::open(table()?, Lock::AccessShare)?;
    as_owner(&registry, |_| {
        Latest::during(|_| {
            spi::connect(|session| {
                let found = session.query_as_caller(
                    "SELECT version, schema::pg_catalog.text, resolved::pg_catalog.text, compatibility, strict, annotations
                     FROM veritable.event_schemas
                     WHERE name OPERATOR(pg_catalog.=) $1
                       AND ($2 IS NULL OR version OPERATOR(pg_catalog.=) $2)
                     ORDER BY version DESC
                     LIMIT 1",
                    &[name.into(), version.into()],
                )?;
                found.rows().next().map(|row| record(name, &row)).transpose()
            })
        })
    })
}

/// The numbers of the versions of a name.
pub struct Numbers {
    /// The number of the newest version.
    pub newest: i64,
    /// The numbers of the versions that have a schema: the others retire the name. Newest first.
    pub with_schema: Vec<i64>,
}

/// The numbers of the versions of `name`; `None` if the name was never registered.
pub fn numbers(name: &str) -> Result<Option<Numbers>> {
    let registry = Relation::open(table()?, Lock::AccessShare)?;
    as_owner(&registry, |_| {
        Latest::during(|_| {
            spi::connect(|session| {
                let found = session.query_as_caller(
                    "SELECT version, schema IS NOT NULL FROM veritable.event_schemas
                     WHERE name OPERATOR(pg_catalog.=) $1 ORDER BY version DESC",
                    &[name.into()],
                )?;
                let number = |row: Fetched| Some((row.get::<i64>(0)?, row.get::<bool>(1)?));
                let all: Option<Vec<_>> = found.rows().map(number).collect();
                let all = all.ok_or_else(|| damaged(name, 0))?;
                let with_schema = all.iter().filter(|(_, has_schema)| *has_schema).map(|(version, _)| *version);
                Ok(all.first().map(|(newest, _)| Numbers { newest: *newest, with_schema: with_schema.collect() }))
            })
        })
    })
}

/// Reads a row of the registry. A row that registration would not have written is an error: a document might pass otherwise.
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
        strictness: Strictness { strict: row.get(4).ok_or_else(damage)?, annotations: row.get(5).ok_or_else(damage)? },
    })
}

/// The error of a row that registration would not have admitted.
pub fn damaged(name: &str, version: i64) -> Error {
    Error::new(Class::Corrupted, format!("event schema \"{name}\" version {version} is damaged"))
        .hint("verify_chain('veritable.event_schemas') names what was changed.")
}
