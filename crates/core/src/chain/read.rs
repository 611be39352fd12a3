//! The parts of a chain's lines that a verifier reads: the configuration from line 0, the links from the other lines.

use std::fmt;

use super::{Commitment, Configuration, LinkHash};
use crate::line::{self, Read, Refused, Text, Value, read, time};

/// Line 0 after reading: the owner of the text that [`Configuration`] borrows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line0 {
    entity: Vec<String>,
    erasable: Vec<String>,
    exclude: Vec<String>,
    hash: String,
    identity: Option<String>,
    previous: String,
    recorded: Option<String>,
    seq: String,
}

/// The link of an event into its chain, as the event's line states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventLine<'a> {
    /// The place in the chain: 1 or more.
    pub seq: i64,
    /// The hash of the line before, or the genesis.
    pub previous: LinkHash,
    /// The values of the entity, in the order of [`Configuration::entity`]. If a type treats different texts as equal,
    /// such as `numeric`, the events of one entity may have different texts here.
    pub entity: Vec<Value<'a>>,
    /// The commitments to the values that can be erased, in the order of [`Configuration::erasable`]; `None` for an event
    /// without a commitment, whose value is NULL for all to see.
    pub erasable: Vec<Option<Commitment>>,
    /// The recorded time in microseconds since 2000-01-01, if the chain has a column for it and the event has a value.
    pub recorded: Option<i64>,
}

/// The reason why a line does not belong to a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// The text is not a line.
    Refused(Refused),
    /// Line 0 has another format than 1.
    Format,
    /// The text is a line, but lacks a member of this name, or the member holds a value of another kind.
    Member(String),
    /// Line 0 names this column in two places.
    Roles(String),
    /// Line 0 is not canonical: the writer would write it differently from this byte on.
    Rewritten {
        /// The first byte that differs.
        offset: usize,
    },
    /// The writer cannot write line 0 again.
    Unwritable(line::Error),
}

impl From<Refused> for Unreadable {
    fn from(refused: Refused) -> Unreadable {
        Unreadable::Refused(refused)
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unreadable::Refused(refused) => refused.fmt(f),
            Unreadable::Format => f.write_str("The format of the chain is not 1."),
            Unreadable::Member(name) => {
                write!(f, "The member \"{name}\" of the line is missing or holds another value.")
            }
            Unreadable::Roles(name) => write!(f, "The chain has two uses for the column \"{name}\"."),
            Unreadable::Rewritten { offset } => {
                write!(f, "The line is not the one of its configuration from byte {offset} on.")
            }
            Unreadable::Unwritable(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Unreadable {}

impl Line0 {
    /// Reads line 0. The writer has to write the same text from what was read.
    ///
    /// ```
    /// use veritable_core::chain::Line0;
    /// use veritable_core::line::read;
    ///
    /// let line = r#"{"entity":["id"],"format":1,"hash":"event_hash","previous":"previous_event_hash","seq":"seq"}"#;
    /// let zero = Line0::read(line.as_bytes())?;
    /// assert_eq!(zero.configuration().line().unwrap(), line);
    ///
    /// let genesis = zero.configuration().genesis().unwrap();
    /// let first = format!(r#"{{"id":7,"previous_event_hash":"\\x{genesis}","seq":1}}"#);
    /// let event = zero.configuration().event(read(first.as_bytes())?)?;
    /// assert_eq!((event.seq, event.previous), (1, genesis));
    /// # Ok::<(), veritable_core::chain::Unreadable>(())
    /// ```
    pub fn read(line: &[u8]) -> Result<Line0, Unreadable> {
        let members = read(line)?;
        if members.member("format") != Some(Value::Number("1")) {
            return Err(Unreadable::Format);
        }
        let zero = Line0 {
            entity: columns(members, "entity")?,
            erasable: columns(members, "erasable")?,
            exclude: columns(members, "exclude")?,
            hash: required(members, "hash")?,
            identity: optional(members, "identity")?,
            previous: required(members, "previous")?,
            recorded: optional(members, "recorded")?,
            seq: required(members, "seq")?,
        };
        if let Some(name) = zero.column_of_two_roles() {
            return Err(Unreadable::Roles(name.to_string()));
        }
        let written = zero.configuration().line().map_err(Unreadable::Unwritable)?;
        if written.as_bytes() != line {
            let offset = written.bytes().zip(line).take_while(|(written, read)| written == *read).count();
            return Err(Unreadable::Rewritten { offset });
        }
        Ok(zero)
    }

    fn column_of_two_roles(&self) -> Option<&str> {
        let lists = self.entity.iter().chain(&self.erasable).chain(&self.exclude).chain(&self.recorded);
        let mut columns: Vec<&String> = lists.chain([&self.hash, &self.previous, &self.seq]).collect();
        columns.sort_unstable();
        columns.windows(2).find_map(|pair| match pair {
            [one, other] if one == other => Some(one.as_str()),
            _ => None,
        })
    }

    /// The configuration.
    pub fn configuration(&self) -> Configuration<'_> {
        Configuration {
            entity: &self.entity,
            erasable: &self.erasable,
            exclude: &self.exclude,
            hash: &self.hash,
            identity: self.identity.as_deref(),
            previous: &self.previous,
            recorded: self.recorded.as_deref(),
            seq: &self.seq,
        }
    }
}

impl Configuration<'_> {
    /// The link of an event of this chain, from its line.
    ///
    /// A line may have a member for a column that the configuration excludes, or even for one with the name of the hash:
    /// line 0 says how the chain began, and an alteration that changes no line may have renamed or dropped that column.
    pub fn event<'a>(&self, line: Read<'a>) -> Result<EventLine<'a>, Unreadable> {
        let (mut seq, mut previous, mut recorded) = (None, None, None);
        let mut entity = vec![None; self.entity.len()];
        let mut erasable = vec![None; self.erasable.len()];
        let wrong = |name: &str| Unreadable::Member(name.to_string());
        for (name, value) in line.members() {
            if name.is(self.seq) {
                seq = place(value);
            } else if name.is(self.previous) {
                previous = hash(value);
            } else if let Some(column) = self.recorded.filter(|column| name.is(column)) {
                recorded = Some(timestamptz(value).ok_or_else(|| wrong(column))?);
            } else if let Some((_, place)) = self.entity.iter().zip(&mut entity).find(|(column, _)| name.is(column)) {
                *place = Some(value);
            } else if let Some((column, place)) =
                self.erasable.iter().zip(&mut erasable).find(|(column, _)| name.is(column))
            {
                *place = Some(commitment(value).ok_or_else(|| wrong(column))?);
            }
        }
        let entity = self.entity.iter().zip(entity).map(|(column, value)| value.ok_or_else(|| wrong(column)));
        Ok(EventLine {
            seq: seq.ok_or_else(|| wrong(self.seq))?,
            previous: previous.ok_or_else(|| wrong(self.previous))?,
            entity: entity.collect::<Result<_, _>>()?,
            erasable,
            recorded,
        })
    }
}

fn place(value: Value) -> Option<i64> {
    let Value::Number(number) = value else { return None };
    number.parse().ok().filter(|seq| *seq >= 1)
}

/// The hash in a column of type `bytea`, or in one of type `text`, which has no `\x`.
fn hash(value: Value) -> Option<LinkHash> {
    let Value::String(text) = value else { return None };
    let digits = text.escaped();
    LinkHash::from_hex(digits.strip_prefix(r"\\x").unwrap_or(digits).as_bytes())
}

/// A commitment as a value of type `bytea`.
fn commitment(value: Value) -> Option<Commitment> {
    let Value::String(text) = value else { return None };
    let digits = text.escaped().strip_prefix(r"\\x")?;
    LinkHash::from_hex(digits.as_bytes()).map(|hash| Commitment::from_bytes(*hash.as_bytes()))
}

fn timestamptz(value: Value) -> Option<i64> {
    let Value::String(text) = value else { return None };
    time::read_timestamptz(text.escaped())
}

fn text(value: Value, name: &str) -> Result<String, Unreadable> {
    let Value::String(text) = value else { return Err(Unreadable::Member(name.to_string())) };
    Ok(Text::decoded(&text).into_owned())
}

fn optional(line: Read, name: &str) -> Result<Option<String>, Unreadable> {
    line.member(name).map(|value| text(value, name)).transpose()
}

fn required(line: Read, name: &str) -> Result<String, Unreadable> {
    optional(line, name)?.ok_or_else(|| Unreadable::Member(name.to_string()))
}

/// The columns that a member lists; none if there is no member.
fn columns(line: Read, name: &str) -> Result<Vec<String>, Unreadable> {
    match line.member(name) {
        Some(Value::Array(columns)) => columns.elements().map(|column| text(column, name)).collect(),
        Some(_) => Err(Unreadable::Member(name.to_string())),
        None => Ok(Vec::new()),
    }
}
