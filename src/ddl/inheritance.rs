//! Inheritance goes around triggers. Rows of a child are in the parent, whose triggers do not fire for them; and a
//! command on a parent fires no statement triggers of its children, be they partitions or not.

use pgrx::pg_sys;

use super::definitions::Feature;
use crate::pg::relation::name_of;
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::Session;

/// Refuses children of a guarded table and parents of a packed one, where one of `tables` is the parent or the child.
pub fn check(session: &Session, tables: &[pg_sys::Oid]) -> Result<()> {
    let found = session.query(
        "SELECT CASE t.tgfoid WHEN 'veritable.pack'::pg_catalog.regproc THEN 'packing'
                              WHEN 'veritable.seal'::pg_catalog.regproc THEN 'chain' ELSE 'validation' END,
                t.tgrelid = i.inhparent, i.inhrelid, i.inhparent
         FROM pg_catalog.pg_inherits i
         JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
         JOIN pg_catalog.pg_trigger t ON t.tgrelid IN (i.inhrelid, i.inhparent)
         WHERE (i.inhrelid = ANY ($1) OR i.inhparent = ANY ($1))
           AND (t.tgfoid = 'veritable.pack'::pg_catalog.regproc
                OR t.tgfoid IN ('veritable.seal'::pg_catalog.regproc, 'veritable.validate'::pg_catalog.regproc)
                   AND t.tgrelid = i.inhparent AND NOT c.relispartition)
         LIMIT 1",
        &[tables.to_vec().into()],
    )?;
    let refused = found.rows().next().and_then(|row| {
        let feature = Feature::of(&row.get::<String>(0)?)?;
        Some(refusal(feature, row.get(1)?, &name_of(row.get(2)?), &name_of(row.get(3)?)))
    });
    refused.map_or(Ok(()), Err)
}

fn refusal(feature: Feature, is_parent: bool, child: &str, parent: &str) -> Error {
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
