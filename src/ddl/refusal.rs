//! What is said of a command that would break a guarantee. A refusal of a definition is 55000, whatever the feature: the table is
//! not in the state for it. Rows that must not be changed or removed are 23001.

use super::definitions::{Definition, Key};
use crate::pg::relation::{Relation, name_of};
use crate::pg::report::{Class, Error, notice_with_hint, warning};
use crate::table::feature::{Feature, Kind, Partitions};

/// A definition must not be changed: `verb` says what would have been done to it.
pub fn of_change(verb: &str, key: &Key, definition: &Definition) -> Error {
    let (feature, table) = (key.feature(), name_of(key.table()));
    let reason = (key.ddl().reason)(key.kind);
    let message = format!("cannot {verb} {} of {} \"{table}\"", definition.name, feature.noun());
    let error = Error::new(Class::State, message).hint(reason.hint);
    match reason.detail {
        Some(detail) => error.detail(detail),
        None => error,
    }
}

/// A partition must not be dropped with the rows that a guarantee covers.
pub fn of_partition(key: &Key, partitions: &Partitions, definition: &Definition) -> Error {
    let (noun, table) = (key.feature().noun(), name_of(key.parent()));
    let (detail, hint) = partitions.dropped;
    Error::new(Class::AppendOnly, format!("cannot drop {} of {noun} \"{table}\"", definition.name))
        .detail(detail)
        .hint(hint)
}

/// A guarantee is broken by a command from which it may not keep the caller.
pub fn let_pass(verb: &str, key: &Key, definition: &Definition) {
    let table = name_of(if key.kind == Kind::Partition { key.parent() } else { key.table() });
    let name = match key.kind {
        Kind::LateTrigger => format!("trigger \"{}\"", definition.name),
        _ => definition.name.clone(),
    };
    let participle = match verb {
        "drop" => "dropped",
        "rename" => "renamed",
        "add" => "added",
        _ => "changed",
    };
    warning(
        format!("{} of table \"{table}\" is broken: {name} is {participle}", key.feature().name),
        "The table belongs to another role and is not what the command is about, so the command is not refused."
            .to_string(),
    );
}

/// A definition must not come new.
pub fn of_addition(key: &Key, definition: &Definition) -> Error {
    let (feature, table) = (key.feature(), name_of(key.table()));
    let message = format!("cannot add {} to {} \"{table}\"", definition.name, feature.noun());
    let error = Error::new(Class::State, message);
    match key.kind {
        Kind::Column => error
            .detail("Rows that are sealed already would have a value in it.")
            .hint("Add a column without a default, and set the default for new rows afterwards."),
        kind => error
            .detail("It would change the hashed line of rows that are already sealed.")
            .hint((key.ddl().reason)(kind).hint),
    }
}

/// A new column that a guarantee does not cover, which may not be what was meant.
pub fn tell_of_column(key: &Key, definition: &Definition) {
    if let Some(notice_of) = key.ddl().on_new_column {
        let (message, hint) = notice_of(&definition.name, &name_of(key.table()));
        notice_with_hint(message, hint);
    }
}

/// The configuration of a table's feature cannot be read, for this reason.
pub fn unreadable(feature: &Feature, relation: &Relation, reason: &Error) -> Error {
    let message = format!("configuration of {} \"{}\" cannot be read", feature.noun(), relation.name());
    Error::new(Class::Corrupted, message)
        .detail(format!("The arguments of its triggers were changed: {}.", reason.message()))
        .hint(format!("Use drop_{name}() and then add_{name}().", name = feature.name))
}
