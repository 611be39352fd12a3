//! The keys under which pruned runs are found, after a command that may have changed the types of entity columns.
//!
//! Sealing and attaching look a run up by the hash of its entity's values. Another type, or another collation, can hash the same
//! values otherwise. So the keys are made anew from the texts of the entities, which are what was recorded. Verification makes
//! each key itself, and does not depend on this.

use super::prunings::{self, as_extension};
use super::record::array_of;
use crate::chain::layout::Layout;
use crate::chain::triggers::Chain;
use crate::pg::acting::as_owner;
use crate::pg::line::pinned::Pinned;
use crate::pg::memory;
use crate::pg::relation::Relation;
use crate::pg::report::{Class, Error, Result};
use crate::pg::snapshot::Latest;
use crate::pg::spi::{self, Parameter, Session};
use crate::pg::transaction;

/// The number of entities that are read at a time.
const BATCH: usize = 1000;

/// The entities whose keys are other ones now: their texts, and their keys before and after.
#[derive(Default)]
struct Other {
    entities: Vec<String>,
    before: Vec<i64>,
    after: Vec<i64>,
    /// The number of rows about them.
    rows: i64,
}

/// Gives the runs that were pruned from the chain of a table the keys of its present columns. Refuses a change under which the
/// entity of a run has no value any more, or another text: nobody could tell whose next event follows that run.
pub fn follow(table: &Relation) -> Result<()> {
    let Some(chain) = Chain::of(table)? else { return Ok(()) };
    let genesis = chain.arguments.genesis()?;
    if !prunings::has_any_now(table.oid(), &genesis)? {
        return Ok(());
    }
    let layout = Layout::of(table, &chain.arguments)?;
    let parameters = [table.oid().into(), genesis.as_bytes().as_slice().into()];
    let rekey = |session: &Session| {
        let cursor = as_extension(|| {
            session.cursor(
                "SELECT p.key, p.entity, pg_catalog.count(*) FROM veritable.prunings p
                 WHERE p.target = $1::pg_catalog.oid AND p.genesis = $2
                   AND pg_catalog.array_position(p.entity, NULL) IS NULL
                 GROUP BY p.key, p.entity",
                &parameters,
                true,
            )
        })?;
        loop {
            let (other, is_over) = memory::scratch(|| -> Result<_> {
                let batch = cursor.fetch(BATCH);
                let read = batch.rows().map(|row| Some((row.get(0)?, row.get(1)?, row.get(2)?))).collect::<Option<_>>();
                let read = read.ok_or_else(|| Error::damaged("veritable.prunings"))?;
                let other = transaction::attempt(|| as_owner(table, |_| changed(&layout, read)));
                Ok((other.map_err(|failure| refusal(table, &failure.message))?, batch.is_empty()))
            })?;
            if !other.entities.is_empty() {
                other.write(session, &parameters)?;
            }
            if is_over {
                return Ok(());
            }
        }
    };
    Latest::during(|_| spi::connect(rekey))
}

impl Other {
    fn write(self, session: &Session, [target, genesis]: &[Parameter; 2]) -> Result<()> {
        let parameters = [target.clone(), genesis.clone(), self.entities.into(), self.before.into(), self.after.into()];
        let written = as_extension(|| {
            session.run(
                "UPDATE veritable.prunings p SET key = other.after
                 FROM (SELECT pg_catalog.unnest($3::pg_catalog.text[])::pg_catalog.text[],
                              pg_catalog.unnest($4::pg_catalog.int8[]), pg_catalog.unnest($5::pg_catalog.int8[]))
                      AS other (entity, before, after)
                 WHERE p.target = $1::pg_catalog.oid AND p.genesis = $2 AND p.key = other.before
                   AND p.entity = other.entity",
                &parameters,
            )
        })?;
        if i64::try_from(written) == Ok(self.rows) {
            return Ok(());
        }
        // The transaction keeps a snapshot that does not show all that was pruned.
        Err(Error::new(Class::Serialization, "could not serialize access due to concurrent pruning of the chain")
            .hint("The transaction might succeed if retried."))
    }
}

fn refusal(table: &Relation, reason: &str) -> Error {
    let name = table.name();
    Error::new(Class::State, format!("cannot change what names the entities of chained table \"{name}\""))
        .detail(format!("Events were pruned, and the entity of some of them would no longer be the same: {reason}."))
        .hint("drop_chain() ends the chain, and add_chain(…, reseal => true) begins a new one.")
}

/// Of these keys and entities, those that have another key now.
fn changed(layout: &Layout, read: Vec<(i64, Vec<String>, i64)>) -> Result<Other> {
    let _pinned = Pinned::new();
    let mut other = Other::default();
    for (before, entity, rows) in read {
        let row = layout.row_of_entity(&entity)?;
        let entity: Vec<_> = entity.into_iter().map(Some).collect();
        if layout.entity_texts(&row) != entity {
            return Err(Error::new(Class::State, "a value has another text now"));
        }
        let after = layout.entity_key(&row);
        if after != before {
            other.entities.push(array_of(&entity));
            other.before.push(before);
            other.after.push(after);
            other.rows += rows;
        }
    }
    Ok(other)
}
