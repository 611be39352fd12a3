//! The queries of a reference. Names and operators are qualified: the queries run as the owners of the tables.
//!
//! Two kinds of rows go through them, each as `k1`, `k2`, …, `p`: what must be covered (of the table that refers), and what has
//! been changed (of the table that is referred to).

use super::layout::{Compared, Layout, Side};
use crate::pg::quote;
use crate::pg::spi::Kept;
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

/// A query in two forms: for few rows, with a plan that is kept, and for many.
pub struct Query {
    /// The form for few rows.
    pub few: Kept,
    /// The form for many rows.
    pub many: String,
}

/// The rows of a source that are not covered: their key, their period, and the part of the period that is not covered.
///
/// A row with a null refers to nothing; an empty period is covered by nothing, as for a foreign key with PERIOD.
pub fn uncovered(layout: &Layout, source: &Source) -> Query {
    Query { few: Kept::new(few_uncovered(layout, source)), many: many_uncovered(layout, source) }
}

/// For few rows: the periods that each overlaps are found by an index, if there is one.
fn few_uncovered(layout: &Layout, source: &Source) -> String {
    let (child, parent) = (&layout.child, &layout.parent);
    let period = Side::column("r", &parent.period);
    format!(
        "SELECT {columns}, COALESCE(
             pg_catalog.range_agg(s.p) OPERATOR(pg_catalog.-) pg_catalog.range_agg({period}), pg_catalog.range_agg(s.p))
         FROM {} AS s LEFT JOIN ONLY {} AS r ON {} AND {period} OPERATOR(pg_catalog.&&) s.p
         WHERE {}
         GROUP BY {columns}
         HAVING pg_catalog.isempty(s.p)
             OR NOT COALESCE(pg_catalog.range_agg({period}) OPERATOR(pg_catalog.@>) s.p, false)
         ORDER BY {columns}",
        source.sql(child),
        parent.table,
        same_key(parent, "r", &child.key, "s"),
        known(child),
        columns = list(child, "s"),
    )
}

/// For many rows: the periods of each key are united once, and each row is looked up in the union. To join each row with the
/// periods that it overlaps would take time by the square of the periods of a key. Of a key, only those periods are united that
/// overlap what all its rows span.
fn many_uncovered(layout: &Layout, source: &Source) -> String {
    let (child, parent) = (&layout.child, &layout.parent);
    let period = Side::column("r", &parent.period);
    let keys = |alias: &str| {
        let keys = (1..=child.key.len()).map(|number| format!("{alias}.k{number}"));
        keys.collect::<Vec<_>>().join(", ")
    };
    let same = child.key.iter().enumerate().map(|(number, key)| {
        let (operator, cast, number) = (key.equality.sql(), key.equality.cast_of(&key.column), number + 1);
        format!("m.k{number}{cast} {operator} s.k{number}{cast}")
    });
    format!(
        "WITH s AS MATERIALIZED (SELECT s.* FROM {} AS s WHERE {}),
         k AS (SELECT {of_s}, pg_catalog.range_merge(pg_catalog.range_agg(s.p)) AS span FROM s GROUP BY {of_s}),
         m AS (SELECT {of_k}, pg_catalog.range_agg({period}) AS cover
               FROM k JOIN ONLY {} AS r ON {} AND {period} OPERATOR(pg_catalog.&&) k.span
               GROUP BY {of_k})
         SELECT {columns}, COALESCE(pg_catalog.range_agg(s.p) OPERATOR(pg_catalog.-) m.cover, pg_catalog.range_agg(s.p))
         FROM s LEFT JOIN m ON {}
         WHERE pg_catalog.isempty(s.p) OR NOT COALESCE(m.cover OPERATOR(pg_catalog.@>) s.p, false)
         GROUP BY {columns}, m.cover
         ORDER BY {columns}",
        source.sql(child),
        known(child),
        parent.table,
        same_key(parent, "r", &child.key, "k"),
        same.collect::<Vec<_>>().join(" AND "),
        of_s = keys("s"),
        of_k = keys("k"),
        columns = list(child, "s"),
    )
}

/// The condition that a row of a source, `s`, refers to something.
fn known(side: &Side) -> String {
    names(side).map(|name| format!("s.{name} IS NOT NULL")).collect::<Vec<_>>().join(" AND ")
}

/// The rows of the table that refers, as records, that may have been covered by the rows of a source.
pub fn dependent(layout: &Layout, source: &Source) -> Query {
    let (child, parent) = (&layout.child, &layout.parent);
    let columns: Vec<_> = child.columns().map(|column| Side::column("c", column)).collect();
    let keys: Vec<_> = (1..=parent.key.len()).map(|number| format!("s.k{number}")).collect();
    let keys = keys.join(", ");
    // The periods of each key are united, for the same reason.
    let sql = format!(
        "SELECT ROW({}) FROM ONLY {} AS c
         JOIN (SELECT {keys}, pg_catalog.range_agg(s.p) AS p FROM {} AS s WHERE {} GROUP BY {keys}) AS o
           ON {} AND {} OPERATOR(pg_catalog.&&) o.p",
        columns.join(", "),
        child.table,
        source.sql(parent),
        known(parent),
        same_key(child, "c", &parent.key, "o"),
        Side::column("c", &child.period),
    );
    Query { few: Kept::new(sql.clone()), many: sql }
}

/// The rows of a source, as records.
pub fn records(side: &Side, source: &Source) -> Query {
    let sql = format!("SELECT ROW({}) FROM {} AS s", list(side, "s"), source.sql(side));
    Query { few: Kept::new(sql.clone()), many: sql }
}

/// The number of rows that refer to something.
pub fn count(layout: &Layout) -> String {
    format!("SELECT pg_catalog.count(*) FROM {} AS s WHERE {}", Source::Table.sql(&layout.child), known(&layout.child))
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
    format!("SELECT FROM {} AS s WHERE {} LIMIT 1", Source::Table.sql(&layout.child), known(&layout.child))
}
