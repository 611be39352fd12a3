//! The canonical line of an event, format 1. Frozen: a line that was hashed once must come out the same for decades.
//!
//! # The format
//!
//! A line is one JSON object in UTF-8, without a newline. Its members are the covered columns that are not NULL, in
//! the order of the bytes of their names, each written `"name":value`, with `,` between them and no space added.
//! A NULL column has no member, so that a nullable column can be added without changing the lines of old rows.
//!
//! A value is, but for arrays and composites, what PostgreSQL's `to_json` gives with `TimeZone = UTC`, `DateStyle = ISO, YMD`,
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
//! | arrays | `[[1,null],[2,3]]`: values of the type of the elements, NULL as `null`; or named, see below | [`mod@array`] |
//! | composites | an object of the fields that are not NULL, in their own order | the caller |
//! | domains | as the type below | |
//! | any other | its output text as a string; casts to json are not consulted | [`string`] |
//!
//! # Arrays
//!
//! An array is *named* where its elements alone would leave a doubt. Then it is an object, whose one member has the bounds
//! of the dimensions for a name, as PostgreSQL writes them: `{"[5:7]":[10,20,30]}`. That is so
//!
//! - where a lower bound is not the usual one, which is 1, and 0 for `int2vector` and `oidvector`;
//! - with more than one dimension, where an element may be a JSON array itself: `{"[1:1][1:2]":[[[1],[2]]]}`. Such
//!   elements are `jsonb`, and domains over arrays;
//! - where an element of `jsonb` is NULL, since its `null` is also that of a JSON null. A member before the other lists the
//!   places of those that are NULL, counted from 1 in the order of storage: `{"NULL":[2],"[1:3]":[1,null,null]}`.
//!
//! # Different values have different lines
//!
//! For columns whose types and names stay, rows that are not the same, by the texts that the types' own output functions
//! give under the settings above, have different lines. The other way round, equal texts have the same line.
//!
//! A line names its columns, and tells a NULL by a member that is missing. So it is enough that values of one type
//! that are not NULL are written differently where their texts differ, and that each is one whole JSON value, so that one
//! can tell where it ends.
//!
//! - *Scalars*: what is written is the output text itself, as a number or escaped as a string, which can be read back. Where
//!   it is not, as with booleans and times, it is a rewriting of that text that can be undone.
//! - *Composites*: as lines are. A field that is NULL is missing; a `null` is that of a `jsonb`.
//! - *Arrays*: what begins with `{` is named, what begins with `[` is plain. Of a named one the bounds are told, and with
//!   them which brackets are those of the dimensions. Of a plain one with several dimensions no element begins with
//!   `[`, so the brackets are all those of the dimensions; with one dimension there is one pair of them; and `[]` has none,
//!   since a dimension without elements does not exist. The bounds of a plain one are the usual ones. Within the brackets each
//!   element is a value of one type, or `null`; and a `null` is an element that is NULL, for only `jsonb` writes it too, and
//!   there it is a JSON null unless its place is listed.
//!
//! The hash of a line is the SHA-256 of its bytes: [`LinkHash::of_line`](crate::chain::LinkHash::of_line).
//!
//! # Writing one
//!
//! A [`Line`] puts the members together. The writers append one value each to a buffer. Those of values without a fixed
//! length take memory so that its lack is an [`Error`], never an abort, and stop at [`LENGTH_MAX`].
//!
//! # Reading one
//!
//! [`read()`] gives the members back, and refuses any text that is not exactly what the writers write.

pub mod array;
pub mod boolean;
pub mod bytea;
mod digits;
mod error;
pub mod hex;
pub mod jsonb;
pub mod number;
pub mod numeric;
pub mod read;
mod room;
pub mod string;
pub mod time;
pub mod uuid;

pub use error::Error;
pub use read::{Read, Refused, Text, Value, read};

/// The longest line, in bytes: what a PostgreSQL `text` can hold beside its header.
pub const LENGTH_MAX: usize = 1_073_741_823 - 4;

/// Room that is left for a value before it is written, enough for the longest one of a fixed length.
const VALUE_ROOM: usize = 64;

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
