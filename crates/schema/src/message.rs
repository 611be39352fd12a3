//! The sentence that describes a violation.

use std::fmt::{self, Display, Write};

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;

use crate::Shown;

/// The maximum number of characters in a sentence.
const LENGTH: usize = 200;

pub(crate) fn of(error: &ValidationError<'_>, shown: Shown) -> String {
    let mut sentence = Sentence { text: String::new(), room: LENGTH };
    // If no room is left, the rest is not even written.
    if sentence.say(error, shown).is_err() {
        sentence.text.pop();
        sentence.text.push('…');
    }
    sentence.text
}

struct Sentence {
    text: String,
    room: usize,
}

impl Write for Sentence {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = text.char_indices().nth(self.room).map(|(end, _)| end);
        let written = &text[..end.unwrap_or(text.len())];
        self.text.push_str(written);
        self.room -= written.chars().count();
        if end.is_some() { Err(fmt::Error) } else { Ok(()) }
    }
}

impl Sentence {
    // The validator's own sentences, except those that count items of the instance, which is shortened, and those that
    // show names of the document although they are masked.
    fn say(&mut self, error: &ValidationError<'_>, shown: Shown) -> fmt::Result {
        match (error.kind(), shown) {
            (Kind::AdditionalItems { limit }, _) => {
                write!(self, "Additional items are not allowed ({limit} at most)")
            }
            (Kind::AdditionalProperties { unexpected }, Shown::Masked) => {
                write!(self, "Additional properties are not allowed ({})", Unexpected(unexpected.len()))
            }
            (Kind::UnevaluatedProperties { unexpected }, Shown::Masked) => {
                write!(self, "Unevaluated properties are not allowed ({})", Unexpected(unexpected.len()))
            }
            (Kind::PropertyNames { error }, Shown::Masked) => {
                self.write_str("In a property name: ")?;
                self.say(error, shown)
            }
            (_, Shown::Masked) => write!(self, "{}", error.masked()),
            (_, Shown::Values) => write!(self, "{error}"),
        }
    }
}

struct Unexpected(usize);

impl Display for Unexpected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("1 was unexpected"),
            count => write!(f, "{count} were unexpected"),
        }
    }
}
