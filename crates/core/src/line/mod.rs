//! The canonical line of an event, format 1. Frozen: a line that was hashed once must come out the same for decades.
//!
//! # The format
//!
//! A line is one JSON object in UTF-8, without a newline. Its members are the covered columns that are not NULL, in
//! the order of the bytes of their names, each written `"name":value`, with `,` between them and no space added.
//! A NULL column has no member, so that a nullable column can be added without changing the lines of old rows.
//!
//! A value is what PostgreSQL's `to_json` gives with `TimeZone = UTC`, `DateStyle = ISO, YMD`,
//! `IntervalStyle = iso_8601`, `extra_float_digits = 1`, `bytea_output = hex` and `search_path = pg_catalog`, whatever
//! the settings of the session:
//!
//! | type | value | written by |
//! |---|---|---|
//! | boolean | `true`, `false` | [`boolean`] |
//! | integers | `-7` | [`number`] |
//! | floats | the shortest text that reads back the same; `"NaN"`, `"Infinity"`, `"-Infinity"` | [`number`] |
//! | numeric | its digits, with the trailing zeros of its scale; the same three strings | [`numeric`] |
//! | text and its kin | a string; only `"`, `\` and bytes below 0x20 are escaped | [`string`] |
//! | uuid | a string of lower-case hex digits with dashes | [`uuid`] |
//! | bytea | `"\\x0102"` | [`bytea`] |
//! | date, timestamp, timestamptz | `"2024-01-01T12:34:56.789+00:00"` | [`time`] |
//! | jsonb | its own text, with the spaces that PostgreSQL puts there | [`jsonb`] |
//! | json | its exact text as a string | [`string`] |
//! | ranges and multiranges | their output text as a string | [`string`]; the bounds of times: `time::text_…` |
//! | arrays | `[[1,null],[2,3]]`: values of the type of the elements, NULL as `null` | the caller |
//! | composites | an object of all fields in their own order, NULL as `null` | the caller |
//! | domains | as the type below | |
//! | any other | its output text as a string; casts to json are not consulted | [`string`] |
//!
//! The hash of a line is the SHA-256 of its bytes: [`LinkHash::of_line`](crate::chain::LinkHash::of_line).
//!
//! # Writing one
//!
//! A [`Line`] puts the members together. The writers append one value each to a buffer. Those of values without a fixed
//! length take memory so that its lack is an [`Error`], never an abort, and stop at [`LENGTH_MAX`].

pub mod boolean;
pub mod bytea;
mod digits;
mod error;
pub mod hex;
pub mod jsonb;
pub mod number;
pub mod numeric;
pub(crate) mod room;
pub mod string;
pub mod time;
pub mod uuid;

pub use error::Error;

/// The longest line, in bytes: what a PostgreSQL `text` can hold beside its header.
pub const LENGTH_MAX: usize = 1_073_741_823 - 4;

/// Room that is left for a value before it is written, enough for the longest one of a fixed length.
pub(crate) const VALUE_ROOM: usize = 64;

/// The name of a column, ready to be written: made once for a relation, used for each of its rows.
///
/// Members are ordered as a line orders them, by the bytes of their names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    name: Box<str>,
    /// `"name":`, escaped.
    prefix: Box<[u8]>,
}

impl Member {
    /// The member for the column `name`.
    pub fn new(name: &str) -> Result<Member, Error> {
        let mut prefix = Vec::new();
        string::write(&mut prefix, name.as_bytes())?;
        prefix.push(b':');
        Ok(Member { name: name.into(), prefix: prefix.into() })
    }

    /// The name of the column.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// A line that is being written.
///
/// ```
/// use veritable_core::line::{self, Line, Member};
///
/// let (kind, seq) = (Member::new("kind")?, Member::new("seq")?);
/// let mut buffer = Vec::new();
/// let mut line = Line::begin(&mut buffer);
/// line::string::write(line.member(&kind)?, b"deposit")?;
/// line::number::write_integer(line.member(&seq)?, 1);
/// assert_eq!(line.end()?, br#"{"kind":"deposit","seq":1}"#);
/// # Ok::<(), line::Error>(())
/// ```
#[must_use = "a line is not complete before its end"]
pub struct Line<'a> {
    out: &'a mut Vec<u8>,
    last: Option<&'a Member>,
}

impl<'a> Line<'a> {
    /// Begins a line in `out`, whose content is dropped and whose memory is used again.
    pub fn begin(out: &'a mut Vec<u8>) -> Line<'a> {
        out.clear();
        Line { out, last: None }
    }

    /// Begins a member. Exactly one value is to be written to the buffer that this returns.
    ///
    /// Members come in their order, each at most once; that of a NULL column is left out.
    #[inline]
    pub fn member(&mut self, member: &'a Member) -> Result<&mut Vec<u8>, Error> {
        debug_assert!(self.last.is_none_or(|last| last < member), "members out of order");
        room::reserve(self.out, member.prefix.len() + 1 + VALUE_ROOM)?;
        self.out.push(if self.last.is_none() { b'{' } else { b',' });
        self.out.extend_from_slice(&member.prefix);
        self.last = Some(member);
        Ok(self.out)
    }

    /// Ends the line and returns it.
    pub fn end(self) -> Result<&'a [u8], Error> {
        room::reserve(self.out, 2)?;
        self.out.extend_from_slice(if self.last.is_none() { b"{}" } else { b"}" });
        Ok(self.out)
    }
}
