//! The strict reader of a line. Strict, so that no text can show two readers two different events.
//!
//! [`read()`] takes the bytes of a line and refuses everything that the writers of this crate do not write: a space, an
//! escape or a number in another form, a repeated name, members out of order. The reader compares each part with its
//! writer's output: it decodes an escape and writes it again, and a number has to pass the writer's own test. So the
//! text of a line and the members read from it correspond one-to-one.
//!
//! A line does not contain the types of the columns. So the reader cannot tell whether a string is a date, or whether
//! the elements of an array have one type.
//!
//! # The text of a jsonb
//!
//! A jsonb has spaces after its commas and colons; composites and arrays have none. So each container is of one kind or the
//! other, and a jsonb contains only jsonb. A container without a comma or a colon can be either. The keys of a jsonb object
//! are in PostgreSQL's order, by their lengths and then by their bytes, and the numbers of a jsonb have no exponents.
//!
//! # Bounds
//!
//! Reading takes time that is linear in the length of the line, except for the names of composites, which are sorted to
//! find a repeated one. No code recurses: an open container takes one byte of memory, and a name in it four bytes, so
//! the memory is proportional to the line.

mod check;
mod members;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

pub use members::{Elements, Members};

use super::LENGTH_MAX;

/// A line that was read: its text is one that the writers write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Read<'a>(&'a str);

/// Reads a line, without a newline at its end.
///
/// ```
/// use veritable_core::line::{Value, read};
///
/// let line = read(br#"{"kind":"deposit","seq":1}"#)?;
/// let members: Vec<_> = line.members().map(|(name, value)| (name.decoded(), value)).collect();
/// assert_eq!(members[1], ("seq".into(), Value::Number("1")));
///
/// // The writer puts no space there.
/// let refused = read(br#"{"kind":"deposit", "seq":1}"#).unwrap_err();
/// assert_eq!(refused.offset, 18);
/// # Ok::<(), veritable_core::line::Refused>(())
/// ```
pub fn read(line: &[u8]) -> Result<Read<'_>, Refused> {
    if line.len() > LENGTH_MAX {
        return Err(Refused { offset: LENGTH_MAX, because: Because::TooLong });
    }
    let text = std::str::from_utf8(line)
        .map_err(|error| Refused { offset: error.valid_up_to(), because: Because::NotUtf8 })?;
    check::line(text)?;
    Ok(Read(text))
}

impl<'a> Read<'a> {
    /// The line as it was read.
    pub fn as_str(&self) -> &'a str {
        self.0
    }

    /// The members, in the order of the bytes of their names.
    pub fn members(&self) -> Members<'a> {
        Members::of(self.0)
    }

    /// The value of the member with this name.
    pub fn member(&self, name: &str) -> Option<Value<'a>> {
        self.members().find(|(member, _)| member.is(name)).map(|(_, value)| value)
    }
}

/// A value in a line, borrowed from its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// A JSON null in a jsonb, or an element of an array that is NULL.
    Null,
    /// A boolean.
    Boolean(bool),
    /// A number, as it is written.
    Number(&'a str),
    /// A string: a text, or a value of a type without a form of its own.
    String(Text<'a>),
    /// An array.
    Array(Container<'a>),
    /// An object: a composite, a named array, or an object in a jsonb.
    Object(Container<'a>),
}

impl<'a> Value<'a> {
    /// The value as it is written in the line.
    pub fn json(&self) -> &'a str {
        match *self {
            Value::Null => "null",
            Value::Boolean(true) => "true",
            Value::Boolean(false) => "false",
            Value::Number(json) | Value::String(Text(json)) => json,
            Value::Array(Container(json)) | Value::Object(Container(json)) => json,
        }
    }
}

/// The text of an array or of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Container<'a>(&'a str);

impl<'a> Container<'a> {
    /// The elements of an array; nothing for an object.
    pub fn elements(&self) -> Elements<'a> {
        Elements::of(self.0)
    }

    /// The members of an object, in their order; nothing for an array.
    pub fn members(&self) -> Members<'a> {
        Members::of(self.0)
    }
}

/// A string in a writer's form, with its quotes. Strings are ordered by the bytes of the decoded texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Text<'a>(&'a str);

impl<'a> Text<'a> {
    /// The string as the line holds it.
    pub fn json(&self) -> &'a str {
        self.0
    }

    /// The characters between the quotes.
    pub fn escaped(&self) -> &'a str {
        self.0.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or_default()
    }

    /// The decoded text of the string.
    pub fn decoded(&self) -> Cow<'a, str> {
        let escaped = self.escaped();
        if !escaped.contains('\\') {
            return Cow::Borrowed(escaped);
        }
        // A writer escapes single bytes of ASCII, so the decoded bytes are UTF-8, too.
        Cow::Owned(String::from_utf8_lossy(&self.bytes().collect::<Vec<u8>>()).into_owned())
    }

    /// The bytes of the decoded text.
    pub fn bytes(&self) -> impl Iterator<Item = u8> + use<'a> {
        let mut escaped = self.escaped().bytes();
        std::iter::from_fn(move || {
            let byte = escaped.next()?;
            if byte != b'\\' {
                return Some(byte);
            }
            Some(match escaped.next()? {
                b'b' => 0x08,
                b'f' => 0x0c,
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                // `\u00` and two digits, the only other escape that a writer writes.
                b'u' => escaped.by_ref().take(4).filter_map(|digit| char::from(digit).to_digit(16)).fold(0, next_digit),
                other => other,
            })
        })
    }

    /// Whether the string stands for this text.
    pub fn is(&self, text: &str) -> bool {
        self.bytes().eq(text.bytes())
    }
}

fn next_digit(byte: u8, digit: u32) -> u8 {
    byte << 4 | digit as u8
}

impl Ord for Text<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bytes().cmp(other.bytes())
    }
}

impl PartialOrd for Text<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The refusal of a text that is not a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The place where the text stops being a line, in bytes from its start.
    pub offset: usize,
    /// The reason why the text is not a line.
    pub because: Because,
}

/// The reason why a text is not a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Because {
    /// The text is longer than [`LENGTH_MAX`].
    TooLong,
    /// The text is not UTF-8.
    NotUtf8,
    /// The text ends within the line.
    Incomplete,
    /// No writer puts this byte here.
    Unexpected,
    /// No writer escapes a string like this.
    Escape,
    /// No writer writes a number like this.
    Number,
    /// A space is allowed only in a jsonb, after each comma and colon.
    Space,
    /// The name is not after the name before it, or is repeated.
    Order,
    /// The memory for reading is not available.
    OutOfMemory,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let because = match self.because {
            Because::TooLong => "the line is longer than a line can be",
            Because::NotUtf8 => "the text is not UTF-8",
            Because::Incomplete => "the line ends too early",
            Because::Unexpected => "this byte has no place here",
            Because::Escape => "a string is not escaped as in a line",
            Because::Number => "a number is not written as in a line",
            Because::Space => "spaces are not those of a line",
            Because::Order => "a name is out of order or comes twice",
            Because::OutOfMemory => "there is not enough memory for reading the line",
        };
        write!(f, "The text is not a line at byte {}: {because}.", self.offset)
    }
}

impl std::error::Error for Refused {}
