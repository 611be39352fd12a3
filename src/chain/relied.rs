//! The rows of `veritable.prunings` that a verification relies on: they have to verify themselves.

use veritable_core::chain::LinkHash;

use super::passes::Table;
use super::prune::prunings;
use super::triggers::Chain;
use super::verdict::Verdict;
use crate::pg::acting::as_owner_of;
use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Result, number};
use crate::pg::spi::Session;
use crate::table::faults::{Fault, Faults, Place};
use crate::table::verification;

/// The most faults of which each is looked at; above it, no row counts.
const FAULTS_MAX: usize = 1000;

/// What is wrong with the rows about a table.
pub struct Doubt {
    /// Sentences.
    pub detail: String,
    /// The rows that do not count, as [`place`] writes them; `None` if none counts.
    pub rows: Option<Vec<String>>,
}

/// Verifies the chains of `veritable.prunings` that have rows about the chain of a table, as their owner.
pub fn verify(session: &Session, target: Oid, genesis: &LinkHash) -> Result<std::result::Result<(), Doubt>> {
    let mut faults = Faults::each(FAULTS_MAX);
    as_owner_of(prunings::table()?, |acting| {
        verification::without_indexes(acting);
        // The chains are few, and their rows are many: in whatever order, they are not sorted whole.
        acting.set(c"enable_sort", c"off");
        verify_chains(session, target, genesis, &mut faults)
    })??;
    let count = faults.count();
    if count == 0 {
        return Ok(Ok(()));
    }
    let faults = faults.into_each();
    let first = faults.first().map(|first| {
        let place = first.place.text().map_or(String::new(), |place| format!(" at seq {place}"));
        format!(" The first is \"{}\"{place}: {}", first.fault, first.detail)
    });
    let detail = format!(
        "The rows of veritable.prunings about this table have {}, and those rows do not count.{}",
        number(count, "fault"),
        first.unwrap_or_default()
    );
    let is_all = faults.len() as u64 == count;
    Ok(Err(Doubt { detail, rows: is_all.then(|| faults.iter().flat_map(distrusted).collect()) }))
}

/// The name of a row: its entity in the chain, and its seq.
pub fn place(key: &[Option<String>], seq: i64) -> String {
    let key: Vec<_> = key.iter().map(|value| value.as_deref().unwrap_or_default()).collect();
    format!("{}\u{1}{seq}", key.join("\u{1}"))
}

/// The rows of `veritable.prunings` that a fault puts in doubt: that of the fault, and the one before, which another may have
/// sealed anew.
fn distrusted(fault: &Fault) -> Vec<String> {
    let (Some(key), Place::Number(seq)) = (&fault.key, &fault.place) else { return Vec::new() };
    let before = (fault.fault == "unlinked").then(|| seq.saturating_sub(1));
    before.into_iter().chain([*seq]).map(|seq| place(key, seq)).collect()
}

fn verify_chains(session: &Session, target: Oid, genesis: &LinkHash, faults: &mut Faults) -> Result<()> {
    let relation = Relation::open(prunings::table()?, Lock::AccessShare)?;
    let Some(chain) = Chain::of(&relation)? else {
        faults.unread(relation.oid(), "The table veritable.prunings is not chained.");
        return Ok(());
    };
    let mut table = Table::of(&relation, &chain)?;
    let genesis: String = genesis.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    table.condition = format!(
        "WHERE ({event}.about, {event}.series) IN (SELECT p.about, p.series FROM veritable.prunings p WHERE {})",
        prunings::of_chain(
            &format!("{}::pg_catalog.oid", u32::from(target)),
            &format!("'\\x{genesis}'::pg_catalog.bytea")
        ),
        event = table.alias,
    );
    // No order of rows counts, so nor does that of their times.
    table.recorded = None;
    table.verify(session, None, &mut Verdict { faults })
}
