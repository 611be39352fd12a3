//! The tree, rebuilt from its stored leaves in one pass; and the leaves with their positions, one by one.

use std::collections::HashMap;

use veritable_core::chain::{BalanceKey, Tally};
use veritable_log::Builder;
use veritable_log::places::{self, Place};
use veritable_log::tile::{TileId, Tiles, WIDTH};
use veritable_log::tree::{NodeHash, leaf_hash};

use super::super::kept::{self, Leaves, State, Stock, Stored};
use crate::pg::memory;
use crate::pg::oid::Oid;
use crate::pg::report::{Result, number};
use crate::pg::spi::{Cursor, Session};

/// The number of tiles that are read at a time: half a megabyte.
const BATCH: usize = 64;

/// The stored tree of a log, and what is wrong with it.
pub struct Tree {
    /// The number of leaves that are there.
    pub size: u64,
    /// The root over as many leaves as the checkpoint has; `None` if there are fewer.
    pub root: Option<NodeHash>,
    /// Sentences about what does not fit together.
    pub forged: Vec<String>,
    /// The leaves of the checkpoint at their positions, without those of pruned events.
    pub tally: Tally,
    /// The number of leaves of the checkpoint whose events were pruned.
    pub pruned: u64,
    /// The position of the last of these leaves; `None` if there is none.
    pub last: Option<i64>,
    /// Whether the positions of all these leaves could be read.
    pub has_places: bool,
}

impl Tree {
    /// Rebuilds the tree. `wanted` is the size of the checkpoint, and `key` that of the tally.
    pub fn rebuild(
        session: &Session,
        target: Oid,
        (state, notes): (Option<&State>, &[Stored]),
        wanted: u64,
        key: &[u8; 16],
        mut ends: Ends,
    ) -> Result<Tree> {
        let mut tree = Tree {
            size: 0,
            root: None,
            forged: Vec::new(),
            tally: Tally::default(),
            pruned: 0,
            last: None,
            has_places: true,
        };
        let mut builder = Builder::new();
        let mut stock = Stock { session, target };
        let key = BalanceKey::new(key);
        // The notes from the oldest on: those of the size that the tree has reached are next.
        let mut notes = notes.iter().rev().peekable();
        let mut at_size = |tree: &mut Tree, builder: &Builder| {
            let size = builder.size();
            let is_noted = notes.peek().is_some_and(|note| note.size == size);
            if !is_noted && size != wanted {
                return;
            }
            let root = builder.root();
            if size == wanted {
                tree.root = Some(root);
            }
            if let Some(note) = notes.next_if(|note| note.size == size)
                && note.root != Some(root)
            {
                tree.forged.push(format!("The tiles do not give the root of the checkpoint of size {size}."));
            }
        };
        at_size(&mut tree, &builder);
        let stored = Walk::new(session, target)?;
        let mut differing = Vec::new();
        let is_whole = stored.each(|tile, hashes| {
            let places = tile.places_after(tree.last, hashes.len());
            tree.has_places &= places.is_some() || builder.size() >= wanted;
            for (offset, leaf) in hashes.iter().enumerate() {
                builder.push(*leaf, &mut |id, hashes| check(&mut stock, id, hashes, &mut differing))?;
                let is_pruned = tile.is_pruned(offset);
                if is_pruned {
                    ends.meet(leaf);
                }
                if builder.size() <= wanted {
                    tree.pruned += u64::from(is_pruned);
                    match &places {
                        Some(places) => {
                            if !is_pruned {
                                tree.tally.add(&key, places[offset].position, leaf.as_bytes());
                            }
                            tree.last = Some(places[offset].position);
                        }
                        None => tree.last = tile.last.or(tree.last).or(Some(0)),
                    }
                }
                at_size(&mut tree, &builder);
            }
            Ok(())
        })?;
        tree.size = builder.size();
        for (id, hashes) in builder.partial() {
            check(&mut stock, id, hashes, &mut differing)?;
        }
        let differing = differing.iter().map(|id| format!("The tile {id} is not what the tiles below it give."));
        tree.forged.extend(differing);
        if let Some(number) = is_whole.err() {
            tree.forged.push(format!("The tile {} is missing or malformed.", TileId { level: 0, number }));
        }
        if !tree.has_places {
            tree.forged
                .push("The positions of events in the tiles cannot be read; others may be named for them.".to_string());
        }
        tree.forged.extend(ends.contradiction());
        let size = state.map_or(0, |state| state.size);
        if size != tree.size {
            tree.forged.push(format!("The tiles have {} events, and the log has {size}.", tree.size));
        } else if notes.next().is_some() {
            tree.forged.push("There are checkpoints of more events than the log has.".to_string());
        }
        Ok(tree)
    }
}

/// The ends of pruned runs, against the leaves that are marked as pruned: a mark alone acquits nobody.
///
/// Each run has the hash of its last event. If that leaf is marked, all of the run's events are expected to be; a run that was
/// pruned before the table had this log has no leaf. So the marked leaves are as many as the events of the runs whose last leaf
/// is among them. Who marks the leaf of another event has to take the mark from a pruned one, which is then missing.
#[derive(Default)]
pub struct Ends {
    /// The numbers of events, by the first half of the leaf's hash.
    events: HashMap<[u8; 16], u64>,
    marked: u64,
    accounted: u64,
}

impl Ends {
    /// Adds a run with so many events, whose last one has this hash.
    pub fn add(&mut self, through: &[u8; 32], events: u64) {
        *self.events.entry(half(&leaf_hash(through))).or_default() += events;
    }

    /// Takes note of a leaf that is marked.
    fn meet(&mut self, leaf: &NodeHash) {
        self.marked += 1;
        self.accounted = self.accounted.saturating_add(self.events.remove(&half(leaf)).unwrap_or_default());
    }

    /// What does not fit together, in a sentence.
    fn contradiction(&self) -> Option<String> {
        (self.marked != self.accounted).then(|| {
            let marked = number(self.marked, "event");
            format!("The tiles mark {marked} as pruned, and veritable.prunings has runs of {} of them.", self.accounted)
        })
    }
}

fn half(leaf: &NodeHash) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&leaf.as_bytes()[..16]);
    half
}

/// Compares a tile above the leaves with the stored one.
fn check(stock: &mut Stock, id: TileId, hashes: &[NodeHash], differing: &mut Vec<TileId>) -> Result<()> {
    if id.level > 0 && stock.tile(id, hashes.len() as u16)? != hashes {
        differing.push(id);
    }
    Ok(())
}

impl Leaves {
    /// The places of `count` leaves, which are behind `before`; `None` if what is stored says nothing of the kind.
    fn places_after(&self, before: Option<i64>, count: usize) -> Option<Vec<Place>> {
        let places = places::decode(self.places.as_deref()?, self.first?, count).ok()?;
        let (first, last) = (places.first()?.position, places.last()?.position);
        (before.is_none_or(|before| before < first) && self.last == Some(last)).then_some(places)
    }
}

/// The stored tiles of level 0, in order.
pub struct Walk<'s> {
    cursor: Cursor<'s>,
}

impl<'s> Walk<'s> {
    /// Begins at the first tile. Runs as the owner of the extension's tables; reading on needs no privilege.
    pub fn new(session: &'s Session, target: Oid) -> Result<Walk<'s>> {
        let cursor = session.cursor(
            "SELECT number, hashes, first, last, places, pruned FROM veritable.tiles
             WHERE target = $1::pg_catalog.oid AND level = 0 ORDER BY number",
            &[target.into()],
            true,
        )?;
        Ok(Walk { cursor })
    }

    /// Passes each tile with its hashes to `read`, up to the first that is not where it should be, whose number is the answer:
    /// all tiles but the last have to be full.
    fn each(&self, mut read: impl FnMut(&Leaves, &[NodeHash]) -> Result<()>) -> Result<std::result::Result<(), u64>> {
        let (mut expected, mut is_last) = (0, false);
        loop {
            let step = memory::scratch(|| -> Result<std::result::Result<bool, u64>> {
                let batch = self.next_tiles()?;
                for tile in &batch {
                    let hashes = tile.hashes.as_deref().filter(|_| tile.number == expected && !is_last);
                    let Some(hashes) = hashes else { return Ok(Err(expected)) };
                    is_last = hashes.len() < WIDTH.into();
                    expected += 1;
                    read(tile, hashes)?;
                }
                Ok(Ok(batch.is_empty()))
            })?;
            match step {
                Ok(false) => {}
                Ok(true) => return Ok(Ok(())),
                Err(number) => return Ok(Err(number)),
            }
        }
    }

    fn next_tiles(&self) -> Result<Vec<Leaves>> {
        let batch = self.cursor.fetch(BATCH);
        batch.rows().map(|row| kept::leaves(&row)).collect()
    }
}

/// A leaf with its place. Where the places of a tile cannot be read, the position is a guess.
pub struct Leaf {
    /// The hash.
    pub hash: NodeHash,
    /// The place.
    pub place: Place,
    /// Whether the event was pruned.
    pub is_pruned: bool,
}

/// The leaves of a tree that was found to be authentic, one by one.
pub struct InOrder<'s> {
    walk: Walk<'s>,
    left: u64,
    last: Option<i64>,
    leaves: std::collections::VecDeque<Leaf>,
}

impl<'s> InOrder<'s> {
    /// The first `size` leaves.
    pub fn new(walk: Walk<'s>, size: u64) -> InOrder<'s> {
        InOrder { walk, left: size, last: None, leaves: std::collections::VecDeque::new() }
    }

    /// The next leaf.
    pub fn next(&mut self) -> Result<Option<Leaf>> {
        if self.left == 0 {
            return Ok(None);
        }
        if self.leaves.is_empty() {
            for tile in self.walk.next_tiles()? {
                let hashes = tile.hashes.clone().unwrap_or_default();
                let places =
                    tile.places_after(self.last, hashes.len()).unwrap_or_else(|| self.guess(&tile, hashes.len()));
                self.last = places.last().map(|place| place.position).or(self.last);
                let leaf = |(offset, (hash, place))| Leaf { hash, place, is_pruned: tile.is_pruned(offset) };
                self.leaves.extend(hashes.into_iter().zip(places).enumerate().map(leaf));
            }
        }
        self.left -= 1;
        Ok(self.leaves.pop_front())
    }

    fn guess(&self, tile: &Leaves, count: usize) -> Vec<Place> {
        let after = self.last.map_or(1, |last| last.saturating_add(1));
        let first = tile.first.filter(|first| *first >= after).unwrap_or(after);
        (0..count as i64).map(|offset| Place { position: first.saturating_add(offset), is_first: false }).collect()
    }
}

/// The leaves of pruned events, one by one.
pub struct PrunedLeaves<'s> {
    leaves: InOrder<'s>,
    next: Option<Leaf>,
}

impl<'s> PrunedLeaves<'s> {
    /// Those among these leaves.
    pub fn new(leaves: InOrder<'s>) -> PrunedLeaves<'s> {
        PrunedLeaves { leaves, next: None }
    }

    /// The next one, if its position is at most this one.
    pub fn next_up_to(&mut self, position: i64) -> Result<Option<Leaf>> {
        while self.next.is_none() {
            let Some(leaf) = self.leaves.next()? else { return Ok(None) };
            self.next = Some(leaf).filter(|leaf| leaf.is_pruned);
        }
        Ok(self.next.take_if(|leaf| leaf.place.position <= position))
    }
}
