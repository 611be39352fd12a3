//! Signed notes, c2sp.org/signed-note: a text, and who has signed it.
//!
//! A note that was read is written again as the same bytes.

mod key;
mod signing;

use std::fmt;

pub use key::{KeyError, KeyId, KeyKind, VerifierKey};
pub use signing::SigningKey;

use crate::name::Name;
use crate::text;

/// The most bytes that a note has; the limit of Go's sumdb/note.
pub const LENGTH_MAX: usize = 1_000_000;

/// The most signatures that a note has. A verifier has to accept 16; 64 are a log, its former keys and many witnesses.
pub const SIGNATURES_MAX: usize = 64;

/// A text with at least one signature, which nobody has verified yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

/// A signature, which nobody has verified yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    name: Name,
    id: KeyId,
    bytes: Vec<u8>,
}

/// The reason why bytes are no note, or two notes cannot be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteError {
    /// The note is longer than [`LENGTH_MAX`] bytes.
    TooLong,
    /// The note is not in UTF-8 from this byte on.
    NotUtf8 {
        /// The first byte that is not.
        offset: usize,
    },
    /// The note has a control character other than a line feed.
    Control {
        /// Where the character is.
        offset: usize,
    },
    /// The text does not end with a line feed.
    Text,
    /// There is no empty line with signatures behind it.
    Unsigned,
    /// A line behind the last empty line is not that of a signature.
    Signature {
        /// Which line of the signatures: 1 for the first.
        line: usize,
    },
    /// The note has more than [`SIGNATURES_MAX`] signatures.
    TooManySignatures,
    /// The other note has another text.
    OtherText,
}

impl fmt::Display for NoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoteError::TooLong => write!(f, "The note is longer than {LENGTH_MAX} bytes."),
            NoteError::NotUtf8 { offset } => write!(f, "The note is not in UTF-8 from byte {offset} on."),
            NoteError::Control { offset } => write!(f, "The note has a control character at byte {offset}."),
            NoteError::Text => f.write_str("The text of the note does not end with a line feed."),
            NoteError::Unsigned => f.write_str("The note has no signatures behind an empty line."),
            NoteError::Signature { line } => write!(f, "Line {line} of the signatures of the note is not a signature."),
            NoteError::TooManySignatures => write!(f, "The note has more than {SIGNATURES_MAX} signatures."),
            NoteError::OtherText => f.write_str("The notes have different texts."),
        }
    }
}

impl std::error::Error for NoteError {}

/// The reason why a note is not to be believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Untrusted {
    /// None of the signatures is by a known key.
    Unknown,
    /// The signature by this known key is wrong: the text was changed, or the signature is forged.
    Wrong {
        /// The name of the key.
        name: Name,
        /// Its number.
        id: KeyId,
    },
}

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Untrusted::Unknown => f.write_str("The note has no signature by a known key."),
            Untrusted::Wrong { name, id } => write!(f, "The signature by the key {name}+{id} is wrong."),
        }
    }
}

impl std::error::Error for Untrusted {}

/// A signature that was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified<'k> {
    /// The key that has signed.
    pub key: &'k VerifierKey,
    /// The time that a cosignature tells, in seconds since 1970; `None` for a signature of another kind.
    pub time: Option<u64>,
}

impl Note {
    /// The note with this text and one signature.
    pub fn new(text: &str, signature: Signature) -> Result<Note, NoteError> {
        check_characters(text)?;
        if !text.ends_with('\n') {
            return Err(NoteError::Text);
        }
        Note { text: text.to_string(), signatures: Vec::new() }.with_all(vec![signature])
    }

    /// Reads a note. The last empty line is where its text ends.
    pub fn read(note: &[u8]) -> Result<Note, NoteError> {
        if note.len() > LENGTH_MAX {
            return Err(NoteError::TooLong);
        }
        let note = str::from_utf8(note).map_err(|error| NoteError::NotUtf8 { offset: error.valid_up_to() })?;
        check_characters(note)?;
        let end = note.rfind("\n\n").ok_or(NoteError::Unsigned)? + 1;
        let (text, lines) = note.split_at_checked(end).ok_or(NoteError::Unsigned)?;
        let lines = lines.strip_prefix('\n').unwrap_or_default();
        if lines.is_empty() {
            return Err(NoteError::Unsigned);
        }
        let mut signatures = Vec::new();
        for (line, signature) in (1..).zip(lines.split_inclusive('\n')) {
            if line > SIGNATURES_MAX {
                return Err(NoteError::TooManySignatures);
            }
            signatures.push(Signature::read(signature).ok_or(NoteError::Signature { line })?);
        }
        Ok(Note { text: text.to_string(), signatures })
    }

    /// What is signed: with its last line feed, without the empty line behind it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signatures, in the order of the note.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// The note with one more signature; one that is there already is not there twice.
    pub fn with(self, signature: Signature) -> Result<Note, NoteError> {
        self.with_all(vec![signature])
    }

    /// The note with the signatures of both, which have to have the same text.
    pub fn merge(self, other: Note) -> Result<Note, NoteError> {
        if self.text != other.text {
            return Err(NoteError::OtherText);
        }
        self.with_all(other.signatures)
    }

    fn with_all(mut self, signatures: Vec<Signature>) -> Result<Note, NoteError> {
        for signature in signatures {
            if !self.signatures.contains(&signature) {
                self.signatures.push(signature);
            }
        }
        if self.signatures.len() > SIGNATURES_MAX {
            return Err(NoteError::TooManySignatures);
        }
        if self.length() > LENGTH_MAX {
            return Err(NoteError::TooLong);
        }
        Ok(self)
    }

    fn length(&self) -> usize {
        let lines = self.signatures.iter().map(|signature| signature.to_string().len());
        self.text.len() + 1 + lines.sum::<usize>()
    }

    /// The signatures by known keys, in the order of the note.
    ///
    /// Signatures by other keys are ignored, also if they share name or number with a known one. A wrong signature by a
    /// known key condemns the whole note, and so does a note without a signature by a known key.
    pub fn verify<'k>(&self, known: impl IntoIterator<Item = &'k VerifierKey>) -> Result<Vec<Verified<'k>>, Untrusted> {
        let known: Vec<&VerifierKey> = known.into_iter().collect();
        let mut verified = Vec::new();
        for signature in &self.signatures {
            let is_its_key = |key: &&&VerifierKey| key.name() == &signature.name && key.id() == signature.id;
            let mut keys = known.iter().filter(is_its_key).peekable();
            if keys.peek().is_none() {
                continue;
            }
            // Name and number are those of one key, unless somebody has made a second one with the same number.
            match keys.find_map(|key| key.verify(&self.text, &signature.bytes)) {
                Some(signed) => verified.push(signed),
                None => return Err(Untrusted::Wrong { name: signature.name.clone(), id: signature.id }),
            }
        }
        if verified.is_empty() { Err(Untrusted::Unknown) } else { Ok(verified) }
    }
}

/// Refuses control characters other than a line feed.
fn check_characters(text: &str) -> Result<(), NoteError> {
    match text.bytes().position(|byte| byte < 0x20 && byte != b'\n') {
        Some(offset) => Err(NoteError::Control { offset }),
        None => Ok(()),
    }
}

/// The note as it is stored and sent.
impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| signature.fmt(f))
    }
}

impl Signature {
    /// Reads a line with its line feed; `None` if it is not one of a signature.
    pub fn read(line: &str) -> Option<Signature> {
        let (name, base64) = line.strip_prefix("\u{2014} ")?.strip_suffix('\n')?.split_once(' ')?;
        let signature = text::from_base64(base64)?;
        let (id, bytes) = signature.split_first_chunk()?;
        if bytes.is_empty() {
            return None;
        }
        Some(Signature { name: Name::new(name).ok()?, id: KeyId::from_bytes(*id), bytes: bytes.to_vec() })
    }

    /// The name of the key that claims to have signed.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// The number of that key.
    pub fn id(&self) -> KeyId {
        self.id
    }
}

/// The line of the signature, with its line feed.
impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // base64(key ID || signature), c2sp.org/signed-note
        let bytes = [&self.id.to_bytes()[..], &self.bytes].concat();
        writeln!(f, "\u{2014} {} {}", self.name, text::to_base64(&bytes))
    }
}
