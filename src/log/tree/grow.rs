//! The tree while it grows: full tiles are stored as they fill, and partial ones at the end.

use veritable_log::Builder;
use veritable_log::places::{self, Place};
use veritable_log::tile::{self, TileId, WIDTH};
use veritable_log::tree::{NodeHash, leaf_hash};

use super::kept::{self, Stock, signed, unusable};
use crate::pg::oid::{Oid, types};
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::{Prepared, Session};

/// A tree that events are added to.
pub struct Growing<'s> {
    target: Oid,
    builder: Builder,
    /// The places of the leaves in the partial tile of level 0.
    places: Vec<Place>,
    /// The position of the last leaf.
    last: i64,
    put_leaves: Prepared<'s>,
    put_nodes: Prepared<'s>,
}

impl<'s> Growing<'s> {
    /// The tree of `size` events, as it is stored.
    pub fn resume(session: &'s Session, target: Oid, size: u64) -> Result<Growing<'s>> {
        let builder = Builder::resume(size, &mut Stock { session, target }).map_err(unusable)?;
        let places = partial_places(session, target, size)?;
        Ok(Growing {
            target,
            builder,
            last: places.last().map_or(i64::MIN, |place| place.position),
            places,
            put_leaves: session.prepare(
                "INSERT INTO veritable.tiles (target, level, number, hashes, first, last, places)
                 VALUES ($1::pg_catalog.oid, 0, $2, $3, $4, $5, $6)
                 ON CONFLICT (target, level, number) DO UPDATE
                 SET hashes = excluded.hashes, first = excluded.first, last = excluded.last, places = excluded.places",
                &[types::OID, types::INT8, types::BYTEA, types::INT8, types::INT8, types::BYTEA],
            )?,
            put_nodes: session.prepare(
                "INSERT INTO veritable.tiles (target, level, number, hashes) VALUES ($1::pg_catalog.oid, $2, $3, $4)
                 ON CONFLICT (target, level, number) DO UPDATE SET hashes = excluded.hashes",
                &[types::OID, types::INT2, types::INT8, types::BYTEA],
            )?,
        })
    }

    /// The number of events.
    pub fn size(&self) -> u64 {
        self.builder.size()
    }

    /// The root.
    pub fn root(&self) -> NodeHash {
        self.builder.root()
    }

    /// The position of the last event that was added.
    pub fn last(&self) -> i64 {
        self.last
    }

    /// Adds the next event, by its hash.
    pub fn push(&mut self, entry: &[u8; 32], place: Place) -> Result<()> {
        if place.position <= self.last {
            return Err(Error::new(Class::State, format!("two events of the log have position {}", place.position))
                .hint("A log has one event at each position. SELECT * FROM verify_log() compares it with its checkpoints."));
        }
        self.last = place.position;
        self.places.push(place);
        let Growing { builder, places, put_leaves, put_nodes, target, .. } = self;
        builder.push(leaf_hash(entry), &mut |id, hashes| {
            let put = put(*target, put_leaves, put_nodes, id, hashes, places);
            if id.level == 0 {
                places.clear();
            }
            put
        })
    }

    /// Stores the partial tiles.
    pub fn finish(&self) -> Result<()> {
        self.builder
            .partial()
            .try_for_each(|(id, hashes)| put(self.target, &self.put_leaves, &self.put_nodes, id, hashes, &self.places))
    }
}

fn put(
    target: Oid,
    put_leaves: &Prepared,
    put_nodes: &Prepared,
    id: TileId,
    hashes: &[NodeHash],
    places: &[Place],
) -> Result<()> {
    let (number, bytes) = (signed(id.number).into(), tile::to_bytes(hashes).into());
    if id.level > 0 {
        return put_nodes.run(&[target.into(), i16::from(id.level).into(), number, bytes]).map(drop);
    }
    let (Some(first), Some(last)) = (places.first(), places.last()) else {
        return Err(Error::damaged("the places of a tile"));
    };
    let encoded = places::encode(places).map_err(|reason| {
        Error::new(Class::Corrupted, "the places of a tile cannot be written").detail(reason.to_string())
    })?;
    put_leaves
        .run(&[target.into(), number, bytes, first.position.into(), last.position.into(), encoded.into()])
        .map(drop)
}

/// The places of the leaves in the partial tile of level 0, if there is one.
fn partial_places(session: &Session, target: Oid, size: u64) -> Result<Vec<Place>> {
    let number = size / u64::from(WIDTH);
    let width = usize::from(TileId { level: 0, number }.width(size));
    if width == 0 {
        return Ok(Vec::new());
    }
    let found = session.query_as_caller(
        "SELECT number, hashes, first, last, places, pruned FROM veritable.tiles
         WHERE target = $1::pg_catalog.oid AND level = 0 AND number = $2",
        &[target.into(), signed(number).into()],
    )?;
    let leaves = found.rows().next().map(|row| kept::leaves(&row)).transpose()?;
    let places = leaves.and_then(|leaves| places::decode(&leaves.places?, leaves.first?, width).ok());
    places.ok_or_else(|| {
        Error::new(Class::State, "the tree of the log is damaged")
            .detail("The places of its newest events cannot be read.")
            .hint("SELECT * FROM verify_log() says what is there.")
    })
}
