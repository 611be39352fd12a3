//! Hashes at places, counted in no order: whether two multisets of them are the same.
//!
//! A tally keeps only the number and the sum of tokens, which are those of [`Balance`](super::Balance): keyed hashes of 128
//! bits, under a key that is drawn for one run and never shown. Other multisets with as many members have the same sum
//! with the probability that stands there.

use super::BalanceKey;

/// A multiset of hashes at places.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    members: u64,
    /// The number of members that no other tally can have.
    wrong: u64,
    /// The sum of the tokens, modulo 2^128.
    sum: u128,
}

impl Tally {
    /// The length of a tally as bytes.
    pub const LENGTH: usize = 8 + 8 + 16;

    /// Adds a hash at a place. All members of both tallies share the key.
    pub fn add(&mut self, key: &BalanceKey, place: i64, hash: &[u8; 32]) {
        self.members = self.members.saturating_add(1);
        self.sum = self.sum.wrapping_add(key.token_of(place, hash));
    }

    /// Adds a member that is wrong by itself: the tally is that of no other multiset any more.
    pub fn add_wrong(&mut self) {
        self.wrong = self.wrong.saturating_add(1);
    }

    /// Adds the members of another tally with the same key.
    pub fn merge(&mut self, other: &Tally) {
        self.members = self.members.saturating_add(other.members);
        self.wrong = self.wrong.saturating_add(other.wrong);
        self.sum = self.sum.wrapping_add(other.sum);
    }

    /// Whether both are tallies of one multiset, in which no member is wrong.
    pub fn agrees(&self, other: &Tally) -> bool {
        self == other && self.wrong == 0
    }

    /// The number of members that are not wrong.
    pub fn members(&self) -> u64 {
        self.members
    }

    /// The tally as bytes, for [`Tally::from_bytes`] in another process of the same run.
    pub fn to_bytes(&self) -> [u8; Tally::LENGTH] {
        let mut bytes = [0; Tally::LENGTH];
        bytes[..8].copy_from_slice(&self.members.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.wrong.to_le_bytes());
        bytes[16..].copy_from_slice(&self.sum.to_le_bytes());
        bytes
    }

    /// The tally that [`Tally::to_bytes`] gave as `bytes`; `None` for another number of bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Tally> {
        let (members, rest) = bytes.split_first_chunk()?;
        let (wrong, sum) = rest.split_first_chunk()?;
        Some(Tally {
            members: u64::from_le_bytes(*members),
            wrong: u64::from_le_bytes(*wrong),
            sum: u128::from_le_bytes(sum.try_into().ok()?),
        })
    }
}
