//! The configuration of a chain, as the arguments of its triggers hold it: `key=value`, where a key may repeat.
//!
//! It lives there because triggers are cloned to partitions, dumped and restored, and cached with their relation.

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
        let mut pairs = Vec::with_capacity(arguments.len());
        for argument in arguments {
            match argument.split_once('=') {
                Some((key, value)) if KEYS.contains(&key) && !value.is_empty() => pairs.push((key, value)),
                _ => return Err(refused(format!("unrecognized chain trigger argument \"{argument}\""))),
            }
        }
        let all = |key| pairs.iter().filter(move |(k, _)| *k == key).map(|(_, value)| value.to_string());
        let optional = |key| match all(key).count() {
            0 | 1 => Ok(all(key).next()),
            _ => Err(refused(format!("chain trigger argument \"{key}\" is given more than once"))),
        };
        let required =
            |key| optional(key)?.ok_or_else(|| refused(format!("chain trigger argument \"{key}\" is missing")));
        if optional("format")?.is_some_and(|format| format != FORMAT) {
            return Err(Error::new(Class::Unsupported, "chain format is not supported by this version of veritable"));
        }
        Ok(Arguments {
            entity: all("entity").collect(),
            seq: required("seq")?,
            previous: required("previous")?,
            hash: required("hash")?,
            recorded: optional("recorded")?,
            exclude: all("exclude").collect(),
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

fn refused(message: String) -> Error {
    Error::new(Class::Argument, message)
        .hint(format!("The arguments are key=value, with the keys {}.", KEYS.join(", ")))
}
