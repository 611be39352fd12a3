//! The configuration of a chain, as the arguments of its triggers hold it.

use veritable_core::chain::{Configuration, LinkHash};

use crate::pg::report::{Class, Error, Result};
use crate::table::{arguments, columns};

/// The line format that this version writes.
const FORMAT: &str = "1";

const KEYS: [&str; 8] = ["format", "entity", "seq", "previous", "hash", "recorded", "exclude", "identity"];

/// The longest identity, in bytes: a qualified name has 257 at most.
const IDENTITY_MAX: usize = 1000;

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
    /// What the chain is called under its hashes: by default the table's qualified name when it was chained.
    pub identity: Option<String>,
}

impl Arguments {
    /// Reads the arguments of a trigger, and checks them.
    pub fn parse(arguments: &[String]) -> Result<Arguments> {
        let arguments = arguments::Arguments::parse("chain", &KEYS, arguments)?;
        if arguments.optional("format")?.is_some_and(|format| format != FORMAT) {
            return Err(Error::new(Class::Unsupported, "chain format is not supported by this version of veritable"));
        }
        let arguments = Arguments {
            entity: arguments.all("entity"),
            seq: arguments.required("seq")?,
            previous: arguments.required("previous")?,
            hash: arguments.required("hash")?,
            recorded: arguments.optional("recorded")?,
            exclude: arguments.all("exclude"),
            identity: arguments.optional("identity")?,
        };
        arguments.check()?;
        Ok(arguments)
    }

    /// Checks what can be checked without the table: no column has two roles. So no column of the chain is excluded,
    /// either: its values could be changed, and with them what the chain says.
    pub fn check(&self) -> Result<()> {
        let chain = [&self.seq, &self.previous, &self.hash];
        columns::distinct(self.entity.iter().chain(chain).chain(&self.recorded).chain(&self.exclude))?;
        match self.identity.as_ref().map_or(1, String::len) {
            0 => Err(Error::new(Class::Argument, "the identity of a chain must not be empty")),
            1..=IDENTITY_MAX => Ok(()),
            _ => Err(Error::new(
                Class::Argument,
                format!("the identity of a chain must not be longer than {IDENTITY_MAX} bytes"),
            )),
        }
    }

    /// Line 0 of the chain: its configuration, as it is hashed.
    pub fn line(&self) -> Result<String> {
        Ok(self.configuration().line()?)
    }

    /// The hash of line 0: the previous hash of the first event of each entity.
    pub fn genesis(&self) -> Result<LinkHash> {
        Ok(self.configuration().genesis()?)
    }

    fn configuration(&self) -> Configuration<'_> {
        Configuration {
            entity: &self.entity,
            exclude: &self.exclude,
            hash: &self.hash,
            identity: self.identity.as_deref(),
            previous: &self.previous,
            recorded: self.recorded.as_deref(),
            seq: &self.seq,
        }
    }

    /// The arguments for a trigger.
    pub fn render(&self) -> Vec<String> {
        let entity = self.entity.iter().map(|column| ("entity", column));
        let chain = [("seq", &self.seq), ("previous", &self.previous), ("hash", &self.hash)];
        let recorded = self.recorded.iter().map(|column| ("recorded", column));
        let exclude = self.exclude.iter().map(|column| ("exclude", column));
        let identity = self.identity.iter().map(|identity| ("identity", identity));
        let pairs = entity.chain(chain).chain(recorded).chain(exclude).chain(identity);
        std::iter::once(format!("format={FORMAT}")).chain(pairs.map(|(key, value)| format!("{key}={value}"))).collect()
    }
}
