//! The configuration of a chain, stored in the arguments of its triggers.
//!
//! A chain can be altered as long as the lines of its events stay the same: a column is excluded in which no event has
//! a value, or an excluded column has another name. The arguments hold the present configuration. The first events
//! link to the configuration at the beginning, so its line 0 is kept as `founded`, if it is another.

use veritable_core::chain::{Configuration, Line0, LinkHash};

use crate::pg::report::{Class, Error, Result};
use crate::table::feature::Renamed;
use crate::table::{arguments, columns};

/// The line format that this version writes.
const FORMAT: &str = "1";

const KEYS: [&str; 9] = ["format", "entity", "seq", "previous", "hash", "recorded", "exclude", "identity", "founded"];

/// The longest identity, in bytes: a qualified name has at most 257.
const IDENTITY_MAX: usize = 1000;

/// The columns of a chain, and its identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arguments {
    /// The columns whose values name the entity of an event; empty if the whole table is one chain.
    pub entity: Vec<String>,
    /// The column of the position in the chain.
    pub seq: String,
    /// The column of the previous event's hash.
    pub previous: String,
    /// The column of the hash.
    pub hash: String,
    /// The column of the recorded time, if the chain has one.
    pub recorded: Option<String>,
    /// The columns that are not hashed and may change.
    pub exclude: Vec<String>,
    /// The name of the chain under its hashes; by default the table's qualified name at the time of add_chain().
    pub identity: Option<String>,
    /// Line 0 at the beginning of the chain, if the chain was altered since.
    pub founded: Option<String>,
}

impl Arguments {
    /// Parses and checks the arguments of a trigger.
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
            founded: arguments.optional("founded")?,
        };
        arguments.check()?;
        if let Some(founded) = &arguments.founded {
            let line = Line0::read(founded.as_bytes()).map_err(|reason| {
                Error::new(Class::Argument, "chain trigger argument \"founded\" is not line 0 of a chain")
                    .detail(reason.to_string())
            })?;
            if !line.configuration().erasable.is_empty() {
                return Err(Error::new(
                    Class::Unsupported,
                    "erasable columns of a chain are not supported by this version of veritable",
                ));
            }
        }
        Ok(arguments)
    }

    /// Checks what can be checked without the table: no column has two roles. So no chain column is excluded either: an
    /// UPDATE could then change its value, and with it the chain.
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

    /// The present configuration in the form of line 0.
    pub fn present_line(&self) -> Result<String> {
        Ok(self.configuration().line()?)
    }

    /// Line 0 of the chain: the configuration at the beginning, in its hashed form.
    pub fn line(&self) -> Result<String> {
        self.founded.clone().map_or_else(|| self.present_line(), Ok)
    }

    /// The hash of line 0: the previous hash of each entity's first event.
    pub fn genesis(&self) -> Result<LinkHash> {
        Ok(LinkHash::of_line(self.line()?.as_bytes()))
    }

    /// The configuration with other names of columns, and without columns that are gone and may be.
    pub fn after(mut self, renamed: &[Renamed]) -> Arguments {
        let now = |name: &String| {
            let change = renamed.iter().find(|(former, _)| former == name);
            change.map_or_else(|| Some(name.clone()), |(_, now)| now.clone())
        };
        for name in self.entity.iter_mut().chain([&mut self.seq, &mut self.previous, &mut self.hash]) {
            if let Some(now) = now(name) {
                *name = now;
            }
        }
        self.recorded = self.recorded.as_ref().and_then(now);
        self.exclude = self.exclude.iter().filter_map(now).collect();
        self
    }

    /// The same configuration as an alteration of the chain that `former` configures. A chain without events begins anew.
    pub fn altered_from(self, former: &Arguments, has_events: bool) -> Result<Arguments> {
        let line = former.line()?;
        let founded = (has_events && self.present_line()? != line).then_some(line);
        Ok(Arguments { founded, ..self })
    }

    fn configuration(&self) -> Configuration<'_> {
        Configuration {
            entity: &self.entity,
            erasable: &[],
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
        let founded = self.founded.iter().map(|founded| ("founded", founded));
        let pairs = entity.chain(chain).chain(recorded).chain(exclude).chain(identity).chain(founded);
        std::iter::once(format!("format={FORMAT}")).chain(pairs.map(|(key, value)| format!("{key}={value}"))).collect()
    }
}
