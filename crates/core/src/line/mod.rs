//! The canonical line of an event, format 1. Frozen: a line that was hashed once must come out the same for decades.
//!
//! # The format
//!
//! A line is one JSON object in UTF-8, without a newline. Its members are the covered columns that are not NULL, in
//! the order of the bytes of their names, each written `"name":value`, with `,` between them and no space added.
//! A NULL column has no member, so that a nullable column can be added without changing the lines of old rows.
//!
//! A value, except for arrays and composites, is the result of PostgreSQL's `to_json` with `TimeZone = UTC`,
//! `DateStyle = ISO, YMD`, `IntervalStyle = iso_8601`, `extra_float_digits = 1`, `bytea_output = hex` and
//! `search_path = pg_catalog`, whatever the settings of the session:
//!
//! | type | value | written by |
//! |---|---|---|
//! | boolean | `true`, `false` | [`boolean`] |
//! | integers | `-7` | [`number`] |
//! | floats | the shortest text that reads back the same; `"NaN"`, `"Infinity"`, `"-Infinity"` | [`number`] |
//! | numeric | its digits, with the trailing zeros of its scale; the same three strings | [`numeric`] |
//! | text and its kin | a string; only `"`, `\` and bytes below 0x20 are escaped | [`string`] |
//! | uuid | a string of lower-case hex digits with dashes | [`uuid`] |
//! | `"char"` | a string of the byte; of 128 or more, `"\\310"`: a backslash and three octal digits | [`byte`] |
//! | bytea | `"\\x0102"` | [`bytea`] |
//! | date, timestamp, timestamptz | `"2024-01-01T12:34:56.789+00:00"` | [`time`] |
//! | pg_lsn | `"16/B374D848"` | [`lsn`] |
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
//! An array is *named* if its elements alone would be ambiguous. A named array is an object with one member, whose name
//! is the bounds of the dimensions as PostgreSQL writes them: `{"[5:7]":[10,20,30]}`. An array is named
//!
//! - if a lower bound is not the usual one, which is 1, and 0 for `int2vector` and `oidvector`;
//! - if the array has more than one dimension and an element may be a JSON array itself: `{"[1:1][1:2]":[[[1],[2]]]}`.
//!   Such elements are `jsonb`, and domains over arrays;
//! - if an element of a `jsonb` array is NULL, because a JSON null is also written `null`. A member before the other lists
//!   the places of the NULL elements, counted from 1 in the order of storage: `{"NULL":[2],"[1:3]":[1,null,null]}`.
//!
//! # Different values have different lines
//!
//! For columns with constant types and names, rows that differ, by the texts that the types' own output functions give
//! under the settings above, have different lines. Conversely, rows with equal texts have the same line.
//!
//! A line names its columns, and shows a NULL by a missing member. So two conditions are enough: values of one type
//! that are not NULL are written differently if their texts differ, and each value is one whole JSON value, so that a
//! reader can find its end.
//!
//! - *Scalars*: the written text is the output text itself, as a number or escaped as a string, which can be read back.
//!   For other scalars, such as booleans and times, the written text is a reversible rewriting of the output text.
//! - *Composites*: like lines. A NULL field is missing; a `null` is one in a `jsonb`.
//! - *Arrays*: an array that begins with `{` is named, one that begins with `[` is plain. A named array states its
//!   bounds, and so which brackets are those of the dimensions. In a plain array of several dimensions no element
//!   begins with `[`, so the brackets are all those of the dimensions; one dimension has one pair of brackets; and `[]`
//!   has no dimension, because a dimension without elements does not exist. The bounds of a plain array are the usual
//!   ones. Within the brackets each element is a value of one type, or `null`. A `null` is a NULL element, because only
//!   `jsonb` also writes `null`, and there it is a JSON null unless its place is listed.
//!
//! The hash of a line is the SHA-256 of its bytes: [`LinkHash::of_line`](crate::chain::LinkHash::of_line).
//!
//! # Writing one
//!
//! A [`Line`] puts the members together. Each writer appends one value to a buffer. Writers of values without a fixed
//! length report a lack of memory as an [`Error`], never an abort, and stop at [`LENGTH_MAX`].
//!
//! # Reading one
//!
//! [`read()`] gives the members back, and refuses any text that the writers would not write exactly.

pub mod array;
pub mod boolean;
pub mod byte;
pub mod bytea;
mod digits;
mod error;
pub mod hex;
pub mod jsonb;
pub mod lsn;
pub mod number;
pub mod numeric;
pub mod read;
mod room;
pub mod string;
pub mod time;
pub mod uuid;

pub use error::Error;
pub use read::{Read, Refused, Text, Value, read};

/// The length of the longest line, in bytes: the most that a PostgreSQL `text` can hold beside its header.
pub const LENGTH_MAX: usize = 1_073_741_823 - 4;

/// The room for a value before it is written, enough for the longest value of a fixed length.
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

/// A line under construction.
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
    /// Begins a line in `out`. The content of `out` is dropped, and its memory is used again.
    pub fn begin(out: &'a mut Vec<u8>) -> Line<'a> {
        out.clear();
        Line { out, last: None }
    }

    /// Begins a member. The caller must write exactly one value to the returned buffer.
    ///
    /// Members come in their order, each at most once; a NULL column has no member.
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
