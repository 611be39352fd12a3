//! The demands of a history on its table: checked by `add_history()`, for triggers made by hand, and after each command.

use super::arguments::Arguments;
use super::feature::FEATURE;
use super::layout::Layout;
use super::recorder::check_owners;
use super::triggers::{self, History};
use crate::pg::quote;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::table::columns::Columns;
use crate::table::problems;

/// Checks a table, or a partition, that has the triggers of a history.
pub fn check(relation: &Relation) -> Result<()> {
    if FEATURE.has_twice(relation)? {
        return Err(FEATURE.duplicate(&relation.name()));
    }
    if relation.is_partition() && FEATURE.root_of(relation)?.is_some() {
        return problems::refuse_rules(&[relation.oid()], FEATURE.participle);
    }
    check_table(relation)?;
    triggers::check_configuration(relation)?;
    if triggers::table_of(relation)?.is_none() {
        return Ok(());
    }
    let Some(History { arguments, table, .. }) = History::of(relation)? else { return Ok(()) };
    let history = Relation::open(table, Lock::AccessShare)?;
    check_owners(relation, &history)?;
    check_key(relation, &arguments)?;
    Layout::of(relation, &history, &arguments).map(|_| ())
}

/// Checks what does not depend on the configuration.
pub fn check_table(relation: &Relation) -> Result<()> {
    let name = relation.name();
    let unsupported = |what: &str| Error::new(Class::Unsupported, format!("{what} \"{name}\" cannot have a history"));
    if relation.is_partition() {
        return Err(unsupported("partition").hint("Add the history to the partitioned table."));
    }
    if !relation.is_permanent() {
        let what = if relation.is_temporary() { "temporary table" } else { "unlogged table" };
        return Err(unsupported(what).detail("Its rows do not last as long as those of the history."));
    }
    if !relation.is_partitioned() && !relation.is_heap() {
        return Err(unsupported("table").detail("Its access method is not the heap."));
    }
    if let Some(column) = relation.columns().iter().find(|column| column.is_virtual) {
        return Err(unsupported("table")
            .detail(format!("Column \"{}\" is generated when it is read, and has no value to record.", column.name))
            .hint("Make it a stored generated column."));
    }
    problems::refuse_rules(&relation.with_partitions(), FEATURE.participle)
}

/// Refuses a table without a key that names one row at any time. A restored dump may create the triggers before the key.
pub fn check_has_key(relation: &Relation) -> Result<()> {
    let name = relation.name();
    if relation.primary_key().is_empty() {
        let hint = if relation.has_deferrable_key() {
            "Two rows may have one key for a while. Make the primary key NOT DEFERRABLE."
        } else {
            "ALTER TABLE … ADD PRIMARY KEY (…);"
        };
        let what = if relation.has_deferrable_key() { "a deferrable primary key" } else { "no primary key" };
        return Err(Error::new(Class::State, format!("table \"{name}\" has {what}"))
            .detail("Each event of a history belongs to the row of a key.")
            .hint(hint));
    }
    Ok(())
}

/// Refuses a primary key of other columns than the history's. The loss of the key is refused with the command that drops it.
fn check_key(relation: &Relation, arguments: &Arguments) -> Result<()> {
    let columns = Columns::of(relation);
    let key = relation.primary_key();
    if key.is_empty() {
        return Ok(());
    }
    let places: Vec<usize> = arguments.key.iter().map(|name| Ok(columns.find(name)?.place)).collect::<Result<_>>()?;
    if places.len() == key.len() && places.iter().all(|place| key.contains(place)) {
        return Ok(());
    }
    let list = arguments.key.iter().map(quote::identifier).collect::<Vec<_>>().join(", ");
    Err(Error::new(Class::State, format!("the history of table \"{}\" is about the key ({list})", relation.name()))
        .detail("The primary key has other columns.")
        .hint("Use drop_history() first, and add_history() with another name for the history after it."))
}
