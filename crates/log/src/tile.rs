//! Tiles: the hashes of the tree in rows of 256, c2sp.org/tlog-tiles.
//!
//! A tile of level 0 holds hashes of leaves. A hash in a tile of level n + 1 is the root over a full tile of level n. So
//! all hashes that a tree keeps are in tiles, and a hash once written never changes.

use std::fmt;

use crate::tree::NodeHash;

/// The number of hashes in a full tile.
pub const WIDTH: u16 = 256;

/// The number of levels that a tree of [`SIZE_MAX`](crate::tree::SIZE_MAX) leaves has.
pub const LEVELS: u8 = 8;

/// The place of a tile in the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    /// The level: 0 for leaves.
    pub level: u8,
    /// The place within the level, from 0.
    pub number: u64,
}

impl TileId {
    /// The number of hashes that this tile has in a tree of `size` leaves: 0 if the tree has no such tile.
    pub fn width(self, size: u64) -> u16 {
        let before = self.number.saturating_mul(WIDTH.into());
        // The minimum fits in u16.
        hashes(size, self.level).saturating_sub(before).min(WIDTH.into()) as u16
    }

    /// The path of the tile with `width` hashes, relative to the log's prefix: `tile/0/x001/x234/067` for a full tile,
    /// `tile/0/273.p/112` for a partial one.
    pub fn path(self, width: u16) -> String {
        // Groups of three digits, all but the last with an x before: c2sp.org/tlog-tiles, "Merkle Tree".
        let mut groups = vec![format!("{:03}", self.number % 1000)];
        let mut rest = self.number / 1000;
        while rest > 0 {
            groups.push(format!("x{:03}", rest % 1000));
            rest /= 1000;
        }
        groups.reverse();
        let path = format!("tile/{}/{}", self.level, groups.join("/"));
        if width < WIDTH { format!("{path}.p/{width}") } else { path }
    }
}

impl fmt::Display for TileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path(WIDTH))
    }
}

/// The number of hashes at a level of a tree of `size` leaves.
fn hashes(size: u64, level: u8) -> u64 {
    size.checked_shr(u32::from(level) * 8).unwrap_or(0)
}

/// The tiles of a tree of `size` leaves, with their widths, level by level.
pub fn tiles(size: u64) -> impl Iterator<Item = (TileId, u16)> {
    (0..LEVELS).flat_map(move |level| {
        let count = hashes(size, level).div_ceil(WIDTH.into());
        (0..count).map(move |number| TileId { level, number }).map(move |id| (id, id.width(size)))
    })
}

/// The partial tiles of a tree of `size` leaves, at most one a level, with their widths.
pub fn partial_tiles(size: u64) -> impl Iterator<Item = (TileId, u16)> {
    let last = move |level| TileId { level, number: hashes(size, level) / u64::from(WIDTH) };
    (0..LEVELS).map(last).map(move |id| (id, id.width(size))).filter(|(_, width)| *width > 0)
}

/// The hashes in the bytes of a tile; `None` unless there are 1 to 256 hashes.
pub fn from_bytes(bytes: &[u8]) -> Option<Vec<NodeHash>> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    let is_tile = rest.is_empty() && !hashes.is_empty() && hashes.len() <= WIDTH.into();
    is_tile.then(|| hashes.iter().copied().map(NodeHash::new).collect())
}

/// The bytes of a tile: its hashes, one after another.
pub fn to_bytes(hashes: &[NodeHash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
}

/// What keeps the tiles of a tree. A closure with the same arguments is one.
pub trait Tiles {
    /// The reason why a tile cannot be read.
    type Error;

    /// The first `width` hashes of a tile. Whoever has kept more of the tile cuts it; whoever has less gives an error, or
    /// what there is.
    fn tile(&mut self, id: TileId, width: u16) -> Result<Vec<NodeHash>, Self::Error>;
}

impl<E, F: FnMut(TileId, u16) -> Result<Vec<NodeHash>, E>> Tiles for F {
    type Error = E;

    fn tile(&mut self, id: TileId, width: u16) -> Result<Vec<NodeHash>, E> {
        self(id, width)
    }
}

/// The reason why a tile is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TileError<E> {
    /// The tile cannot be read.
    Unreadable(E),
    /// The tile has another number of hashes than a tree of this size.
    Width {
        /// The tile.
        id: TileId,
        /// The number of hashes that the tree has there.
        expected: u16,
        /// The number of hashes that were read.
        found: usize,
    },
}

impl<E: fmt::Display> fmt::Display for TileError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TileError::Unreadable(error) => error.fmt(f),
            TileError::Width { id, expected, found } => {
                write!(f, "The tile {id} has {found} hashes instead of {expected}.")
            }
        }
    }
}

impl<E: fmt::Display + fmt::Debug> std::error::Error for TileError<E> {}

/// The first `width` hashes of a tile, counted.
pub(crate) fn read<T: Tiles>(tiles: &mut T, id: TileId, width: u16) -> Result<Vec<NodeHash>, TileError<T::Error>> {
    let hashes = tiles.tile(id, width).map_err(TileError::Unreadable)?;
    if hashes.len() == usize::from(width) {
        Ok(hashes)
    } else {
        Err(TileError::Width { id, expected: width, found: hashes.len() })
    }
}
