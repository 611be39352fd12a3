//! A chain of rows small enough to reason about, and every way to tamper with it.

#![allow(dead_code, reason = "each test uses a part of it")]

pub mod runs;

use std::convert::Infallible;

use proptest::prelude::*;
use proptest::sample::Index;
use veritable_core::chain::{Anchor, Event, FaultKind, LinkHash, Stored, Walk};

/// What the first event links to.
pub fn genesis() -> LinkHash {
    LinkHash::of_line(b"the configuration")
}

/// A row of a chained table: what is covered is the payload, the seq and the previous hash.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    pub payload: u64,
    pub seq: Option<i64>,
    pub previous: Stored,
    pub hash: Stored,
}

impl Row {
    pub fn computed(&self) -> LinkHash {
        self.computed_with(self.previous)
    }

    pub fn computed_with(&self, previous: Stored) -> LinkHash {
        LinkHash::of_line(format!("{} {:?} {previous:?}", self.payload, self.seq).as_bytes())
    }

    /// Gives the row the hash of its line.
    pub fn seal(&mut self) {
        self.hash = Stored::Hash(self.computed());
    }

    pub fn event(&self) -> Event {
        Event { seq: self.seq, previous: self.previous, hash: self.hash, computed: self.computed() }
    }
}

/// An intact chain.
pub fn chain(length: usize) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for seq in 1..=length {
        let previous = rows.last().map_or(Stored::Hash(genesis()), |row| row.hash);
        let mut row = Row { payload: seq as u64 * 1000, seq: Some(seq as i64), previous, hash: Stored::Null };
        row.seal();
        rows.push(row);
    }
    rows
}

/// The faults of rows that are in order.
pub fn walk(rows: &[Row]) -> Vec<(Option<i64>, FaultKind)> {
    walk_after(&Anchor::genesis(genesis()), rows)
}

/// The faults of rows that are in order, in a chain that is checked from the anchor on.
pub fn walk_after(anchor: &Anchor, rows: &[Row]) -> Vec<(Option<i64>, FaultKind)> {
    let mut walk = Walk::after(anchor);
    let mut faults = Vec::new();
    for row in rows {
        let recompute = |previous| Ok::<_, Infallible>(row.computed_with(Stored::Hash(previous)));
        walk.step(&row.event(), recompute, &mut faults).unwrap();
    }
    faults.into_iter().map(|fault| (fault.seq, fault.kind)).collect()
}

/// An edit of one row, chosen by an index.
#[derive(Clone, Debug)]
pub enum Edit {
    Payload,
    Hash(Stored),
    Previous(Stored),
    /// The hash of another row as the previous one.
    PreviousOf(Index),
    Seq(Option<i64>),
    /// The beginning of a chain as the previous hash: its own, or another.
    Begin(bool),
    Delete,
    Copy,
    /// Gives the row the hash of its line as it is now.
    Seal,
    /// Puts the row's hash into the previous hash of all rows at the next seq, and seals them.
    Relink,
}

fn stored() -> impl Strategy<Value = Stored> {
    let hash = (0..3_u8).prop_map(|n| Stored::Hash(LinkHash::of_line(&[n])));
    prop_oneof![Just(Stored::Null), Just(Stored::Malformed), hash]
}

fn edit() -> impl Strategy<Value = Edit> {
    let seq = prop_oneof![8 => 1..20_i64, 1 => -2..=0_i64, 1 => Just(i64::MAX), 1 => Just(i64::MIN)];
    prop_oneof![
        4 => Just(Edit::Payload),
        2 => stored().prop_map(Edit::Hash),
        2 => stored().prop_map(Edit::Previous),
        1 => any::<Index>().prop_map(Edit::PreviousOf),
        2 => prop::option::weighted(0.9, seq).prop_map(Edit::Seq),
        2 => any::<bool>().prop_map(Edit::Begin),
        2 => Just(Edit::Delete),
        4 => Just(Edit::Copy),
        8 => Just(Edit::Seal),
        4 => Just(Edit::Relink),
    ]
}

/// A chain after some edits, in the order of its seq.
pub fn tampered() -> impl Strategy<Value = Vec<Row>> {
    (0..12_usize).prop_flat_map(|length| tampered_by(chain(length), 6))
}

/// These rows after less than `edits` edits, in the order of their seq.
pub fn tampered_by(rows: Vec<Row>, edits: usize) -> impl Strategy<Value = Vec<Row>> {
    prop::collection::vec((any::<Index>(), edit()), 0..edits).prop_map(move |edits| {
        let mut rows = rows.clone();
        for (index, edit) in edits {
            if !rows.is_empty() {
                let place = index.index(rows.len());
                apply(&mut rows, place, edit);
            }
        }
        rows.sort_by_key(|row| row.seq);
        rows
    })
}

pub fn apply(rows: &mut Vec<Row>, place: usize, edit: Edit) {
    match edit {
        Edit::Payload => rows[place].payload += 1,
        Edit::Hash(hash) => rows[place].hash = hash,
        Edit::Previous(previous) => rows[place].previous = previous,
        Edit::PreviousOf(other) => rows[place].previous = rows[other.index(rows.len())].hash,
        Edit::Begin(own) => {
            rows[place].previous = Stored::Hash(if own { genesis() } else { LinkHash::of_line(b"another") });
        }
        Edit::Seq(seq) => rows[place].seq = seq,
        Edit::Delete => drop(rows.remove(place)),
        Edit::Copy => rows.push(rows[place]),
        Edit::Seal => rows[place].seal(),
        Edit::Relink => {
            let before = rows[place];
            for row in
                rows.iter_mut().filter(|row| row.seq.is_some() && row.seq.map(|seq| seq.wrapping_sub(1)) == before.seq)
            {
                row.previous = before.hash;
                row.seal();
            }
        }
    }
}
