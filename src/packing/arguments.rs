//! The configuration of a packing, stored in the arguments of its triggers.

use crate::pg::report::Result;
use crate::table::arguments;

const KEYS: [&str; 3] = ["period", "key", "value"];

/// The columns of a packing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arguments {
    /// The column of the period during which a row is valid.
    pub period: String,
    /// The columns that name the subject of a row; empty if the table has one timeline.
    pub key: Vec<String>,
    /// The columns that hold the fact; empty if only the existence of a row matters.
    pub value: Vec<String>,
}

impl Arguments {
    /// Parses the arguments of a trigger.
    pub fn parse(arguments: &[String]) -> Result<Arguments> {
        let arguments = arguments::Arguments::parse("packing", &KEYS, arguments)?;
        Ok(Arguments {
            period: arguments.required("period")?,
            key: arguments.all("key"),
            value: arguments.all("value"),
        })
    }

    /// The arguments for a trigger.
    pub fn render(&self) -> Vec<String> {
        let key = self.key.iter().map(|column| ("key", column));
        let value = self.value.iter().map(|column| ("value", column));
        let columns = std::iter::once(("period", &self.period)).chain(key).chain(value);
        columns.map(|(key, column)| format!("{key}={column}")).collect()
    }
}
