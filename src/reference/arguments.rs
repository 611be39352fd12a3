//! The configuration of a reference, stored in the arguments of its triggers on both tables.

use crate::pg::report::Result;
use crate::table::arguments;

const KEYS: [&str; 5] = ["name", "column", "period", "referenced_column", "referenced_period"];

/// The name and the columns of a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arguments {
    /// The name of the reference, which is unique among the references of either table.
    pub name: String,
    /// The columns that name what a row refers to.
    pub columns: Vec<String>,
    /// The column of the period that must be covered.
    pub period: String,
    /// The columns of the other table, in the same order.
    pub referenced_columns: Vec<String>,
    /// The column of the period there.
    pub referenced_period: String,
}

impl Arguments {
    /// Parses the arguments of a trigger.
    pub fn parse(arguments: &[String]) -> Result<Arguments> {
        let arguments = arguments::Arguments::parse("reference", &KEYS, arguments)?;
        Ok(Arguments {
            name: arguments.required("name")?,
            columns: arguments.all("column"),
            period: arguments.required("period")?,
            referenced_columns: arguments.all("referenced_column"),
            referenced_period: arguments.required("referenced_period")?,
        })
    }

    /// The arguments for a trigger.
    pub fn render(&self) -> Vec<String> {
        let columns = self.columns.iter().map(|column| ("column", column));
        let referenced = self.referenced_columns.iter().map(|column| ("referenced_column", column));
        [("name", &self.name)]
            .into_iter()
            .chain(columns)
            .chain([("period", &self.period)])
            .chain(referenced)
            .chain([("referenced_period", &self.referenced_period)])
            .map(|(key, value)| format!("{key}={value}"))
            .collect()
    }
}
