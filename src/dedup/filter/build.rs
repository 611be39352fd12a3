//! Putting the keys of rows that were there before into a filter: some blocks at a time, by whoever misses them.
//!
//! First all partitions are announced, with a *horizon*: the number of the next transaction. They are read when every transaction below the
//! horizon has ended: from then on, whoever adds a row knows the filter, and puts its key in.

use super::bits::Put;
use super::directory::{self, Entry, NOT_YET, Place};
use super::{Filter, coverage, parts};
use crate::dedup::arguments::Arguments;
use crate::dedup::layout::Layout;
use crate::pg::block_scan::each_row;
use crate::pg::glance::Glance;
use crate::pg::memory;
use crate::pg::oid::Oid;
use crate::pg::open_transaction::{next_number, oldest_number};
use crate::pg::pages::Pages;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::Result;
use coverage::{PARTS_MAX, Part};

/// A filter as it was read.
struct Open<'o> {
    pages: &'o Pages,
    place: Place,
    entry: &'o Entry,
}

/// Who else writes to the table.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// Anybody.
    MayWrite,
    /// Nobody: the table is locked, and no row is on its way.
    KeptOut,
}

impl Filter {
    /// Covers up to so many more blocks of the table, if that is possible without waiting. Returns whether more may be covered now.
    pub fn cover(&self, arguments: &Arguments, blocks: u32, others: Others) -> Result<bool> {
        let Some(pages) = Pages::open(self.table) else { return Ok(false) };
        let covered = directory::alone(self.table, u64::from(u32::from(self.root)), || {
            let Some((place, entry)) = self.entry(&pages)? else { return Ok(false) };
            self.cover_alone(arguments, blocks, others, &Open { pages: &pages, place, entry: &entry })
        });
        covered.unwrap_or(Ok(false))
    }

    fn cover_alone(&self, arguments: &Arguments, blocks: u32, others: Others, open: &Open) -> Result<bool> {
        let &Open { pages, place, entry } = open;
        let mut parts = coverage::read(pages, entry).unwrap_or_default();
        let own: Vec<Part> = self.leaves.iter().filter_map(|leaf| leaf.part).take(PARTS_MAX).collect();
        let mut horizon = entry.horizon;
        let is_new = |part: &Part| !parts.iter().any(|other| other.is(part));
        if own.iter().any(is_new) || horizon == NOT_YET {
            let mut announced: Vec<_> = own.iter().copied().filter(is_new).collect();
            // What is gone makes room. Another backend may know of partitions that this one does not: they are announced again.
            if parts.len() + announced.len() > PARTS_MAX {
                parts.retain(|part| own.iter().any(|other| other.is(part)));
            }
            announced.splice(0..0, parts.iter().copied());
            let before = coverage::read(pages, entry).unwrap_or_default();
            let set = |horizon: u64| {
                directory::change(pages, place, entry.name, |current| {
                    let is_same = current.epoch == entry.epoch;
                    if is_same {
                        current.horizon = horizon;
                    }
                    is_same
                })
            };
            if !set(NOT_YET) || !coverage::change(pages, entry, &before, &announced) {
                return Ok(false);
            }
            horizon = next_number();
            if !set(horizon) {
                return Ok(false);
            }
            parts = announced;
        }
        if others == Others::MayWrite && oldest_number() < horizon {
            return Ok(false);
        }
        let mut left = blocks;
        for at in 0..parts.len() {
            let part = parts[at];
            if part.is_covered() || !own.iter().any(|other| other.is(&part)) {
                continue;
            }
            let Some(after) = self.read(arguments, part, left, others, open)? else { continue };
            left = left.saturating_sub(after.next.saturating_sub(part.next).min(blocks));
            let before = parts.clone();
            parts[at] = after;
            let is_changed = coverage::change(pages, entry, &before, &parts)
                && directory::change(pages, place, entry.name, |current| {
                    let is_same = current.epoch == entry.epoch;
                    if is_same && after.is_covered() {
                        current.changes = current.changes.wrapping_add(1);
                    }
                    is_same
                });
            if !is_changed {
                return Ok(false);
            }
            if !after.is_covered() || left == 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Puts the keys of some blocks of a partition into the filter. `None` if the partition cannot be read now.
    fn read(
        &self,
        arguments: &Arguments,
        part: Part,
        blocks: u32,
        others: Others,
        open: &Open,
    ) -> Result<Option<Part>> {
        let &Open { pages, place, entry } = open;
        let oid = Oid::from(part.relation);
        if part.next == 0 && others == Others::MayWrite {
            // A transaction that has switched the trigger may have ended, and not have told of it yet. It still has its lock.
            let Glance::Open(_) = Relation::glance(oid, Lock::ShareUpdateExclusive) else { return Ok(None) };
        }
        let Glance::Open(relation) = Relation::glance(oid, Lock::AccessShare) else { return Ok(None) };
        if !parts::of(&[oid])?.first().is_some_and(|now| now.is(&part))
            || others == Others::KeptOut && relation.is_open_elsewhere()
        {
            return Ok(None);
        }
        let layout = Layout::of(&relation, arguments)?;
        let (mut is_whole, mut current) = (true, entry.clone());
        memory::scratch(|| {
            each_row(&relation, part.next, blocks, |held| {
                let row = held.row(&layout.descriptor);
                let Some(key) = layout.lock(self.root, &row) else { return };
                match self.put_in(pages, place, &current, key.hash) {
                    Put::Gone => is_whole = false,
                    // The filter has another layer by now.
                    Put::New { is_full: true } => match directory::at(pages, place, self.root) {
                        Some(grown) if grown.name == entry.name => current = grown,
                        _ => is_whole = false,
                    },
                    Put::New { .. } | Put::There => {}
                }
            });
        });
        if !is_whole {
            return Ok(None);
        }
        let next = part.next.saturating_add(blocks);
        // What is behind the end has come since, and whoever has put it there has put its key in.
        Ok(Some(if next >= relation.blocks() { part.covered() } else { Part { next, ..part } }))
    }
}
