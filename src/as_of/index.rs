//! The index that finds an entity's event: an ordinary one, in the columns' own order, as a query of a user would need it.

use crate::pg::column::Column;
use crate::pg::oid::Oid;
use crate::pg::quote;
use crate::pg::report::Result;
use crate::pg::spi::Session;

/// Creates a B-tree index on these columns, each given with the operator family of its type, unless the table has one.
pub fn add(session: &Session, table: Oid, name: &str, columns: &[(&Column, Oid)]) -> Result<()> {
    if exists(session, table, columns)? {
        return Ok(());
    }
    let list = columns.iter().map(|(column, _)| quote::identifier(&column.name)).collect::<Vec<_>>().join(", ");
    session.run(&format!("CREATE INDEX ON {name} ({list})"), &[]).map(|_| ())
}

/// Whether the planner can use an index for the functions: the columns come first in it, in this order and with their own
/// collations, all ascending or all descending.
fn exists(session: &Session, table: Oid, columns: &[(&Column, Oid)]) -> Result<bool> {
    let numbers: Vec<i64> = columns.iter().map(|(column, _)| column.place as i64 + 1).collect();
    let families: Vec<Oid> = columns.iter().map(|(_, family)| *family).collect();
    let collations: Vec<Oid> = columns.iter().map(|(column, _)| column.collation).collect();
    let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
    let found = session.query(
        "SELECT FROM pg_catalog.pg_index i
         JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
         JOIN pg_catalog.pg_am a ON a.oid = c.relam
         WHERE i.indrelid = $1 AND a.amname = 'btree' AND i.indisvalid AND i.indpred IS NULL
           AND i.indnkeyatts >= pg_catalog.cardinality($2)
           AND (SELECT pg_catalog.bool_and(i.indkey[n - 1] = $2[n]::pg_catalog.int2
                                           AND i.indcollation[n - 1] = $4[n]
                                           AND o.opcfamily = $3[n]
                                           AND i.indoption[n - 1] = i.indoption[0])
                       AND i.indoption[0] IN (0, 3)
                FROM pg_catalog.generate_series(1, pg_catalog.cardinality($2)) AS n
                JOIN pg_catalog.pg_opclass o ON o.oid = i.indclass[n - 1])
         LIMIT 1",
        &[table.into(), numbers.into(), families.into(), collations.into()],
    )?;
    Ok(!found.is_empty())
}
