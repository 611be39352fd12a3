//! `verify_all()`: every guarantee of the database in one call, and the indexes of its tables.

use std::sync::OnceLock;

use super::attempts::Attempts;
use super::faults::Faults;
use super::feature::{self, Feature, Listed};
use super::verification::Table;
use super::{indexes, verification};
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::relation::Relation;
use crate::pg::report::{Error, Result};

/// A guarantee without triggers of its own: it is about tables that another feature guards.
pub struct Beside {
    /// The guarantee, described for verification alone.
    pub feature: &'static Feature,
    /// The tables that have it.
    pub tables: fn() -> Result<Vec<Table>>,
    /// Verifies the rows, as the owner of the table.
    pub verify: fn(&Relation, &mut Faults) -> Result<()>,
}

/// All guarantees without triggers, set by [`register`].
static BESIDE: OnceLock<&[Beside]> = OnceLock::new();

/// Registers the guarantees without triggers when the library is loaded.
pub fn register(beside: &'static [Beside]) {
    // A process loads the library once.
    let _ = BESIDE.set(beside);
}

sql_function! {
    /// `verify_all(boolean) → set of faults`
    veritable_verify_all = verify_all
}

fn verify_all(call: &Call) -> Result<Answer> {
    let with_indexes = call.boolean(0).ok_or_else(|| Error::null_argument("indexes"))?;
    let mut faults = Faults::answer_of_guarantees(call.rows());
    let mut verified = Vec::new();
    for Listed { feature, ddl } in feature::all().iter().rev() {
        faults.set_counts((0, 0, 0));
        let mut verify = ddl.verify;
        verification::all(feature, &mut faults, &mut verify)?;
        verified.push(faults.verified(feature));
    }
    for Beside { feature, tables, verify } in BESIDE.get().copied().unwrap_or_default() {
        faults.set_counts((0, 0, 0));
        let tables = tables()?;
        if !tables.is_empty() {
            let mut verify = *verify;
            verification::all_of(tables, feature, &mut faults, &mut verify)?;
            verified.push(format!("{} against checkpoints", faults.verified(feature)));
        }
    }
    if with_indexes {
        faults.set_counts((0, 0, 0));
        indexes::verify(&mut Attempts::begin(), &mut faults)?;
        verified.push(if faults.rows == 1 { "1 index".to_string() } else { format!("{} indexes", faults.rows) });
    }
    faults.close(&verified.join(", "));
    Ok(Answer::NULL)
}
