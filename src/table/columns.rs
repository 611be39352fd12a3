//! The columns that a feature's configuration names.

use super::feature::Renamed;
use crate::pg::column::Column;
use crate::pg::relation::Relation;
use crate::pg::report::{Class, Error, Result};

/// The columns of a table, looked up by name.
pub struct Columns {
    table: String,
    /// The columns in table order.
    pub list: Vec<Column>,
}

impl Columns {
    /// The columns of a relation.
    pub fn of(relation: &Relation) -> Columns {
        Columns { table: relation.name(), list: relation.columns() }
    }

    /// The column of this name.
    pub fn find(&self, name: &str) -> Result<&Column> {
        self.list.iter().find(|column| column.name == name).ok_or_else(|| {
            let message = format!("column \"{name}\" of relation \"{}\" does not exist", self.table);
            Error::new(Class::UndefinedColumn, message)
        })
    }

    /// The column of this name, which must not be a generated one. In the error, `what` says what a generated column
    /// cannot do, and `seen` when its value would be needed.
    pub fn find_stored(&self, name: &str, what: &str, seen: &str) -> Result<&Column> {
        let column = self.find(name)?;
        if column.generated {
            return Err(Error::new(Class::Unsupported, format!("generated column \"{name}\" cannot {what}"))
                .detail(format!("Its value is computed after the {seen}.")));
        }
        Ok(column)
    }

    /// The error of a column with a wrong type.
    pub fn wrong_type(&self, column: &str, type_name: &str) -> Error {
        Error::new(
            Class::WrongType,
            format!("column \"{column}\" of relation \"{}\" must be of type {type_name}", self.table),
        )
    }
}

/// Gives a column its present name.
pub fn follow(column: &mut String, renamed: &[Renamed]) {
    if let Some((_, Some(now))) = renamed.iter().find(|(was, _)| was == column) {
        column.clone_from(now);
    }
}

/// Refuses a column that is named for two roles.
pub fn distinct<'n>(roles: impl IntoIterator<Item = &'n String>) -> Result<()> {
    let mut seen = std::collections::HashSet::new();
    match roles.into_iter().find(|name| !seen.insert(*name)) {
        None => Ok(()),
        Some(name) => Err(Error::new(Class::DuplicateColumn, format!("column \"{name}\" specified more than once"))),
    }
}
