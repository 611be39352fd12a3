//! `veritable.pack()`, the trigger that merges what a statement has made neighbours; and `pack(table)`.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::arguments::Arguments;
use super::constraint;
use super::feature::{FEATURE, PACK};
use super::layout::Layout;
use super::look::{look, look_at_all};
use super::merge::{self, Commands};
use super::row_locks::{self, Locked};
use super::triggers::Packing;
use crate::pg::acting::as_owner;
use crate::pg::cache::{Cache, Derived};
use crate::pg::changing::{After, Errors};
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::lock;
use crate::pg::oid::Oid;
use crate::pg::range_scan::Touching;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Error, Result};
use crate::pg::spi;
use crate::pg::stack;
use crate::pg::trigger::{Firing, TriggerInfo};
use crate::pg::version::Command;
use crate::table::turn;

sql_function! {
    /// `veritable.pack()`: AFTER INSERT or AFTER UPDATE FOR EACH STATEMENT, with the new rows as a table.
    veritable_pack = pack_statement
}
sql_function! {
    /// `pack(regclass) → bigint`
    veritable_pack_table = pack_table
}

/// What packing the rows of one table needs.
pub struct Packer {
    layout: Layout,
    index: Touching,
    index_oid: Oid,
    commands: Commands,
    /// A trigger of the table may change what an UPDATE writes.
    is_bent: bool,
}

thread_local! {
    static PACKERS: Cache<Packer> = Cache::default();
}

impl Derived for Packer {
    fn depends_on(&self, relation: Oid) -> bool {
        relation == self.layout.relation || relation == self.index_oid
    }
}

impl Packer {
    /// The packer for the table of a firing.
    pub fn of(firing: &Firing) -> Result<Rc<Packer>> {
        PACKERS.with(|packers| {
            packers.get(firing.relation_oid(), || {
                let relation = firing.relation();
                relation.require_plain(FEATURE.participle)?;
                let layout = Layout::of(&relation, &Arguments::parse(&firing.arguments())?)?;
                let index =
                    constraint::index_of(&relation, &layout).ok_or_else(|| constraint::missing_index(&relation))?;
                Ok(Packer {
                    index: constraint::scan_of(&relation, &layout, &index)
                        .ok_or_else(|| constraint::missing_index(&relation))?,
                    index_oid: index.oid,
                    commands: Commands::of(&layout),
                    is_bent: relation.triggers().iter().any(TriggerInfo::before_update_row),
                    layout,
                })
            })
        })
    }

    /// Where the columns are.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The keys of the statement's rows, as many as are locked one by one at most, and one more.
    fn keys(&self, firing: &Firing) -> Result<BTreeSet<lock::Key>> {
        let mut keys = BTreeSet::new();
        let places = self.layout.places();
        firing.each_changed_row(&self.layout.descriptor, &places, |row| {
            self.layout.period(row)?;
            if keys.len() <= lock::fair_share() {
                keys.extend(self.layout.lock_key(row));
            }
            Ok(())
        })?;
        Ok(keys)
    }
}

fn pack_statement(call: &Call) -> Result<Answer> {
    let firing = call.firing()?;
    if !firing.has_new_rows() {
        return Err(FEATURE.misplaced(PACK));
    }
    let packer = Packer::of(&firing)?;
    // What packing has widened touches nothing else, unless a trigger has bent it.
    if merge::is_awaited(&firing) && !packer.is_bent {
        return Ok(Answer::VOID);
    }
    let (relation, started) = (firing.relation(), Command::running());
    let keys = packer.keys(&firing)?;
    if keys.is_empty() {
        return Ok(Answer::VOID);
    }
    loop {
        stack::check_for_interrupts();
        let turn = turn::take(relation.oid(), &keys);
        let changes = look(&firing, &relation, &packer.layout, &packer.index, started)?;
        if changes.is_empty() {
            return Ok(Answer::VOID);
        }
        match row_locks::lock(&relation, changes.shared()) {
            Locked::All => {
                spi::connect(|session| changes.apply(session, &relation, &packer.commands, After::Statement))?;
                return Ok(Answer::VOID);
            }
            Locked::Busy(tid, intent) => row_locks::wait_for(&relation, turn, tid, intent),
            Locked::Gone => {}
        }
    }
}

fn pack_table(call: &Call) -> Result<Answer> {
    let target = call.oid(0).ok_or_else(|| Error::null_argument("target"))?;
    let relation = Relation::open_owned(target, Lock::ShareRowExclusive)?;
    let packing = Packing::required(&relation)?;
    relation.require_plain(FEATURE.participle)?;
    let layout = Layout::of(&relation, &packing.arguments)?;
    let absorbed = pack_all(&relation, &layout)?;
    Ok(Answer::from(absorbed as i64))
}

/// Packs all rows of a table of the caller's, and says how many were merged into others.
///
/// As the owner, whoever calls: also where row-level security is forced on the owner, whose rows must all be seen. The
/// triggers fire within, so that none of them runs as the caller.
pub fn pack_all(relation: &Relation, layout: &Layout) -> Result<u64> {
    let _errors = (!relation.is_owned_by_current_role()).then(Errors::refer_to_owner);
    as_owner(relation, |_| {
        spi::connect(|session| {
            let changes = look_at_all(session, layout)?;
            if changes.is_empty() {
                return Ok(0);
            }
            changes.apply(session, relation, &Commands::of(layout), After::Command)
        })
    })
}
