//! The list of features. A new one is a folder in `src`, a row here, an SQL file, a page in `docs` and a folder of tests:
//! CONTRIBUTING.md says how, and `tests/architecture` whether something was forgotten.

use crate::table::feature::{Exclusion, Listed};
use crate::{chain, packing, validation};

/// All features, in the order in which their BEFORE row triggers fire. PostgreSQL fires them in the order of their names:
/// a document is validated first, since a schema's version is put into the row; a row is sealed last, as it will be.
pub static FEATURES: [Listed; 3] = [
    Listed { feature: &validation::FEATURE, ddl: &validation::DDL },
    Listed { feature: &packing::FEATURE, ddl: &packing::DDL },
    Listed { feature: &chain::FEATURE, ddl: &chain::DDL },
];

/// The features that no table can have both.
pub static EXCLUSIONS: [Exclusion; 1] = [Exclusion {
    features: ["chain", "packing"],
    detail: "Packing changes and deletes rows, and a chain allows neither.",
    hint: "Record the changes of the packed table in a chained table of their own.",
}];
