//! The exclusion constraint of a packing: refuses different values at one instant, and its index finds neighbours.

use super::layout::{Compared, Layout};
use crate::pg::equality::operator_sql;
use crate::pg::index::GistIndex;
use crate::pg::oid;
use crate::pg::quote;
use crate::pg::range_scan::Touching;
use crate::pg::relation::Relation;
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::Session;
use crate::pg::types::{is_deterministic, is_short};

/// Whether the value is a single column that the constraint can compare directly: never null, and short enough for an index.
pub fn has_direct_value(layout: &Layout) -> bool {
    let is_direct = |value: &Compared| {
        value.column.not_null && value.equality.has_gist_unequal(&value.column) && is_short(value.column.type_id)
    };
    matches!(&layout.value[..], [value] if is_direct(value))
}

/// Adds the constraint that refuses different values at one instant; without value columns, adds only the index.
pub fn add(session: &Session, layout: &Layout, name: &str) -> Result<()> {
    // The key comes first, then the period. With the period first, or the value before it, a search by key and period
    // reads more pages, each at some 5 µs: GiST tests every entry of a page.
    let key = layout.key.iter().map(|key| (quote::identifier(&key.column.name), key.equality.sql()));
    let value = match &layout.value[..] {
        [] => None,
        [value] if has_direct_value(layout) => {
            Some((quote::identifier(&value.column.name), operator_sql(value.equality.negator())))
        }
        values => {
            let columns: Vec<_> = values.iter().map(|value| quote::identifier(&value.column.name)).collect();
            let text = format!("(veritable.value_key({}) COLLATE pg_catalog.\"C\")", columns.join(", "));
            Some((text, "OPERATOR(pg_catalog.<>)".to_string()))
        }
    };
    let period = (quote::identifier(&layout.period.name), "OPERATOR(pg_catalog.&&)".to_string());
    let (table, name) = (&layout.table, quote::identifier(name));
    let elements = key.chain([period]).chain(value.clone());
    let sql = if value.is_some() {
        let elements: Vec<_> = elements.map(|(column, operator)| format!("{column} WITH {operator}")).collect();
        format!("ALTER TABLE {table} ADD CONSTRAINT {name} EXCLUDE USING gist ({})", elements.join(", "))
    } else {
        let elements: Vec<_> = elements.map(|(column, _)| column).collect();
        format!("CREATE INDEX {name} ON {table} USING gist ({})", elements.join(", "))
    };
    session.run(&sql, &[])?;
    Ok(())
}

/// The index of the packing's constraint; without value columns, the plain index in its place.
pub fn index_of(relation: &Relation, layout: &Layout) -> Option<GistIndex> {
    relation.gist_indexes().into_iter().find(|index| fits(index, layout))
}

/// Whether the index has the key first, compared as the table compares it, then period and value in any order. If there
/// are values, the index must belong to a constraint that refuses different values at one instant.
fn fits(index: &GistIndex, layout: &Layout) -> bool {
    let key: Vec<_> = layout.key.iter().map(|key| Some(key.column.place)).collect();
    let period = Some(layout.period.place);
    let Some(rest) = index.columns.strip_prefix(&key[..]) else { return false };
    let compares_keys_alike = layout.key.iter().zip(&index.collations).all(|(key, &collation)| {
        collation == key.column.collation || (is_deterministic(collation) && is_deterministic(key.column.collation))
    });
    if !compares_keys_alike {
        return false;
    }
    if layout.value.is_empty() && rest == [period] && index.excludes.is_empty() {
        return true;
    }
    let keys_are_equal =
        index.excludes.iter().zip(&layout.key).all(|(operator, key)| *operator == key.equality.operator());
    let (Some(at_period), Some(operators)) =
        (rest.iter().position(|column| *column == period), index.excludes.get(key.len()..))
    else {
        return false;
    };
    let overlaps = operators.get(at_period) == Some(&oid::RANGE_OVERLAPS);
    let refuses_others = match (&layout.value[..], rest) {
        ([], [_]) => true,
        // The index may hold a single value directly or in an expression, and several values only in an expression.
        (values, [_, _]) if !values.is_empty() => match (rest[1 - at_period], values) {
            (None, _) => true,
            (Some(place), [value]) => {
                place == value.column.place && operators[1 - at_period] == value.equality.negator()
            }
            _ => false,
        },
        _ => false,
    };
    keys_are_equal && overlaps && refuses_others
}

/// The search through that index for rows that touch a period.
pub fn scan_of(relation: &Relation, layout: &Layout, index: &GistIndex) -> Option<Touching> {
    let key: Vec<_> = layout.key.iter().map(|key| (key.column.clone(), key.equality)).collect();
    let position = index.columns.iter().position(|column| *column == Some(layout.period.place))?;
    Touching::new(relation, index.oid, &key, layout.period.place, position)
}

/// The error of a packing without its index.
pub fn missing_index(relation: &Relation) -> Error {
    Error::new(Class::State, format!("packed table \"{}\" has no exclusion constraint of its packing", relation.name()))
        .hint("Use drop_packing() and add_packing() to make it anew.")
}
