//! The chain: each event's line contains the hash of the event before it. The first event's line contains the
//! *genesis*: the hash of the chain's [`Configuration`], which is line 0 of each chain.
//!
//! There are two ways to check a chain. [`Balance`] needs no order and no memory, and answers yes or no; [`Walk`] takes
//! the events in the order of their seq and names each fault. The two agree: `Balance` finds a chain intact exactly if
//! `Walk` finds no fault, and no event in the place of a run. Neither can detect that events are missing after the newest remaining one.
//!
//! Both begin at an [`Anchor`]: the genesis, or a later event with a hash that is known from elsewhere, so that the
//! events up to the anchor need not be present.
//!
//! Both take in a [`Run`] of pruned events as one edge of the chain. Events in the place of a run do not balance; a walk
//! judges them.

mod anchor;
mod balance;
mod commitment;
mod configuration;
mod hash;
mod read;
pub mod recorded;
mod run;
mod tally;
mod walk;

pub use anchor::Anchor;
pub use balance::{Balance, BalanceKey};
pub use commitment::{Commitment, SALT_LENGTH};
pub use configuration::{Configuration, qualified_name};
pub use hash::LinkHash;
pub use read::{EventLine, Line0, Unreadable};
pub use run::Run;
pub use tally::Tally;
pub use walk::{Fault, FaultKind, Walk};

/// One event of a chain, as verification sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// The stored seq; `None` where it is NULL.
    pub seq: Option<i64>,
    /// The stored hash of the event before.
    pub previous: Stored,
    /// The stored hash.
    pub hash: Stored,
    /// The hash of the event's present line.
    pub computed: LinkHash,
}

/// The content of a hash column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// NULL.
    Null,
    /// A hash.
    Hash(LinkHash),
    /// A value that cannot be a hash: bytes that are not 32, or text that is not 64 lower-case hex digits.
    Malformed,
}

impl Stored {
    /// The content of a hash column of type `bytea`; `None` is NULL.
    pub fn from_bytes(value: Option<&[u8]>) -> Stored {
        value.map_or(Stored::Null, |bytes| LinkHash::from_bytes(bytes).map_or(Stored::Malformed, Stored::Hash))
    }

    /// The content of a hash column of type `text`; `None` is NULL.
    pub fn from_hex(value: Option<&[u8]>) -> Stored {
        value.map_or(Stored::Null, |digits| LinkHash::from_hex(digits).map_or(Stored::Malformed, Stored::Hash))
    }
}

impl From<Option<LinkHash>> for Stored {
    fn from(hash: Option<LinkHash>) -> Stored {
        hash.map_or(Stored::Null, Stored::Hash)
    }
}
