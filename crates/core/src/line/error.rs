//! What can go wrong while a line is written.

use std::fmt;

/// Why a line could not be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The stored bytes of a value are not what its type allows; the text says which rule they break.
    Damaged(&'static str),
    /// The line would be longer than [`LENGTH_MAX`](super::LENGTH_MAX).
    TooLong,
    /// Memory for the line could not be had.
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
