//! A history's configuration resolved against its table and the table of its events.

use super::arguments::Arguments;
use crate::pg::column::Column;
use crate::pg::equality::{Equality, ValueHash};
use crate::pg::quote;
use crate::pg::relation::Relation;
use crate::pg::report::{Class, Error, Result};
use crate::pg::row::{Descriptor, Row};
use crate::table::columns::Columns;

/// The places of the columns in rows of a table and in events of its history.
pub struct Layout {
    /// The shape of the table's rows.
    pub descriptor: Descriptor,
    /// The shape of the events.
    pub events: Descriptor,
    /// The recorded columns.
    pub columns: Vec<Recorded>,
    /// The columns of the key.
    pub key: Vec<Key>,
    /// The places of the operation and of the position in the chain in an event.
    pub operation: usize,
    /// The place of the position in the chain in an event.
    pub seq: usize,
}

/// A column of the table, and where the history has it.
pub struct Recorded {
    /// The column of the table.
    pub column: Column,
    /// The name of the column in the history.
    pub name: String,
    /// The place in an event.
    pub place: usize,
    /// Whether a change of this column alone is no event.
    pub ignored: bool,
}

/// A column of the key.
pub struct Key {
    /// The place in a row of the table.
    pub place: usize,
    /// The place in an event.
    pub event: usize,
    /// The equality of the column's values.
    pub equality: Equality,
    hash: Option<ValueHash>,
}

impl Layout {
    /// Resolves a configuration. A column that the history lacks is an error.
    pub fn of(relation: &Relation, history: &Relation, arguments: &Arguments) -> Result<Layout> {
        let (columns, events) = (Columns::of(relation), Columns::of(history));
        let recorded = |column: &Column| {
            let name = arguments.recorded_as(&column.name);
            let event = events.list.iter().find(|event| event.name == *name);
            let event = event.ok_or_else(|| missing(relation, history, &column.name))?;
            if event.type_id != column.type_id {
                return Err(retyped(relation, history, &column.name));
            }
            let ignored = arguments.ignore.contains(&column.name);
            Ok(Recorded { column: column.clone(), name: name.clone(), place: event.place, ignored })
        };
        let recorded = columns.list.iter().map(recorded).collect::<Result<Vec<_>>>()?;
        let key = |name: &String| {
            let column = columns.find(name)?;
            let event = recorded.iter().find(|recorded| recorded.column.place == column.place);
            let event = event.ok_or_else(|| missing(relation, history, name))?.place;
            let equality = Equality::of(column).ok_or_else(|| Error::damaged("the primary key"))?;
            Ok(Key { place: column.place, event, equality, hash: ValueHash::of(column) })
        };
        let key = arguments.key.iter().map(key).collect::<Result<Vec<_>>>()?;
        Ok(Layout {
            descriptor: Descriptor::of(relation),
            events: Descriptor::of(history),
            key,
            operation: events.find(&arguments.own.operation)?.place,
            seq: events.find(&arguments.own.seq)?.place,
            columns: recorded,
        })
    }

    /// Whether a row of the table and another have the same key.
    pub fn has_same_key(&self, one: &Row, other: &Row) -> bool {
        self.key.iter().all(|key| one.is_same(other, key.place, &key.equality))
    }

    /// A hash of the key of a row of the table: equal keys have equal hashes.
    pub fn hash_of_key(&self, row: &Row) -> u64 {
        let hash = |seed, key: &Key| key.hash.map_or(seed, |of_value| row.hash(key.place, of_value, seed));
        self.key.iter().fold(0, hash)
    }

    /// Whether an UPDATE from the one row of the table to the other is no event.
    pub fn is_unchanged(&self, one: &Row, other: &Row) -> bool {
        let mut columns = self.columns.iter().filter(|recorded| !recorded.ignored);
        columns.all(|recorded| one.is_identical(recorded.column.place, other, recorded.column.place))
    }

    /// Whether the event holds the row of the table.
    pub fn is_recorded(&self, row: &Row, event: &Row) -> bool {
        let mut columns = self.columns.iter().filter(|recorded| !recorded.ignored);
        columns.all(|recorded| row.is_identical(recorded.column.place, event, recorded.place))
    }

    /// The place in a row of the table of the key's column with this place in an event.
    pub fn place_of_key(&self, event: usize) -> usize {
        self.key.iter().find(|key| key.event == event).map_or(event, |key| key.place)
    }

    /// An event about a row of the table.
    pub fn event<'r>(&'r self, row: &Row<'r>, operation: Operation) -> Row<'r> {
        let mut event = Row::empty(&self.events);
        for recorded in &self.columns {
            event.take(recorded.place, row, recorded.column.place);
        }
        event.set_bytes(self.operation, operation.name().as_bytes());
        event
    }

    /// An event that takes over the row of another event.
    pub fn event_again<'r>(&'r self, former: &Row<'r>, operation: Operation) -> Row<'r> {
        let mut event = Row::empty(&self.events);
        for recorded in &self.columns {
            event.take(recorded.place, former, recorded.place);
        }
        event.set_bytes(self.operation, operation.name().as_bytes());
        event
    }
}

/// What was done to a row.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// The row came into the table.
    Insert,
    /// The row changed.
    Update,
    /// The row left the table.
    Delete,
}

impl Operation {
    /// The operation as an event has it.
    pub fn name(self) -> &'static str {
        match self {
            Operation::Insert => "insert",
            Operation::Update => "update",
            Operation::Delete => "delete",
        }
    }
}

fn missing(relation: &Relation, history: &Relation, column: &str) -> Error {
    Error::new(
        Class::State,
        format!("history \"{}\" of table \"{}\" has no column \"{column}\"", history.name(), relation.name()),
    )
    .hint(format!(
        "ALTER TABLE {} ADD COLUMN {} …, with the type that the column has in the table.",
        history.qualified_name(),
        quote::identifier(column)
    ))
}

fn retyped(relation: &Relation, history: &Relation, column: &str) -> Error {
    Error::new(
        Class::State,
        format!(
            "column \"{column}\" of table \"{}\" has another type than in its history \"{}\"",
            relation.name(),
            history.name()
        ),
    )
    .detail("Events keep the type that they were recorded with.")
    .hint("Use drop_history(), change the type, and go on with add_history(…, existing => true).")
}
