//! The check of one chain in no order: yes or no, in a state of fixed size that can be merged.
//!
//! Each event puts a token for (its seq, its hash) on one side of a balance, and each event beyond the first a token
//! for (its seq − 1, its previous hash) on the other. The chain is intact exactly if no event is wrong by itself and
//! the remainder is the token of the newest event.
//!
//! The first event stands right after the anchor. The first event has nothing on the other side; a separate check
//! compares its previous hash with the anchor's hash.
//!
//! Why: let a be the seq of the anchor, c(n) the number of events at seq n, and m the highest seq. No event has a seq
//! up to a. If the sides balance as multisets, each place n with a < n < m has as many tokens on the one side, c(n), as
//! on the other, c(n + 1); and c(m) = 1, the token that remains. So c(n) = 1 for all n from a + 1 to m: no gap, no
//! duplicate. And the previous hash at n + 1 equals the hash at n: no broken link.
//!
//! A run of pruned events is an edge from the place before its first event to that of its last one: it puts the token of
//! its last event on the one side, and that of the place and hash it links to on the other. Then, again let m be the
//! highest place at which an edge ends. If the sides balance, at each place between a and m as many edges end as begin, and
//! at m one more ends than begins, so that one begins at a. No edge goes back. So the edges are one path from a to m: each
//! place belongs to exactly one event or run, and each edge begins with the hash with which the one before ends.
//!
//! The balance keeps only sums of tokens. A token is a keyed hash of 128 bits, and the key is drawn for one run and never
//! shown. So tokens of different pairs are independent random numbers to the table's writers. Other multisets have the same
//! sum with probability 2^-128 times the highest power of two that divides all their differences in count, below 2^-80 for
//! any table that fits on a disk. (Clarke et al., Incremental Multiset Hash Functions, 2003: MSet-Add-Hash.)

use siphasher::sip128::SipHasher24;

use super::{Anchor, Event, LinkHash, Run, Stored};

/// The key of one run of [`Balance`]: 16 random bytes, drawn for the run and kept secret.
pub struct BalanceKey(SipHasher24);

impl BalanceKey {
    /// The key with these bytes.
    pub fn new(bytes: &[u8; 16]) -> BalanceKey {
        BalanceKey(SipHasher24::new_with_key(bytes))
    }

    /// The token of `hash` at the place `seq`.
    fn token(&self, seq: i64, hash: LinkHash) -> u128 {
        self.token_of(seq, hash.as_bytes())
    }

    /// The token of any hash of 32 bytes at any place.
    pub(super) fn token_of(&self, place: i64, hash: &[u8; 32]) -> u128 {
        // SipHash-2-4-128(key, seq in 8 bytes, little-endian || hash in 32 bytes). Not the shorter 1-3: that would save
        // some 10 ns, while forming and hashing the line of an event takes a thousand.
        let mut pair = [0; 40];
        pair[..8].copy_from_slice(&place.to_le_bytes());
        pair[8..].copy_from_slice(hash);
        self.0.hash(&pair).as_u128()
    }
}

/// The check of one chain, fed with its events and runs in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    events: u64,
    /// Whether an event is wrong by itself, so that the chain cannot be intact.
    faulty: bool,
    /// The highest seq, 0 before the first event, and the token of the event there.
    newest: i64,
    newest_token: u128,
    /// The tokens of the events minus the tokens of the places they link to, modulo 2^128.
    sum: u128,
}

impl Balance {
    /// The length of a balance as bytes.
    pub const LENGTH: usize = 8 + 1 + 8 + 16 + 16;

    /// A balance without events.
    pub fn new() -> Balance {
        Balance::default()
    }

    /// Adds an event of a chain that is checked from the anchor on. All events of a run share the key, and all events
    /// of a chain share the anchor.
    pub fn add(&mut self, key: &BalanceKey, anchor: &Anchor, event: &Event) {
        self.events = self.events.saturating_add(1);
        let (Some(seq), Stored::Hash(hash)) = (event.seq.filter(|seq| *seq > anchor.seq()), event.hash) else {
            self.faulty = true;
            return;
        };
        let previous = match event.previous {
            Stored::Hash(previous) => Some(previous),
            Stored::Null | Stored::Malformed => None,
        };
        self.faulty |= hash != event.computed;
        self.add_edge(key, anchor, (seq, previous), (seq, hash));
    }

    /// Adds a run of pruned events, which stands for all of them. A run does not count as events.
    pub fn add_run(&mut self, key: &BalanceKey, anchor: &Anchor, run: &Run) {
        if run.first() <= anchor.seq() {
            self.faulty = true;
            return;
        }
        self.add_edge(key, anchor, (run.first(), Some(*run.before())), (run.last(), *run.through()));
    }

    /// Adds an edge from the place before `first`, which is after the anchor, to the place `last`.
    fn add_edge(
        &mut self,
        key: &BalanceKey,
        anchor: &Anchor,
        (first, previous): (i64, Option<LinkHash>),
        (last, hash): (i64, LinkHash),
    ) {
        // No overflow: the first place is above that of the anchor, which is 0 or more.
        let before = first - 1;
        let linked = match previous {
            Some(previous) if before > anchor.seq() => key.token(before, previous),
            Some(previous) if previous == *anchor.hash() => 0,
            _ => {
                self.faulty = true;
                return;
            }
        };
        let token = key.token(last, hash);
        self.sum = self.sum.wrapping_add(token).wrapping_sub(linked);
        self.note_newest(last, token);
    }

    /// Adds the events and runs of another balance that was made with the same key.
    pub fn merge(&mut self, other: &Balance) {
        self.events = self.events.saturating_add(other.events);
        self.faulty |= other.faulty;
        self.sum = self.sum.wrapping_add(other.sum);
        self.note_newest(other.newest, other.newest_token);
    }

    fn note_newest(&mut self, seq: i64, token: u128) {
        if seq > self.newest {
            self.newest = seq;
            self.newest_token = token;
        }
    }

    /// The number of events if the chain is intact, else `None`.
    pub fn intact(&self) -> Option<u64> {
        (!self.faulty && self.sum == self.newest_token).then_some(self.events)
    }

    /// The balance as bytes, for [`Balance::from_bytes`] in another process of the same run.
    pub fn to_bytes(&self) -> [u8; Balance::LENGTH] {
        let mut bytes = [0; Balance::LENGTH];
        bytes[..8].copy_from_slice(&self.events.to_le_bytes());
        bytes[8] = self.faulty.into();
        bytes[9..17].copy_from_slice(&self.newest.to_le_bytes());
        bytes[17..33].copy_from_slice(&self.newest_token.to_le_bytes());
        bytes[33..].copy_from_slice(&self.sum.to_le_bytes());
        bytes
    }

    /// The balance that [`Balance::to_bytes`] gave as `bytes`; `None` for bytes that it never gives.
    pub fn from_bytes(bytes: &[u8]) -> Option<Balance> {
        let (events, rest) = bytes.split_first_chunk()?;
        let (&[faulty], rest) = rest.split_first_chunk()?;
        let (newest, rest) = rest.split_first_chunk()?;
        let (newest_token, rest) = rest.split_first_chunk()?;
        let sum = rest.try_into().ok()?;
        let newest = i64::from_le_bytes(*newest);
        (faulty <= 1 && newest >= 0).then(|| Balance {
            events: u64::from_le_bytes(*events),
            faulty: faulty == 1,
            newest,
            newest_token: u128::from_le_bytes(*newest_token),
            sum: u128::from_le_bytes(sum),
        })
    }
}
