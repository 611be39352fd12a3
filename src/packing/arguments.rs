//! The configuration of a packing, as the arguments of its triggers hold it.

use crate::pg::report::Result;
use crate::table::arguments;

const KEYS: [&str; 3] = ["period", "key", "value"];

/// Which columns make up a packing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arguments {
    /// The column that says when a row holds.
    pub period: String,
    /// The columns that say what a row is about; none: the table has one timeline.
    pub key: Vec<String>,
    /// The columns that say what holds; none: only that something does.
    pub value: Vec<String>,
}

impl Arguments {
    /// Reads the arguments of a trigger.
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
