//! The growing tree: takes hashes of leaves, hands out full tiles.
//!
//! Memory is flat: at most 255 hashes a level. What it does not do: it keeps no full tile, so it proves nothing.

use crate::tile::{self, LEVELS, TileError, TileId, Tiles, WIDTH};
use crate::tree::{self, NodeHash};

/// A tree that grows at its right end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Builder {
    size: u64,
    /// The tile at the right end of each level, which is not full.
    levels: [Vec<NodeHash>; LEVELS as usize],
}

impl Builder {
    /// The tree without leaves.
    pub fn new() -> Builder {
        Builder::default()
    }

    /// The tree of `size` leaves, of which only the partial tile of each level is read.
    ///
    /// Nothing tells whether the tiles are those of the tree: compare [`root`](Builder::root) with a checkpoint.
    pub fn resume<T: Tiles>(size: u64, tiles: &mut T) -> Result<Builder, TileError<T::Error>> {
        let mut builder = Builder { size, ..Builder::new() };
        for (id, width) in tile::partial_tiles(size) {
            if let Some(hashes) = builder.levels.get_mut(usize::from(id.level)) {
                *hashes = tile::read(tiles, id, width)?;
            }
        }
        Ok(builder)
    }

    /// The number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf. Each tile that thereby gets full, of any level, is handed to `full`, once.
    ///
    /// After an error of `full` the builder is of no use: the tree lacks that tile.
    pub fn push<E>(
        &mut self,
        leaf: NodeHash,
        full: &mut impl FnMut(TileId, &[NodeHash]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.size += 1;
        let mut hash = leaf;
        for (level, hashes) in (0..).zip(&mut self.levels) {
            hashes.push(hash);
            if hashes.len() < WIDTH.into() {
                break;
            }
            // The hash of a full tile in the level above: MTH of its leaves, c2sp.org/tlog-tiles.
            hash = tree::root(hashes);
            // The tile is the last full one of this level.
            let number = (self.size >> (8 * (u32::from(level) + 1))) - 1;
            full(TileId { level, number }, hashes)?;
            hashes.clear();
        }
        Ok(())
    }

    /// The partial tiles of this size, at most one a level.
    pub fn partial(&self) -> impl Iterator<Item = (TileId, &[NodeHash])> {
        let ids = tile::partial_tiles(self.size);
        ids.filter_map(|(id, _)| Some((id, self.levels.get(usize::from(id.level))?.as_slice())))
    }

    /// The root of the tree.
    pub fn root(&self) -> NodeHash {
        // MTH over the hashes of a level, followed by what is right of them, with fewer leaves than each of them.
        let mut below: Option<NodeHash> = None;
        for hashes in self.levels.iter().filter(|hashes| !hashes.is_empty()) {
            let hashes: Vec<NodeHash> = hashes.iter().copied().chain(below).collect();
            below = Some(tree::root(&hashes));
        }
        below.unwrap_or(tree::EMPTY_ROOT)
    }
}
