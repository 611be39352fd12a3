//! The compatibility mode of a new version, by the names that other registries use, too.

use std::fmt;
use std::str::FromStr;

/// The versions that a new version of a schema must be compatible with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// No version.
    None,
    /// The version before: valid documents stay valid.
    Backward,
    /// The version before: documents that become valid were valid.
    Forward,
    /// The version before, both ways.
    Full,
    /// All versions: valid documents stay valid.
    BackwardTransitive,
    /// All versions: documents that become valid were valid.
    ForwardTransitive,
    /// All versions, both ways.
    FullTransitive,
}

const NAMES: [(Mode, &str); 7] = [
    (Mode::None, "NONE"),
    (Mode::Backward, "BACKWARD"),
    (Mode::Forward, "FORWARD"),
    (Mode::Full, "FULL"),
    (Mode::BackwardTransitive, "BACKWARD_TRANSITIVE"),
    (Mode::ForwardTransitive, "FORWARD_TRANSITIVE"),
    (Mode::FullTransitive, "FULL_TRANSITIVE"),
];

impl Mode {
    /// Whether documents that were valid must stay valid.
    pub fn backward(self) -> bool {
        matches!(self, Mode::Backward | Mode::Full | Mode::BackwardTransitive | Mode::FullTransitive)
    }

    /// Whether documents that become valid must have been valid.
    pub fn forward(self) -> bool {
        matches!(self, Mode::Forward | Mode::Full | Mode::ForwardTransitive | Mode::FullTransitive)
    }

    /// Whether all versions count, and not only the version before.
    pub fn transitive(self) -> bool {
        matches!(self, Mode::BackwardTransitive | Mode::ForwardTransitive | Mode::FullTransitive)
    }
}

/// The error of a text that names no mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownMode;

impl fmt::Display for UnknownMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = NAMES.iter().map(|(_, name)| *name).collect();
        write!(f, "a compatibility is one of {}", names.join(", "))
    }
}

impl std::error::Error for UnknownMode {}

impl FromStr for Mode {
    type Err = UnknownMode;

    fn from_str(text: &str) -> Result<Self, UnknownMode> {
        NAMES.iter().find(|(_, name)| *name == text).map(|(mode, _)| *mode).ok_or(UnknownMode)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.iter().find(|(mode, _)| mode == self).map_or("", |(_, name)| name);
        f.write_str(name)
    }
}
