//! A reference's configuration resolved against its two tables: column places, equality, and periods.

use super::arguments::Arguments;
use crate::pg::column::Column;
use crate::pg::equality::{Equality, ValueHash};
use crate::pg::lock::{Key, Kind};
use crate::pg::oid::Oid;
use crate::pg::quote;
use crate::pg::relation::Relation;
use crate::pg::report::{Class, Error, Result};
use crate::pg::row::{Descriptor, Row};
use crate::pg::types::{base_type, is_period, type_name};
use crate::table::columns::Columns;

/// The places of a reference's columns in the rows of its tables.
pub struct Layout {
    /// The name of the reference.
    pub name: String,
    /// The table that refers.
    pub child: Side,
    /// The table that is referred to.
    pub parent: Side,
}

/// One of the two tables.
pub struct Side {
    /// The table.
    pub relation: Oid,
    /// The table's name in SQL.
    pub table: String,
    /// The name of the table's schema.
    pub schema: String,
    /// The table's name in messages.
    pub name: String,
    /// The descriptor of the rows.
    pub descriptor: Descriptor,
    /// The columns that are equal in both tables.
    pub key: Vec<Compared>,
    /// The column of the period.
    pub period: Column,
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
    /// Resolves `arguments` against the tables.
    pub fn of(child: &Relation, parent: &Relation, arguments: &Arguments) -> Result<Layout> {
        let (count, referenced) = (arguments.columns.len(), arguments.referenced_columns.len());
        if count != referenced {
            return Err(Error::new(
                Class::Argument,
                format!("number of referencing and referenced columns disagree: {count} and {referenced}"),
            ));
        }
        if count == 0 {
            return Err(Error::new(Class::Argument, "a reference needs at least one column beside the period"));
        }
        Ok(Layout {
            name: arguments.name.clone(),
            child: Side::of(child, &arguments.columns, &arguments.period)?,
            parent: Side::of(parent, &arguments.referenced_columns, &arguments.referenced_period)?,
        })
    }

    /// Refuses columns that cannot be compared with those of the other table.
    pub fn check_types(&self) -> Result<()> {
        let pairs = self.child.key.iter().zip(&self.parent.key).map(|(one, other)| (&one.column, &other.column));
        for (one, other) in pairs.chain([(&self.child.period, &self.parent.period)]) {
            let (mine, theirs) = (base_type(one.type_id), base_type(other.type_id));
            if mine == theirs && one.collation == other.collation {
                continue;
            }
            let what = if mine == theirs { "collations" } else { "types" };
            let error = Error::new(
                Class::WrongType,
                format!(
                    "columns \"{}\" and \"{}\" of reference \"{}\" have different {what}",
                    one.name, other.name, self.name
                ),
            );
            return Err(if mine == theirs {
                error.detail("Values that are equal by one collation may differ by the other.")
            } else {
                error.detail(format!("The types are {} and {}.", type_name(one.type_id), type_name(other.type_id)))
            });
        }
        Ok(())
    }
}

impl Side {
    fn of(relation: &Relation, key: &[String], period: &str) -> Result<Side> {
        let columns = Columns::of(relation);
        let compared = |name: &String| {
            let column = columns.find(name)?.clone();
            let equality = Equality::of(&column).ok_or_else(|| {
                Error::new(
                    Class::Unsupported,
                    format!("column \"{}\" of table \"{}\" cannot be compared", column.name, relation.name()),
                )
                .detail(format!("Type {} has no order by which values are equal.", type_name(column.type_id)))
            })?;
            Ok(Compared { equality, hash: ValueHash::of(&column), column })
        };
        let period = columns.find(period)?.clone();
        if !is_period(period.type_id) {
            return Err(Error::new(
                Class::WrongType,
                format!(
                    "period column \"{}\" of table \"{}\" must be a range or a multirange",
                    period.name,
                    relation.name()
                ),
            )
            .detail(format!("Its type is {}.", type_name(period.type_id))));
        }
        Ok(Side {
            relation: relation.oid(),
            table: relation.qualified_name(),
            schema: relation.schema(),
            name: relation.name(),
            descriptor: Descriptor::of(relation),
            key: key.iter().map(compared).collect::<Result<_>>()?,
            period,
        })
    }

    /// The columns of the key, and last the period.
    pub fn columns(&self) -> impl Iterator<Item = &Column> {
        self.key.iter().map(|key| &key.column).chain([&self.period])
    }

    /// The places of these columns.
    pub fn places(&self) -> Vec<usize> {
        self.columns().map(|column| column.place).collect()
    }

    /// The lock key of a row, in the table `parent`; `None` if the row refers to nothing, or nothing to the row.
    pub fn lock_key(&self, row: &Row, parent: Oid) -> Option<Key> {
        if row.is_null(self.period.place) {
            return None;
        }
        let mut hash = u64::from(u32::from(parent));
        for Compared { column, hash: of_value, .. } in &self.key {
            if row.is_null(column.place) {
                return None;
            }
            // A type without hashes only makes the lock coarser.
            if let Some(of_value) = *of_value {
                hash = row.hash(column.place, of_value, hash);
            }
        }
        Some(Key { kind: Kind::Referenced, relation: parent, hash })
    }

    /// A column in SQL, qualified with an alias of the table.
    pub fn column(alias: &str, column: &Column) -> String {
        format!("{alias}.{}", quote::identifier(&column.name))
    }
}
