//! The queries of a reference. Names and operators are qualified: the queries run as the owners of the tables.
//!
//! Two kinds of rows go through them, each as `k1`, `k2`, …, `p`: what must be covered (of the table that refers), and what has
//! been changed (of the table that is referred to).

use super::layout::{Compared, Layout, Side};
use crate::pg::quote;
use crate::pg::types::qualified_type_name;

/// A source of rows, as an item of a FROM clause.
#[derive(Clone, Debug)]
pub enum Source {
    /// The rows of a table with this name: a transition table.
    Named(String),
    /// The rows that are in the one transition table and not, with the same key and period, in the other.
    Changed(String, String),
    /// One row: parameters `$1`, `$2`, ….
    Row,
    /// An array of records: the parameter `$1`.
    Records,
    /// The table itself.
    Table,
}

impl Source {
    fn sql(&self, side: &Side) -> String {
        let columns = || {
            let columns = side.columns().map(|column| Side::column("t", column)).zip(names(side));
            columns.map(|(column, name)| format!("{column} AS {name}")).collect::<Vec<_>>().join(", ")
        };
        match self {
            Source::Named(name) => format!("(SELECT {} FROM {} AS t)", columns(), quote::identifier(name)),
            Source::Changed(name, without) => format!(
                "(SELECT {0} FROM {1} AS t EXCEPT SELECT {0} FROM {2} AS t)",
                columns(),
                quote::identifier(name),
                quote::identifier(without)
            ),
            Source::Row => {
                let parameters = names(side).enumerate().map(|(number, name)| format!("${} AS {name}", number + 1));
                format!("(SELECT {})", parameters.collect::<Vec<_>>().join(", "))
            }
            Source::Records => {
                let types = side.columns().zip(names(side));
                let types = types.map(|(column, name)| {
                    let collation = if column.collation == crate::pg::oid::INVALID {
                        String::new()
                    } else {
                        format!(" COLLATE {}", crate::pg::types::qualified_collation_name(column.collation))
                    };
                    format!("{name} {}{collation}", qualified_type_name(column.type_id))
                });
                let types = types.collect::<Vec<_>>().join(", ");
                format!("(SELECT * FROM pg_catalog.unnest($1) AS t ({types}))")
            }
            Source::Table => format!("(SELECT {} FROM ONLY {} AS t)", columns(), side.table),
        }
    }
}

/// The names of the columns of a source.
fn names(side: &Side) -> impl Iterator<Item = String> {
    (1..=side.key.len()).map(|number| format!("k{number}")).chain(["p".to_string()])
}

/// The list of the columns of a source.
fn list(side: &Side, alias: &str) -> String {
    names(side).map(|name| format!("{alias}.{name}")).collect::<Vec<_>>().join(", ")
}

/// The condition that a row of a table, `alias`, has the key of a source's row, `source`.
fn same_key(side: &Side, alias: &str, other: &[Compared], source: &str) -> String {
    let pairs = side.key.iter().zip(other).enumerate().map(|(number, (one, other))| {
        let (cast, other_cast) = (one.equality.cast_of(&one.column), other.equality.cast_of(&other.column));
        let column = Side::column(alias, &one.column);
        format!("{column}{cast} {} {source}.k{}{other_cast}", one.equality.sql(), number + 1)
    });
    pairs.collect::<Vec<_>>().join(" AND ")
}

/// The rows of a source that are not covered: their key, their period, and the part of the period that is not covered.
///
/// Most rows are covered by a single row of the other table, and are left out first, by one join for all. A row with a null
/// refers to nothing; an empty period is covered by nothing, as for a foreign key with PERIOD.
pub fn uncovered(layout: &Layout, source: &Source) -> String {
    let (child, parent) = (&layout.child, &layout.parent);
    let (table, period) = (&parent.table, Side::column("r", &parent.period));
    let same = |source: &str| same_key(parent, "r", &child.key, source);
    let known: Vec<_> = names(child).map(|name| format!("s.{name} IS NOT NULL")).collect();
    format!(
        "WITH c AS MATERIALIZED (
             SELECT DISTINCT {} FROM {} AS s
             WHERE {} AND NOT EXISTS (
                 SELECT FROM ONLY {table} AS r
                 WHERE {} AND {period} OPERATOR(pg_catalog.@>) s.p AND NOT pg_catalog.isempty(s.p)))
         SELECT {columns}, COALESCE(
             pg_catalog.range_agg(c.p) OPERATOR(pg_catalog.-) pg_catalog.range_agg({period}), pg_catalog.range_agg(c.p))
         FROM c LEFT JOIN ONLY {table} AS r ON {} AND {period} OPERATOR(pg_catalog.&&) c.p
         GROUP BY {columns}
         HAVING pg_catalog.isempty(c.p)
             OR NOT COALESCE(pg_catalog.range_agg({period}) OPERATOR(pg_catalog.@>) c.p, false)",
        list(child, "s"),
        source.sql(child),
        known.join(" AND "),
        same("s"),
        same("c"),
        columns = list(child, "c"),
    )
}

/// The rows of the table that refers, as records, that may have been covered by the rows of a source.
pub fn dependent(layout: &Layout, source: &Source) -> String {
    let (child, parent) = (&layout.child, &layout.parent);
    let columns: Vec<_> = child.columns().map(|column| Side::column("c", column)).collect();
    format!(
        "SELECT ROW({}) FROM ONLY {} AS c WHERE EXISTS (
             SELECT FROM {} AS o WHERE {} AND o.p OPERATOR(pg_catalog.&&) {})",
        columns.join(", "),
        child.table,
        source.sql(parent),
        same_key(child, "c", &parent.key, "o"),
        Side::column("c", &child.period),
    )
}

/// The rows of a source, as records.
pub fn records(side: &Side, source: &Source) -> String {
    format!("SELECT ROW({}) FROM {} AS s", list(side, "s"), source.sql(side))
}

/// All rows of the table that refers, as records.
pub fn all(layout: &Layout) -> String {
    records(&layout.child, &Source::Table)
}

/// The number of rows that refer to something.
pub fn count(layout: &Layout) -> String {
    let known: Vec<_> = names(&layout.child).map(|name| format!("s.{name} IS NOT NULL")).collect();
    format!("SELECT pg_catalog.count(*) FROM {} AS s WHERE {}", Source::Table.sql(&layout.child), known.join(" AND "))
}

/// Whether the table that refers has a row with this key and this period.
pub fn present(layout: &Layout) -> String {
    let child = &layout.child;
    let is_same = child.key.iter().enumerate().map(|(number, key)| {
        let (column, cast) = (Side::column("c", &key.column), key.equality.cast_of(&key.column));
        format!("{column}{cast} {} ${}{cast} AND ", key.equality.sql(), number + 1)
    });
    format!(
        "SELECT FROM ONLY {} AS c WHERE {}{} OPERATOR(pg_catalog.=) ${} LIMIT 1",
        child.table,
        is_same.collect::<String>(),
        Side::column("c", &child.period),
        child.key.len() + 1
    )
}

/// A row that refers to something.
pub fn any(layout: &Layout) -> String {
    let known: Vec<_> = names(&layout.child).map(|name| format!("s.{name} IS NOT NULL")).collect();
    format!(
        "SELECT {} FROM {} AS s WHERE {} LIMIT 1",
        list(&layout.child, "s"),
        Source::Table.sql(&layout.child),
        known.join(" AND ")
    )
}
