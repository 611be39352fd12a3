//! Problems of a packing's triggers and constraint, and ways around them: each a sentence, for a row `unguarded`.

use super::constraint::{index_of, scan_of};
use super::layout::Layout;
use super::triggers::Packing;
use crate::pg::relation::Relation;
use crate::pg::report::Result;
use crate::table::problems;

/// The problems of a packed table's triggers and constraint, and the ways around them.
pub fn of(relation: &Relation, layout: &Layout, packing: Packing) -> Result<Vec<String>> {
    let mut found = packing.problems;
    if index_of(relation, layout).and_then(|index| scan_of(relation, layout, &index)).is_none() {
        found.push("The exclusion constraint of the packing is missing.".to_string());
    }
    found.extend(problems::rules(&[relation.oid()])?);
    Ok(found)
}
