//! The errors of writing a line.

use std::fmt;

/// The reason why a line could not be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The stored bytes of a value break a rule of the type; the text names the rule.
    Damaged(&'static str),
    /// The line would be longer than [`LENGTH_MAX`](super::LENGTH_MAX).
    TooLong,
    /// The memory for the line is not available.
    OutOfMemory,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Damaged(rule) => write!(f, "The stored value is damaged: {rule}."),
            Error::TooLong => write!(f, "The line would be longer than {} bytes.", super::LENGTH_MAX),
            Error::OutOfMemory => f.write_str("There is not enough memory for the line."),
        }
    }
}

impl std::error::Error for Error {}
