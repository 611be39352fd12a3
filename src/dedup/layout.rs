//! A deduplication's configuration resolved against a relation: the places of the key, and of the time.

use super::arguments::Arguments;
use crate::pg::bounds::Clock;
use crate::pg::column::Column;
use crate::pg::equality::{Equality, ValueHash};
use crate::pg::line::pinned::Pinned;
use crate::pg::lock::{Key, Kind};
use crate::pg::oid::Oid;
use crate::pg::relation::Relation;
use crate::pg::report::{Class, Error, Result};
use crate::pg::row::{Descriptor, Output, Row};
use crate::table::columns::Columns;

/// The places of a deduplication's columns in the rows of one relation.
pub struct Layout {
    /// The descriptor of the rows.
    pub descriptor: Descriptor,
    /// The columns of the key, in the order of the configuration.
    pub key: Vec<KeyColumn>,
    /// The time by which the table is partitioned, if only rows within a distance are duplicates.
    pub time: Option<Time>,
}

/// A column of the key.
pub struct KeyColumn {
    /// The column.
    pub column: Column,
    output: Output,
    hash: ValueHash,
}

/// The times that a row's duplicates can have.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// The first time.
    pub start: i128,
    /// The last time.
    pub end: i128,
}

/// The column of the time, and the distance up to which rows are duplicates.
#[derive(Clone, Copy)]
pub struct Time {
    /// The place of the column.
    pub place: usize,
    /// The unit of the column's type.
    pub clock: Clock,
    /// The distance, in microseconds.
    pub within: i64,
}

impl Layout {
    /// Resolves `arguments` against a relation.
    pub fn of(relation: &Relation, arguments: &Arguments) -> Result<Layout> {
        let columns = Columns::of(relation);
        let key = |name: &String| {
            let column = columns.find_stored(name, "be in the key of a deduplication", "row's key is looked up")?;
            let hash = ValueHash::of(column).filter(|_| Equality::of(column).is_some());
            let hash = hash.ok_or_else(|| {
                let message = format!("key column \"{name}\" is of a type that cannot be looked up");
                Error::new(Class::Unsupported, message)
                    .detail("The type has no default operator class for B-tree indexes, or none for hash indexes.")
            })?;
            Ok(KeyColumn { column: column.clone(), output: Output::of(column.type_id), hash })
        };
        let time = match &arguments.within {
            None => None,
            Some(within) => {
                let column =
                    columns.find_stored(&within.by, "be the time of a deduplication", "row's key is looked up")?;
                let clock = Clock::of(column)
                    .ok_or_else(|| columns.wrong_type(&within.by, "timestamp, timestamp with time zone or date"))?;
                Some(Time { place: column.place, clock, within: within.microseconds })
            }
        };
        Ok(Layout {
            descriptor: Descriptor::of(relation),
            key: arguments.key.iter().map(key).collect::<Result<_>>()?,
            time,
        })
    }

    /// The places of the key's columns.
    pub fn places(&self) -> Vec<usize> {
        self.key.iter().map(|key| key.column.place).collect()
    }

    /// The lock of the row's key in the table `root`; `None` if a part of the key is NULL, so that no row has the same key.
    pub fn lock(&self, root: Oid, row: &Row) -> Option<Key> {
        let mut hash = u64::from(u32::from(root));
        for key in &self.key {
            if row.is_null(key.column.place) {
                return None;
            }
            // The hash of one column seeds that of the next, so that the order of columns counts.
            hash = row.hash(key.column.place, key.hash, hash);
        }
        Some(Key { kind: Kind::Unique, relation: root, hash })
    }

    /// Whether neither the key nor the time of the rows differs, as they are stored.
    pub fn is_same(&self, one: &Row, other: &Row) -> bool {
        let places = self.key.iter().map(|key| key.column.place).chain(self.time.map(|time| time.place));
        places.into_iter().all(|place| one.is_identical(place, other, place))
    }

    /// The key of a row as PostgreSQL's own messages write it: `(a, b)=(1, 2)`.
    pub fn describe(&self, row: &Row) -> String {
        let names: Vec<_> = self.key.iter().map(|key| key.column.name.as_str()).collect();
        let texts = self.texts(row);
        let texts: Vec<_> = texts.iter().map(|text| text.as_deref().unwrap_or("null")).collect();
        format!("({})=({})", names.join(", "), texts.join(", "))
    }

    /// The values of a row's key, as texts.
    pub fn texts(&self, row: &Row) -> Vec<Option<String>> {
        let _pinned = Pinned::new();
        self.key.iter().map(|key| row.text(key.column.place, &key.output)).collect()
    }
}

impl Time {
    /// The times that the duplicates of a row can have; `None` for a row without a time, which has no duplicates.
    pub fn window(self, row: &Row) -> Option<Window> {
        let time = self.clock.of_row(row, self.place)?;
        let within = i128::from(self.within);
        // An infinite time is that far from itself alone.
        Some(Window { start: time.saturating_sub(within), end: time.saturating_add(within) })
    }
}

impl Window {
    /// Whether a row of this time can be a duplicate.
    pub fn contains(self, time: Option<i128>) -> bool {
        time.is_some_and(|time| self.start <= time && time <= self.end)
    }

    /// Whether a partition with times from `start` to before `end` can hold a duplicate.
    pub fn overlaps(self, start: i128, end: i128) -> bool {
        start <= self.end && (self.start < end || end == i128::MAX)
    }
}
