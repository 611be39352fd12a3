//! What is said of a command that would break a chain, a packing or a validation.

use super::definitions::{Definition, Feature, Key, Kind};
use crate::pg::relation::name_of;
use crate::pg::report::{Class, Error, notice_with_hint, warning};

const CHAIN_ANEW: &str = "Use drop_chain() to end the chain; add_chain() can begin a new one.";
const VALIDATION_ANEW: &str = "Use drop_validation() to end the validation; add_validation() can begin a new one.";
const PACKING_ANEW: &str = "Use drop_packing() to end the packing; add_packing() can begin a new one.";

impl Feature {
    /// What a table is called that has it.
    pub fn noun(self) -> &'static str {
        match self {
            Feature::Chain => "chained table",
            Feature::Packing => "packed table",
            Feature::Validation => "validated table",
        }
    }

    fn guarantee(self) -> &'static str {
        match self {
            Feature::Chain => "chain",
            Feature::Packing => "packing",
            Feature::Validation => "validation",
        }
    }

    fn class(self) -> Class {
        match self {
            Feature::Chain => Class::AppendOnly,
            Feature::Packing | Feature::Validation => Class::State,
        }
    }

    /// Why a definition has to stay as it is, and what to do instead.
    fn reason(self, kind: Kind) -> (Option<&'static str>, &'static str) {
        match self {
            Feature::Chain => match kind {
                Kind::Column | Kind::Type => (Some("The hashes of the table's rows cover it."), CHAIN_ANEW),
                Kind::ExcludedColumn => (Some("A column is excluded by its name."), CHAIN_ANEW),
                Kind::Index => (
                    Some("The newest event of an entity is found by it."),
                    "Create another index on the same columns first, or use drop_chain() to end the chain.",
                ),
                _ => (None, "Use drop_chain() to end the chain."),
            },
            Feature::Packing => {
                let detail = match kind {
                    Kind::Trigger => "It packs the table's rows.",
                    Kind::Index => "The rows that overlap or touch a new one are found by it.",
                    Kind::NotNull => "Rows with a null in it would escape the packing.",
                    Kind::Type => "Values of the packing are compared as text.",
                    _ => "The table is packed by it.",
                };
                (Some(detail), PACKING_ANEW)
            }
            Feature::Validation => {
                let detail = match kind {
                    Kind::Trigger => "It validates the table's documents.",
                    _ => "The table's documents are validated by it.",
                };
                (Some(detail), VALIDATION_ANEW)
            }
        }
    }
}

/// A definition must not be changed: `verb` says what would have been done to it.
pub fn of_change(verb: &str, key: &Key, definition: &Definition) -> Error {
    let (feature, table) = (key.feature, name_of(key.table()));
    let (detail, hint) = feature.reason(key.kind);
    let message = format!("cannot {verb} {} of {} \"{table}\"", definition.name, feature.noun());
    let error = Error::new(feature.class(), message).hint(hint);
    match detail {
        Some(detail) => error.detail(detail),
        None => error,
    }
}

/// A partition must not be dropped with its events.
pub fn of_partition(key: &Key, definition: &Definition) -> Error {
    let (noun, table) = (key.feature.noun(), name_of(key.parent()));
    Error::new(key.feature.class(), format!("cannot drop {} of {noun} \"{table}\"", definition.name))
        .detail("Its events would be missing from their chains.")
        .hint("A partition without events can be detached, and dropped then. Use drop_chain() to end the chain.")
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
        format!("{} of table \"{table}\" is broken: {name} is {participle}", key.feature.guarantee()),
        "The table belongs to another role and is not what the command is about, so the command is not refused."
            .to_string(),
    );
}

/// A definition must not come new.
pub fn of_addition(key: &Key, definition: &Definition) -> Error {
    let (feature, table) = (key.feature, name_of(key.table()));
    let message = format!("cannot add {} to {} \"{table}\"", definition.name, feature.noun());
    let (detail, hint) = match key.kind {
        Kind::Column => (
            "Rows that are sealed already would have a value in it.",
            "Add a column without a default, and set the default for new rows afterwards.",
        ),
        _ => ("The lines of rows that are sealed already would have it, too.", CHAIN_ANEW),
    };
    Error::new(feature.class(), message).detail(detail).hint(hint)
}

/// A new column is no part of what a packing compares, which may not be what was meant.
pub fn not_compared(key: &Key, definition: &Definition) {
    let (column, packed, table) = (&definition.name, key.feature.noun(), name_of(key.table()));
    notice_with_hint(
        format!("{column} of {packed} \"{table}\" is not compared: rows that differ only in it are packed"),
        "To compare it, use drop_packing() and then add_packing().",
    );
}
