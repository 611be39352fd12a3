//! Proofs that need nothing else, c2sp.org/tlog-proof: a checkpoint, and the way from a leaf to its root.

use std::fmt;

use crate::checkpoint::{CheckpointError, Distrusted, SignedCheckpoint, Signers, Trust};
use crate::note;
use crate::text;
use crate::tree::NodeHash;
use crate::verify;

/// The most bytes that a proof has: beside a note, little more than 63 hashes, and what somebody adds.
pub const LENGTH_MAX: usize = 2 * note::LENGTH_MAX;

/// The most hashes that a proof has: one for each level of a tree of 2^63 - 1 leaves.
const HASHES_MAX: usize = 63;

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// A proof that a log has a leaf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// What somebody has added, which nothing proves.
    pub extra: Option<Vec<u8>>,
    /// The index of the leaf.
    pub index: u64,
    /// The inclusion proof, from the leaf's sibling to the root's child.
    pub path: Vec<NodeHash>,
    /// The checkpoint.
    pub checkpoint: SignedCheckpoint,
}

/// The reason why bytes are no proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProofError {
    /// The proof is longer than [`LENGTH_MAX`] bytes.
    TooLong,
    /// The first line is not that of this format.
    Header,
    /// What is added is not base64.
    Extra,
    /// The line of the index is missing, or is not a decimal number without leading zeroes.
    Index,
    /// A line before the empty line is not the base64 of 32 bytes, or there are more than 63.
    Hash {
        /// Which of these lines: 1 for the first.
        line: usize,
    },
    /// There is no empty line before the checkpoint.
    NoCheckpoint,
    /// What is behind the empty line is no checkpoint.
    Checkpoint(CheckpointError),
}

impl fmt::Display for ProofError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProofError::TooLong => write!(f, "The proof is longer than {LENGTH_MAX} bytes."),
            ProofError::Header => write!(f, "The first line of the proof is not \"{HEADER}\"."),
            ProofError::Extra => f.write_str("What is added to the proof is not base64."),
            ProofError::Index => f.write_str("The proof lacks the line with the index of the leaf."),
            ProofError::Hash { line } => {
                write!(f, "Hash {line} of the proof is not the base64 of 32 bytes, or one too many.")
            }
            ProofError::NoCheckpoint => f.write_str("The proof has no checkpoint behind an empty line."),
            ProofError::Checkpoint(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ProofError {}

/// The reason why a proof proves nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unproved {
    /// The checkpoint is not to be believed.
    Checkpoint(Distrusted),
    /// The leaf is not in the tree of the checkpoint.
    Inclusion(verify::Error),
}

impl fmt::Display for Unproved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unproved::Checkpoint(error) => error.fmt(f),
            Unproved::Inclusion(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Unproved {}

impl Proof {
    /// Reads a proof. It is written again as the same bytes.
    pub fn read(proof: &[u8]) -> Result<Proof, ProofError> {
        if proof.len() > LENGTH_MAX {
            return Err(ProofError::TooLong);
        }
        // The first empty line: none is before the checkpoint, and what is before it is ASCII.
        let end = proof.windows(2).position(|pair| pair == b"\n\n").ok_or(ProofError::NoCheckpoint)?;
        let (head, note) = proof.split_at_checked(end).ok_or(ProofError::NoCheckpoint)?;
        let head = String::from_utf8_lossy(head);
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(HEADER) {
            return Err(ProofError::Header);
        }
        let extra = match lines.next_if(|line| line.starts_with("extra ")) {
            Some(line) => Some(line.strip_prefix("extra ").and_then(text::from_base64).ok_or(ProofError::Extra)?),
            None => None,
        };
        let index = lines.next().and_then(|line| line.strip_prefix("index "));
        let index = index.and_then(text::number).ok_or(ProofError::Index)?;
        let mut path = Vec::new();
        for (line, hash) in (1..).zip(lines) {
            let hash = NodeHash::from_base64(hash).filter(|_| line <= HASHES_MAX);
            path.push(hash.ok_or(ProofError::Hash { line })?);
        }
        let note = note.strip_prefix(b"\n\n").unwrap_or_default();
        let checkpoint = SignedCheckpoint::read(note).map_err(ProofError::Checkpoint)?;
        Ok(Proof { extra, index, path, checkpoint })
    }

    /// Checks that the log has this leaf, and tells who says so.
    pub fn verify<'k>(&self, leaf: &NodeHash, trust: &Trust<'k>) -> Result<Signers<'k>, Unproved> {
        let signers = self.checkpoint.verify(trust).map_err(Unproved::Checkpoint)?;
        let checkpoint = self.checkpoint.checkpoint();
        verify::inclusion(leaf, self.index, checkpoint.size(), &self.path, checkpoint.root())
            .map_err(Unproved::Inclusion)?;
        Ok(signers)
    }
}

/// The proof as it is stored and sent.
impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", text::to_base64(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.path.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.checkpoint)
    }
}
