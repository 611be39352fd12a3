//! What the extension keeps about tables in tables of its own, beside the triggers of the tables: it goes with the table, and it
//! knows what was pruned.

use std::ops::RangeInclusive;
use std::sync::OnceLock;

use crate::pg::oid::Oid;
use crate::pg::relation::Relation;
use crate::pg::report::Result;
use crate::pg::spi::Session;

/// What keeps something about tables.
pub struct Keeper {
    /// Forgets tables that a command has dropped. Returns, for each of which something was kept, what the journal tells of it: a
    /// member of a JSON object.
    pub forget: fn(&Session, &[Oid]) -> Result<Vec<Told>>,
    /// What it does about events that are pruned.
    pub prunes: Prunes,
}

/// What a keeper does about events that are pruned from a chained table.
pub struct Prunes {
    /// Takes in the events of a table, and of another one that was its partition, before events are pruned.
    pub settle: fn(&Session, table: &Relation, also: Option<&Relation>) -> Result<()>,
    /// Marks the events at these positions, in ascending order, as pruned, or as no longer pruned.
    pub mark: fn(&Session, table: &Relation, positions: &[i64], is_pruned: bool) -> Result<()>,
    /// Tells the caller, once all events of a command are marked, what it means to readers of the table. The positions are in this
    /// range.
    pub tell: fn(&Session, table: &Relation, positions: RangeInclusive<i64>, is_pruned: bool) -> Result<()>,
    /// The condition, in SQL, under which the newest event of an entity must stay, if there is one. The argument is the alias of an
    /// event.
    pub keeps: fn(&Session, table: Oid, alias: &str) -> Result<Option<String>>,
    /// Brings up to date what depends on it whether events of the table were pruned, after some were, or came back.
    pub follow: fn(&Session, table: Oid) -> Result<()>,
}

impl Prunes {
    /// A keeper that has nothing to do with pruned events.
    pub const NOTHING: Prunes = Prunes {
        settle: |_, _, _| Ok(()),
        mark: |_, _, _, _| Ok(()),
        tell: |_, _, _, _| Ok(()),
        keeps: |_, _, _| Ok(None),
        follow: |_, _| Ok(()),
    };
}

/// What the journal tells of a table: a member of a JSON object.
pub type Told = (Oid, String);

static ALL: OnceLock<&[Keeper]> = OnceLock::new();

/// Registers the keepers when the library is loaded.
pub fn register(keepers: &'static [Keeper]) {
    // A process loads the library once.
    let _ = ALL.set(keepers);
}

fn all() -> &'static [Keeper] {
    ALL.get().copied().unwrap_or_default()
}

/// Lets all forget tables that a command has dropped, and returns what the journal tells of each.
pub fn forget(session: &Session, tables: &[Oid]) -> Result<Vec<Told>> {
    let mut told = Vec::new();
    if !tables.is_empty() {
        for keeper in all() {
            told.extend((keeper.forget)(session, tables)?);
        }
    }
    Ok(told)
}

/// Lets all take in the events of a table before some are pruned: see [`Prunes::settle`].
pub fn settle(session: &Session, table: &Relation, also: Option<&Relation>) -> Result<()> {
    all().iter().try_for_each(|keeper| (keeper.prunes.settle)(session, table, also))
}

/// The marking of the events that a command prunes, or takes back.
pub struct Marking {
    is_pruned: bool,
    positions: Option<RangeInclusive<i64>>,
}

impl Marking {
    /// Begins to mark events as pruned, or as no longer pruned.
    pub fn begin(is_pruned: bool) -> Marking {
        Marking { is_pruned, positions: None }
    }

    /// Lets all mark events: see [`Prunes::mark`].
    pub fn add(&mut self, session: &Session, table: &Relation, positions: &mut [i64]) -> Result<()> {
        positions.sort_unstable();
        if let (Some(&first), Some(&last)) = (positions.first(), positions.last()) {
            let (least, greatest) = self.positions.take().map_or((first, last), RangeInclusive::into_inner);
            self.positions = Some(least.min(first)..=greatest.max(last));
        }
        all().iter().try_for_each(|keeper| (keeper.prunes.mark)(session, table, positions, self.is_pruned))
    }

    /// Lets all tell of what was marked: see [`Prunes::tell`].
    pub fn end(self, session: &Session, table: &Relation) -> Result<()> {
        let Some(positions) = self.positions else { return Ok(()) };
        all().iter().try_for_each(|keeper| (keeper.prunes.tell)(session, table, positions.clone(), self.is_pruned))
    }
}

/// The conditions under which the newest event of an entity must stay: see [`Prunes::keeps`].
pub fn keeps(session: &Session, table: Oid, alias: &str) -> Result<Vec<String>> {
    let conditions = all().iter().map(|keeper| (keeper.prunes.keeps)(session, table, alias));
    Ok(conditions.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
}

/// Lets all follow what was pruned from a table, or came back: see [`Prunes::follow`].
pub fn follow(session: &Session, table: Oid) -> Result<()> {
    all().iter().try_for_each(|keeper| (keeper.prunes.follow)(session, table))
}
