//! What is kept of a log's tree: tiles, notes and keys, in tables of the extension.
//!
//! All functions here run as the owner of these tables, within [`trees::as_extension`](crate::log::trees::as_extension), and
//! read with the active snapshot.

use veritable_log::note::VerifierKey;
use veritable_log::tile::{self, TileError, TileId, Tiles};
use veritable_log::tree::NodeHash;

use crate::pg::oid::Oid;
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::{Fetched, Kept, Session};

thread_local! {
    /// The statements are kept because planning them takes longer than running them; and with one plan for all levels, a tile is
    /// found by its number.
    static STATE: Kept =
        Kept::new("SELECT origin, size, position FROM veritable.trees WHERE target = $1::pg_catalog.oid".to_string());
    static NEWEST: Kept = Kept::new(
        "SELECT size, root, note FROM veritable.notes WHERE target = $1::pg_catalog.oid AND size >= $2
         ORDER BY size DESC LIMIT $3"
            .to_string(),
    );
    static KEYS: Kept = Kept::new(
        "SELECT vkey, signs FROM veritable.log_keys WHERE target = $1::pg_catalog.oid ORDER BY vkey".to_string(),
    );
    static TILE: Kept = Kept::new(
        "SELECT hashes FROM veritable.tiles WHERE target = $1::pg_catalog.oid AND level = $2 AND number = $3".to_string(),
    );
    static TILE_OF: Kept = Kept::new(
        "SELECT number, hashes, first, last, places, pruned FROM veritable.tiles
         WHERE target = $1::pg_catalog.oid AND level = 0 AND last >= $2 ORDER BY last LIMIT 1"
            .to_string(),
    );
}

/// The state of a log's tree.
pub struct State {
    /// The name of the log.
    pub origin: String,
    /// The number of events in the tree.
    pub size: u64,
    /// The greatest position in the tree.
    pub position: i64,
}

/// A checkpoint.
pub struct Stored {
    /// The number of events.
    pub size: u64,
    /// The root; `None` if what is stored is no hash.
    pub root: Option<NodeHash>,
    /// The text, with signatures if there are any.
    pub note: String,
}

/// A tile of level 0, as it is stored: nothing of it has been checked.
pub struct Leaves {
    /// The place of the tile.
    pub number: u64,
    /// The hashes; `None` if the bytes are none.
    pub hashes: Option<Vec<NodeHash>>,
    /// The position of the first leaf.
    pub first: Option<i64>,
    /// The position of the last leaf.
    pub last: Option<i64>,
    /// The places of the leaves.
    pub places: Option<Vec<u8>>,
    /// A bit for each leaf whose event was pruned; none if nothing was.
    pub pruned: Vec<u8>,
}

impl Leaves {
    /// Whether the leaf is marked: its event was pruned, and the table need not have it.
    pub fn is_pruned(&self, offset: usize) -> bool {
        self.pruned.get(offset / 8).is_some_and(|marks| marks >> (offset % 8) & 1 == 1)
    }
}

fn unsigned(number: Option<i64>, what: &str) -> Result<u64> {
    number.and_then(|number| u64::try_from(number).ok()).ok_or_else(|| Error::damaged(what))
}

/// A number of events or tiles, as PostgreSQL stores it.
pub fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The state of the tree; `None` if the table has claimed no origin.
pub fn state(session: &Session, target: Oid) -> Result<Option<State>> {
    let found = STATE.with(|kept| kept.query_as_caller(session, &[target.into()]))?;
    let state = |row: Fetched| {
        let origin = row.get(0).ok_or_else(|| Error::damaged("veritable.trees"))?;
        let position = row.get(2).ok_or_else(|| Error::damaged("veritable.trees"))?;
        Ok(State { origin, size: unsigned(row.get(1), "veritable.trees")?, position })
    };
    found.rows().next().map(state).transpose()
}

/// The newest checkpoints, at most `count`, of at least this size, the newest first.
pub fn newest(session: &Session, target: Oid, size_min: u64, count: i64) -> Result<Vec<Stored>> {
    let parameters = [target.into(), signed(size_min).into(), count.into()];
    let found = NEWEST.with(|kept| kept.query_as_caller(session, &parameters))?;
    found.rows().map(|row| stored(&row)).collect()
}

/// The checkpoint of this size.
pub fn of_size(session: &Session, target: Oid, size: u64) -> Result<Option<Stored>> {
    let found = session.query_as_caller(
        "SELECT size, root, note FROM veritable.notes WHERE target = $1::pg_catalog.oid AND size = $2",
        &[target.into(), signed(size).into()],
    )?;
    found.rows().next().map(|row| stored(&row)).transpose()
}

fn stored(row: &Fetched) -> Result<Stored> {
    Ok(Stored {
        size: unsigned(row.get(0), "veritable.notes")?,
        root: row.bytes(1).and_then(|bytes| NodeHash::from_bytes(&bytes)),
        note: row.get(2).ok_or_else(|| Error::damaged("veritable.notes"))?,
    })
}

/// The trusted keys of a log, and whether each signs. A key that cannot be read is an error: it would not be trusted.
pub fn keys(session: &Session, target: Oid) -> Result<Vec<(VerifierKey, bool)>> {
    let found = KEYS.with(|kept| kept.query_as_caller(session, &[target.into()]))?;
    let key = |row: Fetched| {
        let text: String = row.get(0).ok_or_else(|| Error::damaged("veritable.log_keys"))?;
        let key = VerifierKey::read(&text).map_err(|reason| {
            Error::new(Class::Corrupted, "a trusted key of the log cannot be read").detail(reason.to_string())
        })?;
        Ok((key, row.get(1).unwrap_or(false)))
    };
    found.rows().map(key).collect()
}

/// The tiles of a log. A tile that is not there has no hashes.
pub struct Stock<'s> {
    /// The connection.
    pub session: &'s Session,
    /// The table of the log.
    pub target: Oid,
}

impl Tiles for Stock<'_> {
    type Error = Error;

    fn tile(&mut self, id: TileId, width: u16) -> Result<Vec<NodeHash>> {
        let parameters = [self.target.into(), i16::from(id.level).into(), signed(id.number).into()];
        let found = TILE.with(|kept| kept.query_as_caller(self.session, &parameters))?;
        let hashes = found.rows().next().and_then(|row| tile::from_bytes(&row.bytes(0)?));
        let mut hashes = hashes.unwrap_or_default();
        hashes.truncate(width.into());
        Ok(hashes)
    }
}

/// The error for a tile of no use.
pub fn unusable(error: TileError<Error>) -> Error {
    match error {
        TileError::Unreadable(error) => error,
        TileError::Width { id, expected, found } => Error::new(Class::State, "the tree of the log is damaged")
            .detail(format!("The tile {id} has {found} hashes instead of {expected}."))
            .hint("SELECT * FROM verify_log() says what is there."),
    }
}

/// The tile of level 0 in which an event with this position would be.
pub fn tile_of(session: &Session, target: Oid, position: i64) -> Result<Option<Leaves>> {
    let found = TILE_OF.with(|kept| kept.query_as_caller(session, &[target.into(), position.into()]))?;
    found.rows().next().map(|row| leaves(&row)).transpose()
}

/// A tile of level 0, in a row with number, hashes, first, last, places and pruned.
pub fn leaves(row: &Fetched) -> Result<Leaves> {
    Ok(Leaves {
        number: unsigned(row.get(0), "veritable.tiles")?,
        hashes: row.bytes(1).and_then(|bytes| tile::from_bytes(&bytes)),
        first: row.get(2),
        last: row.get(3),
        places: row.bytes(4).map(std::borrow::Cow::into_owned),
        pruned: row.bytes(5).map(std::borrow::Cow::into_owned).unwrap_or_default(),
    })
}
