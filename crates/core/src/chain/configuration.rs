//! The description of a chain as a line: line 0, whose hash the first event of each entity links to.
//!
//! So the hashes cover the configuration. Rows that are moved to another table, or put under another configuration (such as
//! one that leaves out a hashed column), no longer link to the beginning of their chain. The link costs nothing per row.

use super::LinkHash;
use crate::line::{Error, Line, Member, array, number, string};

/// The number of the line format.
const FORMAT: i64 = 1;

/// The identity of a chain, and the columns that make it up.
#[derive(Clone, Copy, Debug)]
pub struct Configuration<'a> {
    /// The columns that name the entity, in any order.
    pub entity: &'a [String],
    /// The columns whose values can be erased, in any order: the line holds a [`Commitment`](super::Commitment) to the
    /// value of each.
    pub erasable: &'a [String],
    /// The columns outside the hash, in any order.
    pub exclude: &'a [String],
    /// The column of the hash.
    pub hash: &'a str,
    /// The permanent name of the chain.
    pub identity: Option<&'a str>,
    /// The column of the previous hash.
    pub previous: &'a str,
    /// The column of the recorded time.
    pub recorded: Option<&'a str>,
    /// The column of the seq.
    pub seq: &'a str,
}

impl Configuration<'_> {
    /// Line 0, written by the rules of a line: one JSON object, with its members in the order of their names, without empty
    /// members. Columns are listed in the order of the bytes of their names, because the order of columns means nothing.
    ///
    /// ```
    /// use veritable_core::chain::Configuration;
    ///
    /// let configuration = Configuration {
    ///     entity: &["b".to_string(), "a".to_string()],
    ///     erasable: &[],
    ///     exclude: &[],
    ///     hash: "event_hash",
    ///     identity: Some("public.entity_events"),
    ///     previous: "previous_event_hash",
    ///     recorded: None,
    ///     seq: "seq",
    /// };
    /// assert_eq!(
    ///     configuration.line()?,
    ///     r#"{"entity":["a","b"],"format":1,"hash":"event_hash","identity":"public.entity_events","previous":"previous_event_hash","seq":"seq"}"#
    /// );
    /// # Ok::<(), veritable_core::line::Error>(())
    /// ```
    pub fn line(&self) -> Result<String, Error> {
        let [entity, erasable, exclude, format, hash, identity, previous, recorded, seq] =
            ["entity", "erasable", "exclude", "format", "hash", "identity", "previous", "recorded", "seq"]
                .map(Member::new);
        let members = [
            (entity?, Value::Columns(self.entity)),
            (erasable?, Value::Columns(self.erasable)),
            (exclude?, Value::Columns(self.exclude)),
            (format?, Value::Format),
            (hash?, Value::Text(Some(self.hash))),
            (identity?, Value::Text(self.identity)),
            (previous?, Value::Text(Some(self.previous))),
            (recorded?, Value::Text(self.recorded)),
            (seq?, Value::Text(Some(self.seq))),
        ];
        let mut buffer = Vec::new();
        let mut line = Line::begin(&mut buffer);
        for (member, value) in &members {
            match value {
                Value::Columns([]) | Value::Text(None) => {}
                Value::Columns(columns) => list(line.member(member)?, columns)?,
                Value::Text(Some(text)) => string::write(line.member(member)?, text.as_bytes())?,
                Value::Format => number::write_integer(line.member(member)?, FORMAT),
            }
        }
        Ok(String::from_utf8_lossy(line.end()?).into_owned())
    }

    /// The hash of line 0: the previous hash of the first event of each entity.
    pub fn genesis(&self) -> Result<LinkHash, Error> {
        Ok(LinkHash::of_line(self.line()?.as_bytes()))
    }
}

enum Value<'a> {
    Columns(&'a [String]),
    Text(Option<&'a str>),
    Format,
}

fn list(out: &mut Vec<u8>, columns: &[String]) -> Result<(), Error> {
    let mut columns: Vec<&String> = columns.iter().collect();
    columns.sort_unstable();
    array::punctuate(out, b'[')?;
    for (place, column) in columns.into_iter().enumerate() {
        array::separate(out, place)?;
        string::write(out, column.as_bytes())?;
    }
    array::punctuate(out, b']')
}

/// The schema and the name in an identity, if the identity is a qualified name as SQL quotes it: `public.bank`,
/// `"My Schema"."a.b"`.
pub fn qualified_name(identity: &str) -> Option<(String, String)> {
    let (schema, rest) = identifier(identity)?;
    let (name, rest) = identifier(rest.strip_prefix('.')?)?;
    rest.is_empty().then_some((schema, name))
}

/// The identifier at the beginning of the text, and the rest of the text.
fn identifier(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let end = text.find(|c| !is_plain(c)).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        return name.starts_with(|c: char| !c.is_ascii_digit()).then(|| (name.to_string(), rest));
    };
    let mut name = String::new();
    let mut rest = quoted;
    loop {
        let (part, after) = rest.split_once('"')?;
        name.push_str(part);
        match after.strip_prefix('"') {
            Some(after) => {
                name.push('"');
                rest = after;
            }
            None => return (!name.is_empty()).then_some((name, after)),
        }
    }
}
