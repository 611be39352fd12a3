//! The configuration of a chain, as the arguments of its triggers hold it.

use crate::pg::arguments;
use crate::pg::report::{Class, Error, Result};

/// The line format that this version writes.
const FORMAT: &str = "1";

const KEYS: [&str; 7] = ["format", "entity", "seq", "previous", "hash", "recorded", "exclude"];

/// Which columns make up a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arguments {
    /// The columns whose values say which chain an event belongs to; none: the table is one chain.
    pub entity: Vec<String>,
    /// The column of the place in the chain.
    pub seq: String,
    /// The column of the hash of the event before.
    pub previous: String,
    /// The column of the hash.
    pub hash: String,
    /// The column of the recorded time, where there is one.
    pub recorded: Option<String>,
    /// The columns that are not hashed and may change.
    pub exclude: Vec<String>,
}

impl Arguments {
    /// Reads the arguments of a trigger.
    pub fn parse(arguments: &[String]) -> Result<Arguments> {
        let arguments = arguments::Arguments::parse("chain", &KEYS, arguments)?;
        if arguments.optional("format")?.is_some_and(|format| format != FORMAT) {
            return Err(Error::new(Class::Unsupported, "chain format is not supported by this version of veritable"));
        }
        Ok(Arguments {
            entity: arguments.all("entity"),
            seq: arguments.required("seq")?,
            previous: arguments.required("previous")?,
            hash: arguments.required("hash")?,
            recorded: arguments.optional("recorded")?,
            exclude: arguments.all("exclude"),
        })
    }

    /// The arguments for a trigger.
    pub fn render(&self) -> Vec<String> {
        let entity = self.entity.iter().map(|column| ("entity", column));
        let chain = [("seq", &self.seq), ("previous", &self.previous), ("hash", &self.hash)];
        let recorded = self.recorded.iter().map(|column| ("recorded", column));
        let exclude = self.exclude.iter().map(|column| ("exclude", column));
        let columns = entity.chain(chain).chain(recorded).chain(exclude);
        std::iter::once(format!("format={FORMAT}"))
            .chain(columns.map(|(key, column)| format!("{key}={column}")))
            .collect()
    }
}
