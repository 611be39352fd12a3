//! Checkpoints, c2sp.org/tlog-checkpoint: the size and the root of a log, as a note that the log has signed.

use std::fmt;

use crate::name::{Name, NameError};
use crate::note::{self, Note, NoteError, SigningKey, Untrusted, Verified, VerifierKey};
use crate::text;
use crate::tree::{EMPTY_ROOT, NodeHash, SIZE_MAX};

/// The size and the root of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    origin: Name,
    size: u64,
    root: NodeHash,
    extensions: Vec<String>,
}

/// The reason why a text is no checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckpointError {
    /// The note is none.
    Note(NoteError),
    /// The text has fewer than three lines, an empty line, or no line feed at its end.
    Lines,
    /// The origin is none that a log of ours can have.
    Origin(NameError),
    /// The size is not a decimal number without leading zeroes, up to 2^63 - 1.
    Size,
    /// The root is not the base64 of 32 bytes.
    Root,
    /// The tree is empty, and the root is not that of the empty tree.
    EmptyRoot,
}

impl fmt::Display for CheckpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CheckpointError::Note(error) => error.fmt(f),
            CheckpointError::Lines => f.write_str("The checkpoint does not consist of three lines that are not empty."),
            CheckpointError::Origin(error) => write!(f, "The origin of the checkpoint is none: {error}"),
            CheckpointError::Size => f.write_str(
                "The size of the checkpoint is not a decimal number without leading zeroes, up to 2^63 - 1.",
            ),
            CheckpointError::Root => f.write_str("The root of the checkpoint is not the base64 of 32 bytes."),
            CheckpointError::EmptyRoot => {
                f.write_str("The checkpoint is of an empty tree, but its root is not that of the empty tree.")
            }
        }
    }
}

impl std::error::Error for CheckpointError {}

impl From<NoteError> for CheckpointError {
    fn from(error: NoteError) -> CheckpointError {
        CheckpointError::Note(error)
    }
}

impl Checkpoint {
    /// The checkpoint of a log.
    pub fn new(origin: Name, size: u64, root: NodeHash) -> Result<Checkpoint, CheckpointError> {
        if size > SIZE_MAX {
            return Err(CheckpointError::Size);
        }
        if size == 0 && root != EMPTY_ROOT {
            return Err(CheckpointError::EmptyRoot);
        }
        Ok(Checkpoint { origin, size, root, extensions: Vec::new() })
    }

    /// Reads the text of a checkpoint, which is at most as long as a note. It is written again as the same text.
    pub fn read(text: &str) -> Result<Checkpoint, CheckpointError> {
        // Each line that is kept takes many times the memory of a short line.
        if text.len() > note::LENGTH_MAX {
            return Err(CheckpointError::Note(NoteError::TooLong));
        }
        let mut lines = text.strip_suffix('\n').ok_or(CheckpointError::Lines)?.split('\n');
        let mut line = || lines.next().filter(|line| !line.is_empty()).ok_or(CheckpointError::Lines);
        let (origin, size, root) = (line()?, line()?, line()?);
        let extensions: Vec<String> = lines.map(str::to_string).collect();
        if extensions.iter().any(String::is_empty) {
            return Err(CheckpointError::Lines);
        }
        let origin = Name::new(origin).map_err(CheckpointError::Origin)?;
        let size = text::number(size).ok_or(CheckpointError::Size)?;
        let root = NodeHash::from_base64(root).ok_or(CheckpointError::Root)?;
        Ok(Checkpoint { extensions, ..Checkpoint::new(origin, size, root)? })
    }

    /// The identity of the log.
    pub fn origin(&self) -> &Name {
        &self.origin
    }

    /// The number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root of the tree.
    pub fn root(&self) -> &NodeHash {
        &self.root
    }

    /// Lines behind the root, which a log should not have.
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }
}

/// The text of the checkpoint, which a log signs.
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Origin, size in decimal, base64(root), extensions: a line each, c2sp.org/tlog-checkpoint
        write!(f, "{}\n{}\n{}\n", self.origin, self.size, self.root)?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// Whom a reader believes.
#[derive(Clone, Copy, Debug)]
pub struct Trust<'k> {
    /// The log that the reader asks about.
    pub origin: &'k Name,
    /// The keys of the log: one of them has to have signed.
    pub log: &'k [VerifierKey],
    /// The keys of witnesses: how many of them have to have signed is up to the reader.
    pub witnesses: &'k [VerifierKey],
}

/// Who has signed a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signers<'k> {
    /// The keys of the log that have signed: at least one.
    pub log: Vec<Verified<'k>>,
    /// The witnesses that have signed.
    pub witnesses: Vec<Verified<'k>>,
}

/// The reason why a checkpoint is not to be believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Distrusted {
    /// The checkpoint is that of another log.
    Origin {
        /// The origin of the checkpoint.
        found: Name,
    },
    /// The note is not to be believed.
    Note(Untrusted),
    /// Witnesses have signed, the log has not.
    NotByTheLog,
}

impl fmt::Display for Distrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Distrusted::Origin { found } => write!(f, "The checkpoint is that of another log: {found}."),
            Distrusted::Note(error) => error.fmt(f),
            Distrusted::NotByTheLog => f.write_str("No key of the log has signed the checkpoint."),
        }
    }
}

impl std::error::Error for Distrusted {}

/// A checkpoint with its note, which nobody has verified yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    note: Note,
    checkpoint: Checkpoint,
}

impl SignedCheckpoint {
    /// Reads a signed checkpoint. It is written again as the same bytes.
    pub fn read(note: &[u8]) -> Result<SignedCheckpoint, CheckpointError> {
        SignedCheckpoint::of(Note::read(note)?)
    }

    /// The checkpoint in a note.
    pub fn of(note: Note) -> Result<SignedCheckpoint, CheckpointError> {
        Ok(SignedCheckpoint { checkpoint: Checkpoint::read(note.text())?, note })
    }

    /// The checkpoint, signed by the log. A log must not sign two that are inconsistent: that is up to the caller.
    pub fn sign(checkpoint: Checkpoint, key: &SigningKey) -> Result<SignedCheckpoint, CheckpointError> {
        Ok(SignedCheckpoint { note: key.sign(&checkpoint.to_string())?, checkpoint })
    }

    /// What is said.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The note.
    pub fn note(&self) -> &Note {
        &self.note
    }

    /// Who has signed: the log itself, at least, or there is a reason not to believe the checkpoint.
    pub fn verify<'k>(&self, trust: &Trust<'k>) -> Result<Signers<'k>, Distrusted> {
        if self.checkpoint.origin() != trust.origin {
            return Err(Distrusted::Origin { found: self.checkpoint.origin().clone() });
        }
        let verified = self.note.verify(trust.log.iter().chain(trust.witnesses)).map_err(Distrusted::Note)?;
        let (log, witnesses): (Vec<_>, Vec<_>) =
            verified.into_iter().partition(|verified| trust.log.contains(verified.key));
        if log.is_empty() { Err(Distrusted::NotByTheLog) } else { Ok(Signers { log, witnesses }) }
    }
}

/// The note.
impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.note.fmt(f)
    }
}
