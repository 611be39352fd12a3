//! Times by which tables are partitioned, and the bounds of partitions by time.

use pgrx::pg_sys;

use super::column::Column;
use super::held_row::HeldRow;
use super::relation::Relation;
use super::row::Row;
use super::types::base_type;

/// The microseconds of a day. Dates reach further than an `i64` of microseconds.
const DAY: i128 = 86_400_000_000;

/// The unit in which a type counts time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// `timestamp` and `timestamptz`.
    Microseconds,
    /// `date`.
    Days,
}

/// A partition, and the times that its rows can have: from the first to before the second.
#[derive(Clone, Copy, Debug)]
pub struct Bounded {
    /// The partition.
    pub partition: pg_sys::Oid,
    /// The first time, in microseconds.
    pub start: i128,
    /// The time after the last one, in microseconds; the greatest number stands for no end.
    pub end: i128,
}

impl Clock {
    /// The unit of a column's type, if the type is one of these.
    pub fn of(column: &Column) -> Option<Clock> {
        match base_type(column.type_id) {
            pg_sys::TIMESTAMPOID | pg_sys::TIMESTAMPTZOID => Some(Clock::Microseconds),
            pg_sys::DATEOID => Some(Clock::Days),
            _ => None,
        }
    }

    /// A value as microseconds. Infinite times are the least and the greatest number.
    fn microseconds(self, value: i64) -> i128 {
        match (self, value, value as i32) {
            (Clock::Microseconds, i64::MIN, _) | (Clock::Days, _, i32::MIN) => i128::MIN,
            (Clock::Microseconds, i64::MAX, _) | (Clock::Days, _, i32::MAX) => i128::MAX,
            (Clock::Microseconds, microseconds, _) => i128::from(microseconds),
            (Clock::Days, _, days) => i128::from(days) * DAY,
        }
    }

    /// The time of a row's column, in microseconds; `None` for NULL.
    pub fn of_row(self, row: &Row, place: usize) -> Option<i128> {
        row.integer(place).map(|value| self.microseconds(value))
    }

    /// The time of a held row's column, in microseconds; `None` for NULL.
    pub fn of_held(self, row: &HeldRow, place: usize) -> Option<i128> {
        row.integer(place).map(|value| self.microseconds(value))
    }
}

impl Relation {
    /// The partitions of a table that is partitioned by range of one column, which counts time by `clock`, with those that are being
    /// detached. A default partition can hold any time.
    pub fn bounded_partitions(&self, clock: Clock) -> Vec<Bounded> {
        if !self.is_partitioned() {
            return Vec::new();
        }
        // SAFETY: the relation is open and partitioned. The descriptor lasts as long as it is open, and has a bound for each
        // partition: index i is that of the partition below datum i, and every datum has one value, because the key has one column.
        unsafe {
            let descriptor = &*pg_sys::RelationGetPartitionDesc(self.raw(), false);
            let partition = |index: i32| usize::try_from(index).ok().map(|index| *descriptor.oids.add(index));
            let Some(bounds) = descriptor.boundinfo.as_ref() else { return Vec::new() };
            let datum = |at: usize| match **bounds.kind.add(at) {
                pg_sys::PartitionRangeDatumKind::PARTITION_RANGE_DATUM_MINVALUE => i128::MIN,
                pg_sys::PartitionRangeDatumKind::PARTITION_RANGE_DATUM_MAXVALUE => i128::MAX,
                _ => clock.microseconds((**bounds.datums.add(at)).value() as i64),
            };
            let mut all = Vec::new();
            for at in 1..bounds.ndatums as usize {
                if let Some(partition) = partition(*bounds.indexes.add(at)) {
                    all.push(Bounded { partition, start: datum(at - 1), end: datum(at) });
                }
            }
            let default = partition(bounds.default_index);
            all.extend(default.map(|partition| Bounded { partition, start: i128::MIN, end: i128::MAX }));
            all
        }
    }
}
