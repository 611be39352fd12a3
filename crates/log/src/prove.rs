//! Roots and proofs from tiles, RFC 6962 sections 2.1.1 and 2.1.2.
//!
//! Each function reads at most three tiles of each level. Tiles are not checked here: who checks a proof against a root does.

use std::fmt;

use crate::builder::Builder;
use crate::tile::{self, TileError, TileId, Tiles, WIDTH};
use crate::tree::{self, NodeHash};

/// The reason why there is no proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error<E> {
    /// A tile is of no use.
    Tile(TileError<E>),
    /// The tree has no leaf with this index.
    Index {
        /// The index.
        index: u64,
        /// The number of leaves.
        size: u64,
    },
    /// The old tree is larger than the new one, or empty.
    Sizes {
        /// The number of leaves of the old tree.
        old: u64,
        /// The number of leaves of the new tree.
        new: u64,
    },
}

impl<E> From<TileError<E>> for Error<E> {
    fn from(error: TileError<E>) -> Error<E> {
        Error::Tile(error)
    }
}

impl<E: fmt::Display> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Tile(error) => error.fmt(f),
            Error::Index { index, size } => write!(f, "A tree of {size} leaves has no leaf {index}."),
            Error::Sizes { old: 0, .. } => {
                f.write_str("Every tree is consistent with the empty one: there is no proof.")
            }
            Error::Sizes { old, new } => write!(f, "A tree of {old} leaves has not grown into one of {new}."),
        }
    }
}

impl<E: fmt::Display + fmt::Debug> std::error::Error for Error<E> {}

/// The root of the tree of `size` leaves.
pub fn root<T: Tiles>(tiles: &mut T, size: u64) -> Result<NodeHash, TileError<T::Error>> {
    Ok(Builder::resume(size, tiles)?.root())
}

/// The hash of a leaf of the tree of `size` leaves.
pub fn leaf<T: Tiles>(tiles: &mut T, index: u64, size: u64) -> Result<NodeHash, Error<T::Error>> {
    if index >= size {
        return Err(Error::Index { index, size });
    }
    Ok(Reader::new(tiles, size).complete(index, 0)?)
}

/// The inclusion proof of the leaf `index` in the tree of `size` leaves: `PATH(index, D[size])`, RFC 6962 section 2.1.1.
pub fn inclusion<T: Tiles>(tiles: &mut T, index: u64, size: u64) -> Result<Vec<NodeHash>, Error<T::Error>> {
    if index >= size {
        return Err(Error::Index { index, size });
    }
    let mut reader = Reader::new(tiles, size);
    let (mut start, mut end) = (0, size);
    let mut path = Vec::new();
    while end - start > 1 {
        let middle = start + tree::left_of(end - start);
        if index < middle {
            path.push(reader.range(middle, end)?);
            end = middle;
        } else {
            path.push(reader.range(start, middle)?);
            start = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The proof that the tree of `new` leaves begins with the tree of `old` leaves: `PROOF(old, D[new])`, RFC 6962 section
/// 2.1.2. There is none for an empty old tree: what a protocol says about that is the protocol's.
pub fn consistency<T: Tiles>(tiles: &mut T, old: u64, new: u64) -> Result<Vec<NodeHash>, Error<T::Error>> {
    if old == 0 || old > new {
        return Err(Error::Sizes { old, new });
    }
    let mut reader = Reader::new(tiles, new);
    let (mut start, mut end) = (0, new);
    let mut path = Vec::new();
    while end != old {
        let middle = start + tree::left_of(end - start);
        if old <= middle {
            path.push(reader.range(middle, end)?);
            end = middle;
        } else {
            path.push(reader.range(start, middle)?);
            start = middle;
        }
    }
    // SUBPROOF(m, D[m], true) = {}: the verifier has this root. SUBPROOF(m, D[m], false) = {MTH(D[m])}.
    if start > 0 {
        path.push(reader.range(start, end)?);
    }
    path.reverse();
    Ok(path)
}

/// Subtrees of a tree in tiles. Each tile is read once.
struct Reader<'a, T> {
    tiles: &'a mut T,
    size: u64,
    read: Vec<(TileId, Vec<NodeHash>)>,
}

impl<'a, T: Tiles> Reader<'a, T> {
    fn new(tiles: &'a mut T, size: u64) -> Reader<'a, T> {
        Reader { tiles, size, read: Vec::new() }
    }

    /// `MTH(D[start:end])`, for a start that is a multiple of a power of two not below the number of leaves.
    fn range(&mut self, start: u64, end: u64) -> Result<NodeHash, TileError<T::Error>> {
        let count = end - start;
        if count.is_power_of_two() {
            return self.complete(start, count.trailing_zeros());
        }
        let middle = start + tree::left_of(count);
        let (left, right) = (self.range(start, middle)?, self.range(middle, end)?);
        Ok(tree::node_hash(&left, &right))
    }

    /// `MTH(D[start:start + 2^height])`, for a start that is a multiple of 2^height: all in one tile.
    fn complete(&mut self, start: u64, height: u32) -> Result<NodeHash, TileError<T::Error>> {
        let (level, below) = (height / 8, height % 8);
        let index = start >> (8 * level);
        let id = TileId { level: level as u8, number: index / u64::from(WIDTH) };
        let offset = (index % u64::from(WIDTH)) as usize;
        let hashes = self.tile(id)?;
        let found = hashes.len();
        let Some(hashes) = hashes.get(offset..offset + (1 << below)) else {
            return Err(TileError::Width { id, expected: id.width(self.size), found });
        };
        Ok(tree::root(hashes))
    }

    fn tile(&mut self, id: TileId) -> Result<&[NodeHash], TileError<T::Error>> {
        let place = match self.read.iter().position(|(read, _)| *read == id) {
            Some(place) => place,
            None => {
                self.read.push((id, tile::read(self.tiles, id, id.width(self.size))?));
                self.read.len() - 1
            }
        };
        Ok(self.read.get(place).map_or(&[], |(_, hashes)| hashes))
    }
}

/// Checks stored tiles against the leaves in them: rebuilds all tiles of the tree of `size` leaves from those of level 0,
/// and calls `differs` for each tile of another level that is not what is stored. Gives the root over the leaves.
///
/// Tiles are read one at a time, those of level 0 in order, so memory is flat.
pub fn rebuild<T: Tiles>(
    tiles: &mut T,
    size: u64,
    differs: &mut impl FnMut(TileId) -> Result<(), T::Error>,
) -> Result<NodeHash, TileError<T::Error>> {
    let mut builder = Builder::new();
    let leaves = tile::tiles(size).take_while(|(id, _)| id.level == 0);
    for (id, width) in leaves {
        for leaf in tile::read(tiles, id, width)? {
            builder.push(leaf, &mut |id, hashes| compare(tiles, id, hashes, differs))?;
        }
    }
    for (id, hashes) in builder.partial() {
        compare(tiles, id, hashes, differs)?;
    }
    Ok(builder.root())
}

fn compare<T: Tiles>(
    tiles: &mut T,
    id: TileId,
    hashes: &[NodeHash],
    differs: &mut impl FnMut(TileId) -> Result<(), T::Error>,
) -> Result<(), TileError<T::Error>> {
    if id.level > 0 && tile::read(tiles, id, hashes.len() as u16)? != hashes {
        differs(id).map_err(TileError::Unreadable)?;
    }
    Ok(())
}
