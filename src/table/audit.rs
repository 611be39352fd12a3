//! `verify_all()`: every guarantee of the database in one call, and the indexes of its tables.

use super::attempts::Attempts;
use super::faults::Faults;
use super::feature::{self, Listed};
use super::{indexes, verification};
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::report::{Error, Result, notice};

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
    if with_indexes {
        faults.set_counts((0, 0, 0));
        indexes::verify(&mut Attempts::begin(), &mut faults)?;
        verified.push(if faults.rows == 1 { "1 index".to_string() } else { format!("{} indexes", faults.rows) });
    }
    notice(faults.summary(&verified.join(", ")));
    Ok(Answer::NULL)
}
