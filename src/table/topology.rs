//! The relatives of a table: partitions, which share its triggers, and inheritance children, which do not.

use super::feature::Feature;
use crate::pg::oid::Oid;
use crate::pg::relation::Relation;
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::{self, Session};

/// Refuses a table with inheritance children if they would break the guarantee.
pub fn check_children(feature: &Feature, relation: &Relation) -> Result<()> {
    let Some(reason) = feature.no_children else { return Ok(()) };
    if !spi::connect(|session| has_children(session, relation.oid()))? {
        return Ok(());
    }
    Err(Error::new(Class::Unsupported, format!("table \"{}\" has inheritance children", relation.name()))
        .detail(reason)
        .hint("Use declarative partitioning."))
}

/// Whether the table has children that are not its partitions.
fn has_children(session: &Session, table: Oid) -> Result<bool> {
    let children = session.query_as_caller(
        "SELECT FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
         WHERE i.inhparent = $1 AND NOT c.relispartition LIMIT 1",
        &[table.into()],
    )?;
    Ok(!children.is_empty())
}

/// The relation, and all partitions below it that hold rows.
pub fn with_leaves(relation: &Relation) -> Result<Vec<Oid>> {
    let mut tables = relation.leaves()?;
    if relation.is_partitioned() {
        tables.insert(0, relation.oid());
    }
    Ok(tables)
}

/// All partitions below a partitioned table, at every level.
pub fn below(session: &Session, table: Oid) -> Result<Vec<Oid>> {
    let tree = session
        .query("SELECT relid::pg_catalog.oid FROM pg_catalog.pg_partition_tree($1) WHERE level > 0", &[table.into()])?;
    tree.rows().map(|row| row.get(0).ok_or_else(|| Error::damaged("pg_inherits"))).collect()
}

/// The columns by which these tables are partitioned; `None` for an expression.
pub fn partition_keys(session: &Session, tables: &[Oid]) -> Result<Vec<Option<String>>> {
    let keys = session.query(
        "SELECT a.attname::pg_catalog.text
         FROM pg_catalog.pg_partitioned_table p
         CROSS JOIN LATERAL pg_catalog.unnest(p.partattrs::pg_catalog.int2[]) AS k (number)
         LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = k.number
         WHERE p.partrelid = ANY ($1)",
        &[tables.to_vec().into()],
    )?;
    Ok(keys.rows().map(|key| key.get(0)).collect())
}

/// The table in a FROM clause: with the rows of its partitions, without those of inheritance children.
pub fn from_clause(relation: &Relation, alias: &str) -> String {
    let only = if relation.is_partitioned() { "" } else { "ONLY " };
    format!("{only}{} AS {alias}", relation.qualified_name())
}

/// What an UPDATE or DELETE of rows of the partition `leaf` names, and the condition that keeps it to these rows: the statement runs
/// as the owner of `root`.
///
/// PostgreSQL asks for privileges on the named table alone. So a partition of another role is reached through the root, as by any
/// UPDATE of the root. It must not be reached as its own owner: the triggers that it has from the root are code of the root's owner.
pub fn rows_of(root: &Relation, leaf: &Relation) -> (String, String) {
    if leaf.has_same_owner(root) {
        return (format!("ONLY {}", leaf.qualified_name()), "true".to_string());
    }
    (root.qualified_name(), format!("tableoid = {}", u32::from(leaf.oid())))
}
