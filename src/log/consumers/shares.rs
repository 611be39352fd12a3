//! Whether entities can be shared by hash for good. A restored database has the members where they stood, so each entity has
//! to stay with its member there.

use crate::chain::arguments::Arguments;
use crate::pg::oid::Oid;
use crate::pg::relation::Relation;
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::Session;

/// The columns of a list of types whose hashes are those of numbers in the catalogs, which a restore gives anew: enums and the
/// names of objects, also within arrays, ranges, domains and rows.
const UNSTABLE: &str = "
    WITH RECURSIVE part (type) AS (
        SELECT $1
        UNION
        SELECT inner_type
        FROM part
        JOIN pg_catalog.pg_type t ON t.oid = part.type
        CROSS JOIN LATERAL (
            SELECT t.typbasetype WHERE t.typtype = 'd'
            UNION ALL SELECT t.typelem WHERE t.typelem <> 0
            UNION ALL SELECT r.rngsubtype FROM pg_catalog.pg_range r WHERE t.oid IN (r.rngtypid, r.rngmultitypid)
            UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a
                WHERE t.typrelid <> 0 AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
        ) AS parts (inner_type)
    )
    SELECT FROM part JOIN pg_catalog.pg_type t ON t.oid = part.type
    WHERE t.typtype = 'e'
       OR t.typnamespace = 'pg_catalog'::pg_catalog.regnamespace AND (t.typname LIKE 'reg%' OR t.typname = 'oid')
    LIMIT 1";

/// The error of more than one member, if a column that names the entity has no hash that lasts.
pub fn check(session: &Session, relation: &Relation, arguments: &Arguments, members: i32) -> Result<()> {
    if members == 1 {
        return Ok(());
    }
    for column in relation.columns().into_iter().filter(|column| arguments.entity.contains(&column.name)) {
        if is_unstable(session, column.type_id)? {
            return Err(Error::new(Class::Unsupported, "members cannot share the entities of this table")
                .detail(format!(
                    "Column \"{}\" is of a type whose hashes are not the same after a restore.",
                    column.name
                ))
                .hint("Use one member."));
        }
    }
    Ok(())
}

fn is_unstable(session: &Session, type_id: Oid) -> Result<bool> {
    Ok(!session.query(UNSTABLE, &[type_id.into()])?.is_empty())
}
