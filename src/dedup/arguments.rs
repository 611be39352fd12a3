//! The configuration of a deduplication, stored in the arguments of its trigger.

use crate::pg::report::{Class, Error, Result};
use crate::table::arguments;

const KEYS: [&str; 4] = ["key", "on_duplicate", "within", "by"];

/// The key of the rows, and what happens to a row whose key is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arguments {
    /// The columns of the key.
    pub key: Vec<String>,
    /// The treatment of a row whose key is taken.
    pub on_duplicate: OnDuplicate,
    /// The distance in time up to which rows with the same key are duplicates, if there is such a bound.
    pub within: Option<Within>,
}

/// The distance in time up to which rows are duplicates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Within {
    /// The distance, in microseconds.
    pub microseconds: i64,
    /// The column of the time, by which the table is partitioned.
    pub by: String,
}

/// The treatment of a row whose key is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDuplicate {
    /// Skip the row.
    Skip,
    /// Raise an error.
    Raise,
}

impl OnDuplicate {
    /// Parses the value of an option in any case, as PostgreSQL parses its own options.
    pub fn parse(text: &str) -> Result<OnDuplicate> {
        match text.to_ascii_lowercase().as_str() {
            "skip" => Ok(OnDuplicate::Skip),
            "raise" => Ok(OnDuplicate::Raise),
            _ => Err(Error::new(Class::Argument, format!("unrecognized value of \"on_duplicate\": \"{text}\""))
                .hint("Available values: skip, raise.")),
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            OnDuplicate::Skip => "skip",
            OnDuplicate::Raise => "raise",
        }
    }
}

impl Arguments {
    /// Parses the arguments of a trigger.
    pub fn parse(arguments: &[String]) -> Result<Arguments> {
        let arguments = arguments::Arguments::parse("deduplication", &KEYS, arguments)?;
        let key = arguments.all("key");
        if key.is_empty() {
            return Err(Error::new(Class::Argument, "deduplication trigger argument \"key\" is missing"));
        }
        let within = match (arguments.optional("within")?, arguments.optional("by")?) {
            (None, None) => None,
            (Some(within), Some(by)) => {
                let microseconds = within.parse().ok().filter(|within| *within >= 0);
                let wrong = || Error::new(Class::Argument, format!("invalid number of microseconds: \"{within}\""));
                Some(Within { microseconds: microseconds.ok_or_else(wrong)?, by })
            }
            _ => {
                let message = "deduplication trigger arguments \"within\" and \"by\" belong together";
                return Err(Error::new(Class::Argument, message));
            }
        };
        let on_duplicate = arguments.optional("on_duplicate")?;
        Ok(Arguments {
            key,
            on_duplicate: on_duplicate.map_or(Ok(OnDuplicate::Skip), |text| OnDuplicate::parse(&text))?,
            within,
        })
    }

    /// The arguments for a trigger.
    pub fn render(&self) -> Vec<String> {
        let key = self.key.iter().map(|column| format!("key={column}"));
        let on_duplicate = [format!("on_duplicate={}", self.on_duplicate.as_str())];
        let within = self.within.iter();
        let within =
            within.flat_map(|Within { microseconds, by }| [format!("within={microseconds}"), format!("by={by}")]);
        key.chain(on_duplicate).chain(within).collect()
    }

    /// The columns that the configuration names.
    pub fn columns_mut(&mut self) -> impl Iterator<Item = &mut String> {
        self.key.iter_mut().chain(self.within.iter_mut().map(|within| &mut within.by))
    }
}
