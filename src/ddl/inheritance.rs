//! Inheritance goes around triggers. Rows of a child are in the parent, whose triggers do not fire for them; and a
//! command on a parent fires no statement triggers of its children, be they partitions or not.

use super::definitions::Feature;
use super::touched::Functions;
use crate::pg::oid::Oid;
use crate::pg::relation::name_of;
use crate::pg::report::{Class, Error, Result};
use crate::pg::snapshot::Mark;
use crate::pg::spi::{Fetched, Kept, Parameter, Session};

thread_local! {
    /// The parents and children among some tables and others that a feature does not allow. $2, $3, $4: seal, pack,
    /// validate.
    static FORBIDDEN: Kept = Kept::new(
        "SELECT CASE t.tgfoid WHEN $3 THEN 'packing' WHEN $2 THEN 'chain' ELSE 'validation' END,
                t.tgrelid = i.inhparent, i.inhrelid, i.inhparent
         FROM (SELECT inhrelid, inhparent FROM pg_catalog.pg_inherits WHERE inhrelid = ANY ($1)
               UNION
               SELECT inhrelid, inhparent FROM pg_catalog.pg_inherits WHERE inhparent = ANY ($1)) AS i
         JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
         JOIN pg_catalog.pg_trigger t ON t.tgrelid IN (i.inhrelid, i.inhparent)
         WHERE t.tgfoid = $3 OR t.tgfoid IN ($2, $4) AND t.tgrelid = i.inhparent AND NOT c.relispartition"
            .to_string(),
    );
}

type Pair = (Feature, bool, Oid, Oid);

/// Refuses children of a guarded table and parents of a packed one, where one of `tables` is the parent or the child and
/// has become so since `start`. What was so before is not this command's doing.
pub fn check(session: &Session, functions: &Functions, start: Mark, tables: &[Oid]) -> Result<()> {
    if tables.is_empty() {
        return Ok(());
    }
    let after = super::running::now().during(|| forbidden(session, functions, tables))?;
    if after.is_empty() {
        return Ok(());
    }
    let before = start.during(|| forbidden(session, functions, tables))?;
    after.iter().find(|pair| !before.contains(pair)).map_or(Ok(()), |pair| Err(refusal(pair)))
}

/// Refuses a table whose features do not allow the parents and children that it has.
pub fn refuse(session: &Session, functions: &Functions, table: Oid) -> Result<()> {
    let found = super::running::now().during(|| forbidden(session, functions, &[table]))?;
    found.first().map_or(Ok(()), |pair| Err(refusal(pair)))
}

fn forbidden(session: &Session, functions: &Functions, tables: &[Oid]) -> Result<Vec<Pair>> {
    let [seal, _, pack, _, validate] = functions.parameters();
    let parameters = [Parameter::from(tables.to_vec()), seal, pack, validate];
    let found = FORBIDDEN.with(|forbidden| forbidden.query_as_caller(session, &parameters))?;
    let pair = |row: Fetched| -> Result<Option<Pair>> {
        let feature = Feature::of(&row.get::<String>(0).unwrap_or_default())?;
        Ok((|| Some((feature, row.get(1)?, row.get(2)?, row.get(3)?)))())
    };
    found.rows().filter_map(|row| pair(row).transpose()).collect()
}

fn refusal((feature, is_parent, child, parent): &Pair) -> Error {
    let (feature, is_parent, child, parent) = (*feature, *is_parent, name_of(*child), name_of(*parent));
    let (child_noun, parent_noun) = if is_parent { ("table", feature.noun()) } else { (feature.noun(), "table") };
    let message = format!("{child_noun} \"{child}\" cannot inherit from {parent_noun} \"{parent}\"");
    let error = Error::new(Class::Unsupported, message);
    match feature {
        Feature::Chain => error.hint("Use declarative partitioning."),
        Feature::Validation => error
            .detail("Documents in the rows of a child would not be validated.")
            .hint("Use declarative partitioning."),
        Feature::Packing if is_parent => error.detail("Rows of a child would not be packed with those of the table."),
        Feature::Packing => error.detail("Rows that come through another table would not be packed."),
    }
}
