//! `veritable.pack()`, the trigger that merges the new neighbours of a statement, and `pack(table)`.

use super::feature::{FEATURE, PACK};
use super::layout::Layout;
use super::look::{look, look_at_all};
use super::merge::{self, Commands};
use super::packer::Packer;
use super::row_locks::{self, Locked};
use super::triggers::Packing;
use crate::pg::acting::as_owner;
use crate::pg::changing::{After, Errors};
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Error, Result};
use crate::pg::spi;
use crate::pg::stack;
use crate::pg::version::Command;
use crate::table::{journal, together, turn};

sql_function! {
    /// `veritable.pack()`: AFTER INSERT or AFTER UPDATE FOR EACH STATEMENT, with the new rows as a table.
    veritable_pack = pack_statement
}
sql_function! {
    /// `pack(regclass) → bigint`
    veritable_pack_table = pack_table
}

fn pack_statement(call: &Call) -> Result<Answer> {
    let firing = call.firing()?;
    if !firing.has_new_rows() {
        return Err(FEATURE.misplaced(PACK));
    }
    let packer = Packer::of(&firing)?;
    // Rows that packing itself has widened touch no other row, unless a trigger has changed the UPDATE.
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
        let changes = look(&firing, &relation, packer.layout(), &packer.index, started)?;
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
    if absorbed > 0 {
        let (about, detail) = (relation.stable_name(), format!("{{\"absorbed\": {absorbed}}}"));
        spi::connect(|session| journal::record(session, &about, "pack", None, Some(&detail)))?;
    }
    Ok(Answer::from(absorbed as i64))
}

/// Packs all rows of a table that the caller owns, and returns the number of absorbed rows.
///
/// Acts as the owner for any caller, because packing must see all rows, even if row-level security is forced on the
/// owner. The triggers fire here, so that none of them runs as the caller.
pub fn pack_all(relation: &Relation, layout: &Layout) -> Result<u64> {
    let _errors = (!relation.is_owned_by_current_role()).then(Errors::refer_to_owner);
    as_owner(relation, |_| {
        together::run(|| {
            spi::connect(|session| {
                let changes = look_at_all(session, layout)?;
                if changes.is_empty() {
                    return Ok(0);
                }
                changes.apply(session, relation, &Commands::of(layout), After::Command)
            })
        })
    })
}
