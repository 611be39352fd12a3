//! Moves out of a default partition: the guard lets a row go, and the sealing trigger takes it back, if it is the same row.
//!
//! Maintenance of partitions moves rows of the default partition into one of their own, by DELETE and INSERT. What may go and come
//! is decided here; `src/table/moves.rs` sees to it that at the commit the same rows are back.
//!
//! Sessions that append to the entity meanwhile find the old version of a row, whose deletion is in progress, and may follow it: its
//! hash stays, whether the move is committed or rolled back. They must not miss both versions, and the entity's lock sees to that:
//! `docs/design/partitions.md`.

use veritable_core::chain::LinkHash;

use super::arguments::Arguments;
use super::feature::{FEATURE, GUARD};
use super::layout::Layout;
use super::search::hold_beside;
use super::triggers::{self, Chain};
use super::{own_heads, pointers};
use crate::pg::cache::{Cache, Derived};
use crate::pg::function::Answer;
use crate::pg::oid::Oid;
use crate::pg::relation::{Relation, name_of};
use crate::pg::report::{Class, Error, Result};
use crate::pg::row::{Descriptor, Row};
use crate::pg::transaction;
use crate::pg::trigger::{Firing, TriggerInfo};
use crate::table::{moves, standing};

pub use moves::are_open;

/// What is to be known of a relation whose rows go or come.
struct Place {
    relation: Oid,
    ancestors: Vec<Oid>,
    root: Oid,
    descriptor: Descriptor,
    /// The places of all columns except generated ones, in the order of their names: in another partition, other places may have
    /// the same columns.
    columns: Vec<usize>,
    /// The sealed ones among them.
    sealed: Vec<usize>,
    /// Whether rows may go: the relation is a default partition.
    is_default: bool,
    /// A trigger that could keep a row after the guard has let it go.
    late: Option<String>,
}

thread_local! {
    static PLACES: Cache<Place> = Cache::default();
}

impl Derived for Place {
    fn depends_on(&self, relation: Oid) -> bool {
        relation == self.relation || self.ancestors.contains(&relation)
    }
}

impl Place {
    fn of(relation: &Relation) -> Result<Place> {
        let root = triggers::root_of(relation)?.map_or(relation.oid(), |root| root.oid());
        let mut columns: Vec<_> = relation.columns().into_iter().filter(|column| !column.generated).collect();
        columns.sort_by(|one, other| one.name.cmp(&other.name));
        let columns: Vec<usize> = columns.iter().map(|column| column.place).collect();
        let sealed = Layout::of(relation, &Chain::required(relation)?.arguments)?.sealed;
        let guards = FEATURE.oids()?[GUARD];
        // By hand, the guard can have any name. Of several, the first lets the row go.
        let mut fired: Vec<_> = relation.triggers().into_iter().filter(TriggerInfo::before_delete_row).collect();
        fired.sort_by(|one, other| one.name.cmp(&other.name));
        let mut after = fired.into_iter().skip_while(|trigger| trigger.function != guards);
        Ok(Place {
            relation: relation.oid(),
            ancestors: relation.ancestors(),
            root,
            descriptor: Descriptor::of(relation),
            sealed: columns.iter().copied().filter(|place| sealed.contains(place)).collect(),
            columns,
            is_default: relation.is_in_default_partition(root),
            late: after.find(|trigger| trigger.function != guards).map(|trigger| trigger.name),
        })
    }

    /// The row, as bytes that are equal exactly if the stored values are. A replica may have excluded columns of its own making, and
    /// what it applies was compared where it comes from.
    fn image(&self, row: &Row) -> Vec<u8> {
        let mut image = u32::from(self.root).to_ne_bytes().to_vec();
        for &place in if transaction::is_of_subscription() { &self.sealed } else { &self.columns } {
            image.push(u8::from(row.is_null(place)));
            if !row.is_null(place) {
                row.append_image(place, &mut image);
            }
        }
        image
    }
}

/// Lets the row of a DELETE go, if it is in a default partition, until the same transaction puts it back. Returns whether it may.
/// What a subscription applies may go from anywhere: it was a move where it comes from.
pub fn take_out(firing: &Firing, refusal: fn(&str) -> Error) -> Result<bool> {
    let relation = firing.relation();
    let place = PLACES.with(|places| places.get(relation.oid(), || Place::of(&relation)))?;
    if !place.is_default && !transaction::is_of_subscription() {
        return Ok(false);
    }
    if let Some(late) = &place.late {
        return Err(refusal(&relation.name())
            .detail(format!("Trigger \"{late}\" fires after the guard, and could keep a row that is to be moved.")));
    }
    own_heads::forget();
    moves::take_out(place.root, &relation, &place.image(&firing.row(&place.descriptor)), refusal)?;
    Ok(true)
}

/// Takes a row back, as it is: it must be one of those that are out. It has its place in its chain, and is not sealed again. The
/// caller has seen to it that the inserter may supply the columns of the chain; `check_hash` checks the hash against the row.
pub fn put_back(
    firing: &Firing,
    row: Row,
    layout: &Layout,
    arguments: &Arguments,
    check_hash: impl FnOnce(&Row) -> Result<LinkHash>,
) -> Result<Answer> {
    let relation = firing.relation();
    let place = PLACES.with(|places| places.get(relation.oid(), || Place::of(&relation)))?;
    if row.is_null(layout.hash.place) {
        return Err(unfinished(arguments, &name_of(place.root)));
    }
    check_hash(&row)?;
    // Whoever searches for the entity's newest event meanwhile finds the row at its old place, and whoever does later searches
    // everywhere.
    let standing = standing::take(relation.oid());
    if !hold_beside(layout.key(place.root, &row)?, standing.as_deref(), firing, &row)? {
        return Ok(Answer::VOID);
    }
    pointers::void_chain_of(&relation)?;
    own_heads::forget();
    moves::put_back(place.root, &relation, &place.image(&row))?;
    Ok(row.into_answer())
}

/// The error of an append while rows are out: the newest event of its entity may be one of them.
fn unfinished(arguments: &Arguments, table: &str) -> Error {
    Error::new(Class::State, format!("cannot append to chained table \"{table}\" while its rows are moved"))
        .detail("This transaction has deleted rows of a default partition, and has not put them back yet.")
        .hint(format!(
            "Insert these rows first, with all their columns, \"{}\" included; or append in another transaction.",
            arguments.hash
        ))
}
