//! The demands of a packing on its table, except triggers and constraint: checked by `add_packing()`, for triggers made by
//! hand, and after each command.

use super::arguments::Arguments;
use super::constraint;
use super::feature::FEATURE;
use super::layout::{Compared, Layout};
use crate::pg::line::image::Image;
use crate::pg::quote;
use crate::pg::relation::Relation;
use crate::pg::report::{Class, Error, Result};
use crate::table::problems;

/// Checks a table that has the triggers of a packing.
pub fn check(relation: &Relation) -> Result<()> {
    relation.require_plain(FEATURE.participle)?;
    if FEATURE.has_twice(relation)? {
        return Err(FEATURE.duplicate(&relation.name()));
    }
    problems::refuse_rules(&[relation.oid()], "packed")?;
    let Some(attached) = FEATURE.attached(relation)? else { return Ok(()) };
    let layout = Layout::of(relation, &Arguments::parse(&attached.arguments)?)?;
    check_columns(relation, &layout)?;
    check_direct_value(relation, &layout)
}

/// Checks the columns of a packing.
pub fn check_columns(relation: &Relation, layout: &Layout) -> Result<()> {
    check_type_owners(relation, layout)?;
    let table = relation.name();
    if layout.period.generated {
        return Err(Error::new(
            Class::Unsupported,
            format!("generated column \"{}\" cannot be the period of a packing", layout.period.name),
        )
        .detail("Packing changes the period of a row."));
    }
    for Compared { column, equality, .. } in &layout.key {
        let name = &column.name;
        if !column.not_null {
            return Err(Error::new(Class::State, format!("key column \"{name}\" must be declared NOT NULL"))
                .hint(format!("ALTER TABLE {} ALTER COLUMN {} SET NOT NULL;", layout.table, quote::identifier(name))));
        }
        if equality.gist_strategy(column).is_none() {
            return Err(Error::new(
                Class::Unsupported,
                format!("column \"{name}\" of table \"{table}\" cannot be in the key of a packing"),
            )
            .detail(format!(
                "Type {} has no GiST operator class with equality.",
                crate::pg::types::type_name(column.type_id)
            ))
            .hint("Use a type that btree_gist has one for, such as text, uuid, bigint or an enum."));
        }
    }
    if constraint::has_direct_value(layout) {
        return Ok(());
    }
    for Compared { column, .. } in &layout.value {
        if let Err(unsupported) = Image::of(column.type_id, column.collation) {
            return Err(Error::new(
                Class::Unsupported,
                format!("column \"{}\" of table \"{table}\" cannot be in the value of a packing", column.name),
            )
            .detail(unsupported.reason())
            .hint(format!("Leave it out: exclude => '{{{}}}'.", quote::identifier(&column.name))));
        }
    }
    Ok(())
}

/// Refuses a nullable value that the constraint compares directly: an exclusion constraint lets every null pass.
fn check_direct_value(relation: &Relation, layout: &Layout) -> Result<()> {
    let [value] = &layout.value[..] else { return Ok(()) };
    let index = constraint::index_of(relation, layout);
    if value.column.not_null || index.is_none_or(|index| !index.columns.contains(&Some(value.column.place))) {
        return Ok(());
    }
    let name = &value.column.name;
    Err(Error::new(Class::State, format!("value column \"{name}\" must be declared NOT NULL"))
        .detail("The exclusion constraint of the packing compares it, and lets rows with a null pass.")
        .hint("Use drop_packing() and then add_packing() for a constraint that allows nulls."))
}

/// Refuses compared columns whose types the table's owner does not control.
fn check_type_owners(relation: &Relation, layout: &Layout) -> Result<()> {
    let compared = layout.key.iter().chain(&layout.value).map(|compared| &compared.column);
    relation.check_type_owners(compared.chain([&layout.period]))
}
