//! A packing's configuration resolved against its table: column places, equality, and periods.

use veritable_period::Period;

use super::arguments::Arguments;
use crate::pg::column::Column;
use crate::pg::equality::{Equality, ValueHash};
use crate::pg::lock::{Key, Kind};
use crate::pg::oid;
use crate::pg::oid::Oid;
use crate::pg::period::{Bound, RangeType, Refusal};
use crate::pg::quote;
use crate::pg::relation::{Lock, Relation, name_of};
use crate::pg::report::{Class, Error, Result};
use crate::pg::row::{Descriptor, Row};
use crate::pg::types::{is_deterministic, is_multirange, type_name};
use crate::table::columns::Columns;

/// The places of a packing's columns in the rows of its table.
pub struct Layout {
    /// The table.
    pub relation: Oid,
    /// The descriptor of the rows.
    pub descriptor: Descriptor,
    /// The type of the period.
    pub range: RangeType,
    /// The column of the period.
    pub period: Column,
    /// The columns that name the subject of a row.
    pub key: Vec<Compared>,
    /// The columns that hold the fact.
    pub value: Vec<Compared>,
    /// The table's name in SQL.
    pub table: String,
    /// The name of the table's schema.
    pub schema: String,
}

/// A column whose values are compared.
pub struct Compared {
    /// The column.
    pub column: Column,
    /// The equality of the column's values.
    pub equality: Equality,
    hash: Option<ValueHash>,
}

impl Layout {
    /// Resolves `arguments` against a table.
    pub fn of(relation: &Relation, arguments: &Arguments) -> Result<Layout> {
        let columns = Columns::of(relation);
        let compared = |name: &String| {
            let column = columns.find(name)?.clone();
            let equality = Equality::of(&column).ok_or_else(|| without_equality(relation, &column))?;
            Ok(Compared { equality, hash: ValueHash::of(&column), column })
        };
        let period = columns.find(&arguments.period)?.clone();
        Ok(Layout {
            relation: relation.oid(),
            descriptor: Descriptor::of(relation),
            range: RangeType::of(period.type_id)
                .ok_or_else(|| not_a_range(&period.name, &relation.name(), period.type_id))?,
            period,
            key: arguments.key.iter().map(compared).collect::<Result<_>>()?,
            value: arguments.value.iter().map(compared).collect::<Result<_>>()?,
            table: relation.qualified_name(),
            schema: relation.schema(),
        })
    }

    /// The period of a row, or the error that refuses it.
    pub fn period(&self, row: &Row) -> Result<Period<Bound>> {
        self.range.period(row, self.period.place).map_err(|refusal| self.refused(row, refusal))
    }

    fn refused(&self, row: &Row, refusal: Refusal) -> Error {
        let (column, table) = (&self.period.name, name_of(self.relation));
        let error = |what: &str| {
            let column = format!("period column \"{column}\" of packed table \"{table}\"");
            Error::new(
                Class::Check,
                if what.is_empty() { format!("null value in {column}") } else { format!("{column} {what}") },
            )
        };
        match refusal {
            Refusal::Null => error("")
                .detail("The period states when the row is valid; it cannot be null.")
                .hint("A period without bounds, '(,)', holds always."),
            Refusal::Empty => error("must not be empty").detail("The period states when the row is valid."),
            Refusal::Infinite => error("must not have an infinite bound")
                .detail("An infinite bound is a value that others can lie beyond.")
                .hint("Leave the side unbounded, as in '[2024-01-01,)'."),
            Refusal::NotHalfOpen => {
                let error = error("must be half-open")
                    .detail("Periods include their start and exclude their end, so that they adjoin without a gap.");
                let is_readable = Relation::open(self.relation, Lock::Held).is_ok_and(|table| table.is_readable());
                let text = is_readable.then(|| self.range.half_open_text(row, self.period.place)).flatten();
                error.hint(format!("Write '{}'.", text.as_deref().unwrap_or("[start,end)")))
            }
        }
    }

    /// The lock key for changing rows of this row's key; `None` if the key is null, which the table refuses.
    pub fn lock_key(&self, row: &Row) -> Option<Key> {
        let mut hash = u64::from(u32::from(self.relation));
        for compared in &self.key {
            if row.is_null(compared.column.place) {
                return None;
            }
            // The hash of one column seeds that of the next, so that the order of columns counts. A type without hashes
            // only makes the lock coarser.
            if let Some(of_value) = compared.hash {
                hash = row.hash(compared.column.place, of_value, hash);
            }
        }
        Some(Key { kind: Kind::Key, relation: self.relation, hash })
    }

    /// Whether the two rows have the same key and the same value.
    pub fn is_same_fact(&self, one: &Row, other: &Row) -> bool {
        let mut compared = self.key.iter().chain(&self.value);
        compared.all(|compared| one.is_same(other, compared.column.place, &compared.equality))
    }

    /// The places of the key, the value and the period.
    pub fn places(&self) -> Vec<usize> {
        let compared = self.key.iter().chain(&self.value).map(|compared| compared.column.place);
        compared.chain([self.period.place]).collect()
    }
}

impl Compared {
    /// The column in SQL, qualified with the alias of its table.
    pub fn of(&self, alias: &str) -> String {
        format!("{alias}.{}", quote::identifier(&self.column.name))
    }

    /// The SQL condition that two expressions of the column's type are equal.
    pub fn equals(&self, one: &str, other: &str) -> String {
        let (operator, cast) = (self.equality.sql(), self.equality.cast_of(&self.column));
        format!("{one}{cast} {operator} {other}{cast}")
    }

    /// The ORDER BY expression in which exactly the equal values are peers.
    pub fn order(&self, alias: &str) -> String {
        let column = self.of(alias);
        // Byte order is cheaper than a language's order, and serves as well.
        if self.column.collation != oid::INVALID && is_deterministic(self.column.collation) {
            format!("{column} COLLATE pg_catalog.\"C\"")
        } else {
            column
        }
    }
}

fn without_equality(relation: &Relation, column: &Column) -> Error {
    Error::new(
        Class::Unsupported,
        format!("column \"{}\" of table \"{}\" cannot be compared", column.name, relation.name()),
    )
    .detail(format!("Type {} has no order by which values are equal.", type_name(column.type_id)))
    .hint(format!("Leave it out: exclude => '{{{}}}'.", quote::identifier(&column.name)))
}

/// The error of a column that should be of a range type.
fn not_a_range(column: &str, table: &str, type_id: Oid) -> Error {
    let name = type_name(type_id);
    if is_multirange(type_id) {
        return Error::new(
            Class::Unsupported,
            format!("period column \"{column}\" of table \"{table}\" is a multirange"),
        )
        .detail(format!("Its type is {name}; each row of a packed table holds for one period."))
        .hint("Store a row for each of its ranges.");
    }
    Error::new(Class::WrongType, format!("period column \"{column}\" of table \"{table}\" must be of a range type"))
        .detail(format!("Its type is {name}."))
}
