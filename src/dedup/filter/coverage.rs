//! What a filter covers: of each partition, the blocks whose keys are in the filter. A page of the table has the list.
//!
//! A partition is named together with its trigger and its file: a partition that was detached, and is attached again, has another
//! trigger, and one that was truncated has another file, until that is taken back.

use super::directory::Entry;
use crate::pg::oid::Oid;
use crate::pg::pages::{Bytes, Pages, SIZE};

const NAME: usize = 0;
const EPOCH: usize = 8;
const COUNT: usize = 16;
const HEADER: usize = 64;
const LENGTH: usize = 16;
/// The most partitions that a filter covers. In others, keys are always looked up.
pub const PARTS_MAX: usize = (SIZE - HEADER) / LENGTH;
/// In the place of a block: all of the partition is covered.
const ALL: u32 = u32::MAX;

/// A partition of which the filter covers some or all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The partition.
    pub relation: u32,
    /// Its trigger.
    pub trigger: u32,
    /// The number of its file.
    pub file: u32,
    /// The first block that is not covered.
    pub next: u32,
}

impl Part {
    /// A partition of which nothing is covered.
    pub fn new(relation: Oid, trigger: Oid, file: u32) -> Part {
        Part { relation: relation.into(), trigger: trigger.into(), file, next: 0 }
    }

    /// Whether all of the partition is covered.
    pub fn is_covered(&self) -> bool {
        self.next == ALL
    }

    /// Whether this is the same partition, with the same trigger and file.
    pub fn is(&self, other: &Part) -> bool {
        Part { next: other.next, ..*self } == *other
    }

    /// The partition when all of it is covered.
    pub fn covered(self) -> Part {
        Part { next: ALL, ..self }
    }
}

/// Makes a page the list of a filter.
pub fn begin(bytes: &mut Bytes, name: u64, epoch: u64) {
    bytes.fill(0);
    bytes[NAME..NAME + 8].copy_from_slice(&name.to_ne_bytes());
    bytes[EPOCH..EPOCH + 8].copy_from_slice(&epoch.to_ne_bytes());
}

fn is_of(bytes: &Bytes, entry: &Entry) -> bool {
    bytes[NAME..NAME + 8] == entry.name.to_ne_bytes() && bytes[EPOCH..EPOCH + 8] == entry.epoch.to_ne_bytes()
}

fn four(bytes: &Bytes, at: usize) -> u32 {
    u32::from_ne_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn parts(bytes: &Bytes) -> Vec<Part> {
    let count = (four(bytes, COUNT) as usize).min(PARTS_MAX);
    let part = |number: usize| {
        let at = HEADER + number * LENGTH;
        let [relation, trigger, file, next] = [0, 4, 8, 12].map(|place| four(bytes, at + place));
        Part { relation, trigger, file, next }
    };
    (0..count).map(part).collect()
}

/// The list of a filter, in its epoch; `None` if the page is that of another one, or is gone.
pub fn read(pages: &Pages, entry: &Entry) -> Option<Vec<Part>> {
    pages.read(entry.coverage, |bytes| is_of(bytes, entry).then(|| parts(bytes))).flatten()
}

/// Changes the list of a filter, in its epoch, if it is still `before`. A list of an earlier epoch is empty.
pub fn change(pages: &Pages, entry: &Entry, before: &[Part], after: &[Part]) -> bool {
    let changed = pages.change(entry.coverage, |bytes| {
        if bytes[NAME..NAME + 8] != entry.name.to_ne_bytes() {
            return (false, false);
        }
        if !is_of(bytes, entry) {
            // A later epoch has begun meanwhile.
            if u64_of(&bytes[EPOCH..EPOCH + 8]) > entry.epoch {
                return (false, false);
            }
            begin(bytes, entry.name, entry.epoch);
        }
        if parts(bytes) != before {
            return (false, false);
        }
        let count = after.len().min(PARTS_MAX);
        bytes[COUNT..COUNT + 4].copy_from_slice(&(count as u32).to_ne_bytes());
        for (number, part) in after.iter().take(count).enumerate() {
            let at = HEADER + number * LENGTH;
            let values = [part.relation, part.trigger, part.file, part.next];
            let places = bytes[at..at + LENGTH].chunks_exact_mut(4);
            places.zip(values).for_each(|(place, value)| place.copy_from_slice(&value.to_ne_bytes()));
        }
        (true, true)
    });
    changed.unwrap_or(false)
}

fn u64_of(bytes: &[u8]) -> u64 {
    bytes.try_into().map_or(0, u64::from_ne_bytes)
}
