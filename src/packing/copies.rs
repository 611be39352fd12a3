//! The rows that packing makes of others: what a copy takes over, what it gets anew, and where its primary key comes from.

use super::feature::FEATURE;
use super::layout::Layout;
use crate::pg::column::Column;
use crate::pg::quote;
use crate::pg::relation::Relation;
use crate::pg::report::{Class, Error, Result};
use crate::pg::types::is_uuid;

/// The expression of a new value for a `uuid`.
pub const RANDOM: &str = "pg_catalog.gen_random_uuid()";

/// The value of a column of a copy.
pub enum Source {
    /// The value of the copied row.
    Row,
    /// The value of the fact.
    Fact,
    /// A new `uuid`.
    Random,
}

/// The columns of a table's primary key that tell rows of one fact apart.
pub struct RowName {
    columns: Vec<Column>,
    /// Those of them that nothing gives a value.
    open: Vec<Column>,
    /// Whether other columns of the primary key already differ from row to row.
    is_distinct: bool,
    /// Whether triggers may give values: they are asked before an error.
    has_triggers: bool,
    table: String,
}

impl RowName {
    /// The row name of a packed table.
    pub fn of(relation: &Relation, layout: &Layout) -> RowName {
        let (primary_key, fact) = (relation.primary_key(), layout.places());
        let is_name = |column: &Column| primary_key.contains(&column.place) && !fact.contains(&column.place);
        let columns: Vec<_> = relation.columns().into_iter().filter(is_name).collect();
        let is_open = |column: &&Column| !column.generated && !column.identity && !relation.has_default(column);
        let open: Vec<_> = columns.iter().filter(is_open).cloned().collect();
        let is_ours = |function| FEATURE.oids().is_ok_and(|ours| ours.contains(&function));
        RowName {
            is_distinct: primary_key.contains(&layout.period.place) || open.len() < columns.len(),
            has_triggers: relation
                .triggers()
                .iter()
                .any(|t| t.before_insert_row() && t.enabled() && !is_ours(t.function)),
            columns,
            open,
            table: relation.name(),
        }
    }

    /// Whether the column is one of these.
    pub fn contains(&self, name: &str) -> bool {
        self.columns.iter().any(|column| column.name == name)
    }

    /// The columns that a fact, which names `given`, leaves without a value.
    fn missing(&self, given: &[String]) -> Vec<&Column> {
        self.open.iter().filter(|column| !given.contains(&column.name)).collect()
    }

    /// The column that gets a new `uuid`: the only one that can, if nothing else tells the rows apart.
    fn random(&self, given: &[String]) -> Option<&Column> {
        let missing = self.missing(given);
        let mut uuids = missing.into_iter().filter(|column| is_uuid(column));
        match (uuids.next(), uuids.next()) {
            (Some(column), None) if !self.is_distinct => Some(column),
            _ => None,
        }
    }

    /// The column of the fact's own row that gets a new `uuid`, or the error that the fact leaves out what it has to give.
    pub fn of_fact(&self, given: &[String]) -> Result<Option<&Column>> {
        let random = self.random(given);
        let is_random = |column: &Column| random.is_some_and(|random| random.place == column.place);
        match self.missing(given).into_iter().find(|column| !is_random(column)) {
            Some(missing) if !self.has_triggers => {
                Err(Error::new(Class::Argument, format!("argument \"fact\" has no \"{}\"", missing.name))
                    .detail("The column is in the primary key and has no default.")
                    .hint("Give the fact a value for it, or give the column a default."))
            }
            _ => Ok(random),
        }
    }
}

/// The columns of a copy, quoted, and where their values come from. `given` are those that the fact names for the copy.
/// All others but the period are made anew.
pub fn columns(relation: &Relation, layout: &Layout, given: &[String]) -> Result<Vec<(String, Source)>> {
    let name = RowName::of(relation, layout);
    let is_given = |column: &Column| given.contains(&column.name) && name.contains(&column.name);
    let random = name.random(given).map(|column| column.place);
    let needs = !name.is_distinct && random.is_none() && !name.columns.iter().any(is_given);
    let open = |column: &Column| name.open.iter().any(|open| open.place == column.place);
    if needs
        && !name.has_triggers
        && let Some(first) = name.open.first()
    {
        return Err(Error::new(
            Class::State,
            format!("column \"{}\" of packed table \"{}\" has no default", first.name, name.table),
        )
        .detail("A row is split, and its other part becomes a row with a primary key of its own.")
        .hint("Give the column a default. Or call clear_period() before, with a fact that gives the new key."));
    }
    let unique: Vec<_> =
        relation.indexes().into_iter().filter(|index| index.unique).flat_map(|index| index.columns).collect();
    let fact = layout.places();
    let is_made_anew = |column: &Column| {
        let is_unique = name.contains(&column.name) || unique.contains(&column.place);
        let is_name = is_unique && relation.has_default(column) && !fact.contains(&column.place);
        column.generated || column.identity || is_name || needs && open(column)
    };
    let source = |column: Column| {
        let source = if is_given(&column) {
            Source::Fact
        } else if random == Some(column.place) {
            Source::Random
        } else if is_made_anew(&column) {
            return None;
        } else {
            Source::Row
        };
        Some((quote::identifier(column.name), source))
    };
    Ok(relation.columns().into_iter().filter(|column| column.place != layout.period.place).filter_map(source).collect())
}
