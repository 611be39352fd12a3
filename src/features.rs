//! The list of features. A new feature is a folder in `src`, a row here, an SQL file, a page in `docs` and a folder of
//! tests: CONTRIBUTING.md gives the steps, and `tests/architecture` checks that none was forgotten.

use crate::table::feature::{Exclusion, Listed};
use crate::{chain, packing, reference, validation};

/// All features, in the firing order of their BEFORE row triggers. PostgreSQL fires triggers in the order of their names:
/// a reference, which has none, is first. Validation is next, because it puts a schema's version into the row; sealing is last, because it hashes the final row.
pub static FEATURES: [Listed; 4] = [
    Listed { feature: &reference::FEATURE, ddl: &reference::DDL },
    Listed { feature: &validation::FEATURE, ddl: &validation::DDL },
    Listed { feature: &packing::FEATURE, ddl: &packing::DDL },
    Listed { feature: &chain::FEATURE, ddl: &chain::DDL },
];

/// The pairs of features that exclude each other on one table.
pub static EXCLUSIONS: [Exclusion; 1] = [Exclusion {
    features: ["chain", "packing"],
    detail: "Packing changes and deletes rows, and a chain allows neither.",
    hint: "Record the changes of the packed table in a chained table of their own.",
}];
