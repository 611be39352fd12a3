//! The messages for commands that would break a guarantee. Refused changes of definitions are 55000 for all features:
//! the table is not in the right state. Refused changes or removals of protected rows are 23001.

use super::definitions::{Definition, Key};
use super::touched::Touched;
use crate::pg::relation::{Relation, name_of};
use crate::pg::report::{Class, Error, notice_with_hint, warning};
use crate::table::faults::Faults;
use crate::table::feature::{Feature, Kind, Partitions};

/// The error of a definition that must not be changed; `verb` names the attempted change.
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

/// The error of a dropped table to which another refers; `other` is the kind and the name of the dropped table.
pub fn of_lost(key: &Key, guarantee: &str, relation: &Relation, other: &str) -> Error {
    let (feature, table) = (key.feature().name, relation.name());
    Error::new(Class::DependentObjects, format!("cannot drop {other} because other objects depend on it"))
        .detail(format!("{feature} \"{guarantee}\" of table \"{table}\" depends on {other}."))
        .hint("Use DROP ... CASCADE to drop the dependent objects too.")
}

/// The error of a dropped partition with rows under a guarantee.
pub fn of_partition(key: &Key, partitions: &Partitions, definition: &Definition) -> Error {
    let (noun, table) = (key.feature().noun(), name_of(key.parent()));
    let (detail, hint) = partitions.dropped;
    Error::new(Class::AppendOnly, format!("cannot drop {} of {noun} \"{table}\"", definition.name))
        .detail(detail)
        .hint(hint)
}

/// Warns, once for each table, that a command may break a guarantee that may not refuse the caller's command.
pub fn let_pass(verb: &str, key: &Key, definition: &Definition, touched: &Touched) {
    if !touched.is_told_first(key.table()) {
        return;
    }
    let table = name_of(if key.kind == Kind::Partition { key.parent() } else { key.table() });
    let name = &definition.name;
    let participle = match verb {
        "drop" => "dropped",
        "rename" => "renamed",
        "add" => "added",
        _ => "changed",
    };
    // Nothing was verified for a command that changes values.
    let is = if matches!(key.kind, Kind::Column | Kind::Type | Kind::Rows) { "may be" } else { "is" };
    warning(
        format!("{} of table \"{table}\" {is} broken: {name} is {participle}", key.feature().name),
        "The table belongs to another role and is not what the command is about, so the command is not refused."
            .to_string(),
    );
}

/// The error of a command after which the guarantee does not hold.
pub fn of_values(verb: &str, key: &Key, definition: &Definition, relation: &Relation, faults: Faults) -> Error {
    let feature = key.feature();
    let (noun, name) = (feature.noun(), relation.name());
    let preposition = if matches!(verb, "add" | "attach") { "to" } else { "of" };
    let message = match key.kind {
        Kind::Rows => format!("cannot rewrite the rows of {noun} \"{name}\""),
        _ => format!("cannot {verb} {} {preposition} {noun} \"{name}\"", definition.name),
    };
    let detail = faults.sentences(relation.is_readable());
    let verify = format!("What {}() finds now was there before this command.", feature.verified_by);
    let instead = match (verb, key.kind) {
        ("add", Kind::Column) => "Add a column without a default, and set the default for new rows afterwards.",
        _ => (key.ddl().reason)(key.kind).hint,
    };
    Error::new(Class::State, message).detail(detail).hint(format!("{instead} {verify}"))
}

/// Gives a NOTICE of a new column outside the guarantee, which the user may not have intended.
pub fn tell_of_column(key: &Key, definition: &Definition) {
    if let Some(notice_of) = key.ddl().on_new_column {
        let (message, hint) = notice_of(&definition.name, &name_of(key.table()));
        notice_with_hint(message, hint);
    }
}

/// The error of a table whose configuration for a feature cannot be read, with the reason.
pub fn unreadable(feature: &Feature, relation: &Relation, reason: &Error) -> Error {
    let message = format!("configuration of {} \"{}\" cannot be read", feature.noun(), relation.name());
    Error::new(Class::Corrupted, message)
        .detail(format!("The arguments of its triggers were changed: {}.", reason.message()))
        .hint(format!("Use drop_{name}() and then add_{name}().", name = feature.name))
}
