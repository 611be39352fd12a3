//! The configuration of a chain, stored in the arguments of its triggers.
//!
//! A chain can be altered as long as the lines of its events stay the same: a column is excluded in which no event has
//! a value, or an excluded column has another name. The arguments hold the present configuration. The first events
//! link to the configuration at the beginning, so its line 0 is kept as `founded`, if it is another.

use veritable_core::chain::{Configuration, Line0, LinkHash};

use super::erasable::Erasable;
use crate::pg::report::{Class, Error, Result};
use crate::table::feature::Renamed;
use crate::table::{arguments, columns};

/// The line format that this version writes.
const FORMAT: &str = "1";

const KEYS: [&str; 15] = [
    "format",
    "entity",
    "seq",
    "previous",
    "hash",
    "recorded",
    "exclude",
    "identity",
    "founded",
    "position",
    "origin",
    "arrival",
    "erasable",
    "salt",
    "commitment",
];

/// The longest identity, in bytes: a qualified name has at most 257.
const IDENTITY_MAX: usize = 1000;

/// The longest origin, in bytes: key names in notes are no longer than this in the tools that read them.
const ORIGIN_MAX: usize = 255;

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
    /// The columns whose values can be erased, each with its salt and its commitment. Line 0 excludes the latter two.
    pub erasable: Vec<Erasable>,
    /// The name of the chain under its hashes; by default the table's qualified name at the time of add_chain().
    pub identity: Option<String>,
    /// Line 0 at the beginning of the chain, if the chain was altered since.
    pub founded: Option<String>,
    /// The log of the chain, if it has one. It is no part of line 0: no line depends on a log.
    pub log: Option<Log>,
}

/// The configuration of a chain's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// The column of the position.
    pub position: String,
    /// The name of the log in its checkpoints.
    pub origin: String,
    /// Whether rows that a subscription applies get a position of this database, whatever position they bring.
    pub places_arrivals: bool,
}

impl Log {
    fn parse(arguments: &arguments::Arguments) -> Result<Option<Log>> {
        let (position, origin) = (arguments.optional("position")?, arguments.optional("origin")?);
        let places_arrivals = match arguments.optional("arrival")?.as_deref() {
            None => false,
            Some("own") => true,
            Some(_) => return Err(Error::new(Class::Argument, "chain trigger argument \"arrival\" must be \"own\"")),
        };
        match (position, origin) {
            (Some(position), Some(origin)) => {
                check_origin(&origin)?;
                Ok(Some(Log { position, origin, places_arrivals }))
            }
            (None, None) if !places_arrivals => Ok(None),
            _ => {
                Err(Error::new(Class::Argument, "a log needs the chain trigger arguments \"position\" and \"origin\""))
            }
        }
    }
}

/// Checks that an origin can be a line of a checkpoint, and the name of a key in a signed note.
pub fn check_origin(origin: &str) -> Result<()> {
    let is_plain = |c: char| !(c.is_whitespace() || c.is_control() || c == '+');
    if origin.is_empty() || origin.len() > ORIGIN_MAX || !origin.chars().all(is_plain) {
        return Err(Error::new(Class::Argument, "invalid origin of a log")
            .detail(format!("An origin has 1 to {ORIGIN_MAX} bytes, without spaces, control characters and \"+\"."))
            .hint("Use a URL without its scheme, such as example.com/ledger."));
    }
    Ok(())
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
            erasable: erasable(&arguments)?,
            identity: arguments.optional("identity")?,
            founded: arguments.optional("founded")?,
            log: Log::parse(&arguments)?,
        };
        arguments.check()?;
        if let Some(founded) = &arguments.founded {
            let line = Line0::read(founded.as_bytes()).map_err(|reason| {
                Error::new(Class::Argument, "chain trigger argument \"founded\" is not line 0 of a chain")
                    .detail(reason.to_string())
            })?;
            // A reader of lines knows by line 0 alone which members are commitments. Another name shows by the lines.
            if line.configuration().erasable.len() != arguments.erasable.len() {
                return Err(Error::new(
                    Class::Argument,
                    "chain trigger argument \"founded\" names other erasable columns",
                ));
            }
        }
        Ok(arguments)
    }

    /// Checks what can be checked without the table: no column has two roles. So no chain column is excluded either: an
    /// UPDATE could then change its value, and with it the chain.
    pub fn check(&self) -> Result<()> {
        let chain = [&self.seq, &self.previous, &self.hash];
        let position = self.log.iter().map(|log| &log.position);
        let erasable = self.erasable.iter().flat_map(Erasable::names);
        let others = chain.into_iter().chain(&self.recorded).chain(&self.exclude).chain(position).chain(erasable);
        columns::distinct(self.entity.iter().chain(others))?;
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
        let erasable: Vec<_> = self.erasable.iter().map(|column| column.value.clone()).collect();
        let beside = self.erasable.iter().flat_map(|column| [&column.salt, &column.commitment]);
        let exclude: Vec<_> = self.exclude.iter().chain(beside).cloned().collect();
        let configuration = Configuration {
            entity: &self.entity,
            erasable: &erasable,
            exclude: &exclude,
            hash: &self.hash,
            identity: self.identity.as_deref(),
            previous: &self.previous,
            recorded: self.recorded.as_deref(),
            seq: &self.seq,
        };
        Ok(configuration.line()?)
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
        let position = self.log.iter_mut().map(|log| &mut log.position);
        for name in self.entity.iter_mut().chain([&mut self.seq, &mut self.previous, &mut self.hash]).chain(position) {
            if let Some(now) = now(name) {
                *name = now;
            }
        }
        self.recorded = self.recorded.as_ref().and_then(now);
        self.exclude = self.exclude.iter().filter_map(now).collect();
        self.erasable.iter_mut().for_each(|column| column.follow(renamed));
        self
    }

    /// The same configuration as an alteration of the chain that `former` configures. A chain without events begins anew.
    pub fn altered_from(self, former: &Arguments, has_events: bool) -> Result<Arguments> {
        let line = former.line()?;
        let founded = (has_events && self.present_line()? != line).then_some(line);
        Ok(Arguments { founded, ..self })
    }

    /// The arguments for a trigger.
    pub fn render(&self) -> Vec<String> {
        let entity = self.entity.iter().map(|column| ("entity", column));
        let chain = [("seq", &self.seq), ("previous", &self.previous), ("hash", &self.hash)];
        let recorded = self.recorded.iter().map(|column| ("recorded", column));
        let exclude = self.exclude.iter().map(|column| ("exclude", column));
        let identity = self.identity.iter().map(|identity| ("identity", identity));
        let founded = self.founded.iter().map(|founded| ("founded", founded));
        let own = "own".to_string();
        let log = self.log.iter().flat_map(|log| {
            let arrival = log.places_arrivals.then_some(("arrival", &own));
            [("position", &log.position), ("origin", &log.origin)].into_iter().chain(arrival)
        });
        let erasable = self.erasable.iter().flat_map(|column| {
            [("erasable", &column.value), ("salt", &column.salt), ("commitment", &column.commitment)]
        });
        let pairs = entity.chain(chain).chain(recorded).chain(exclude).chain(identity).chain(founded).chain(log);
        let pairs = pairs.chain(erasable);
        std::iter::once(format!("format={FORMAT}")).chain(pairs.map(|(key, value)| format!("{key}={value}"))).collect()
    }
}

/// The erasable columns: of each its value, salt and commitment, in the same order.
fn erasable(arguments: &arguments::Arguments) -> Result<Vec<Erasable>> {
    let [values, salts, commitments] = ["erasable", "salt", "commitment"].map(|key| arguments.all(key));
    if values.len() != salts.len() || values.len() != commitments.len() {
        return Err(Error::new(
            Class::Argument,
            "an erasable column needs the chain trigger arguments \"erasable\", \"salt\" and \"commitment\"",
        ));
    }
    let beside = salts.into_iter().zip(commitments);
    let column = |(value, (salt, commitment))| Erasable { value, salt, commitment };
    Ok(values.into_iter().zip(beside).map(column).collect())
}
