//! The name of a key, or of a log: its origin.

use std::fmt;

/// A name as c2sp.org/signed-note demands it of keys, and c2sp.org/tlog-checkpoint recommends it for origins: without
/// spaces, control characters and plus signs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

/// The reason why a text is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameError {
    /// The text is empty.
    Empty,
    /// The text is longer than 255 bytes.
    TooLong,
    /// The text has this character, which is a space, a control character or a plus sign.
    Character(char),
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NameError::Empty => f.write_str("The name is empty."),
            NameError::TooLong => write!(f, "The name is longer than {} bytes.", Name::LENGTH_MAX),
            NameError::Character(character) => {
                write!(f, "The name has a space, a control character or a plus sign in it: {character:?}.")
            }
        }
    }
}

impl std::error::Error for NameError {}

impl Name {
    /// The most bytes that a name has: what a cosignature of type 0x06 can hold of it, c2sp.org/tlog-cosignature.
    pub const LENGTH_MAX: usize = 255;

    /// The name with this text.
    pub fn new(text: &str) -> Result<Name, NameError> {
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        if text.len() > Name::LENGTH_MAX {
            return Err(NameError::TooLong);
        }
        match text.chars().find(|character| is_refused(*character)) {
            Some(character) => Err(NameError::Character(character)),
            None => Ok(Name(text.to_string())),
        }
    }

    /// The name for any text: what a name may not have is percent-encoded, as in a URL, and so is the percent sign, so
    /// that different texts have different names.
    pub fn encoded(text: &str) -> Result<Name, NameError> {
        let mut name = String::with_capacity(text.len());
        for character in text.chars() {
            if character == '%' || is_refused(character) {
                let mut bytes = [0; 4];
                name.extend(character.encode_utf8(&mut bytes).bytes().map(|byte| format!("%{byte:02X}")));
            } else {
                name.push(character);
            }
        }
        Name::new(&name)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_refused(character: char) -> bool {
    character.is_whitespace() || character.is_control() || character == '+'
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
