//! The list of features. A new feature is a folder in `src`, a row here, an SQL file, a page in `docs` and a folder of
//! tests: CONTRIBUTING.md gives the steps, and `tests/architecture` checks that none was forgotten.

use crate::table::audit::Beside;
use crate::table::feature::{Exclusion, Listed};
use crate::table::keepers::Keeper;
use crate::table::loosened::Listener;
use crate::table::makers::Maker;
use crate::{as_of, chain, dedup, history, log, packing, reference, validation};

/// All features, in the firing order of their BEFORE row triggers. PostgreSQL fires triggers in the order of their names:
/// deduplication is first, because a skipped row needs nothing else; then validation, because it puts a schema's version into the
/// row; sealing is last, because it hashes the final row.
/// References and histories have no such triggers.
pub static FEATURES: [Listed; 6] = [
    Listed { feature: &reference::FEATURE, ddl: &reference::DDL },
    Listed { feature: &dedup::FEATURE, ddl: &dedup::DDL },
    Listed { feature: &validation::FEATURE, ddl: &validation::DDL },
    Listed { feature: &packing::FEATURE, ddl: &packing::DDL },
    Listed { feature: &history::FEATURE, ddl: &history::DDL },
    Listed { feature: &chain::FEATURE, ddl: &chain::DDL },
];

/// The pairs of features that exclude each other on one table.
pub static EXCLUSIONS: [Exclusion; 3] = [
    Exclusion {
        features: ["chain", "packing"],
        detail: "Packing changes and deletes rows, and a chain allows neither.",
        hint: "Use add_history() to record the changes of the packed table in a chained table of their own.",
    },
    Exclusion {
        features: ["chain", "history"],
        detail: "A chain is its own history: its rows do not change.",
        hint: "Use one of them.",
    },
    Exclusion {
        features: ["dedup", "packing"],
        detail: "Packing merges rows, and so takes away keys that a deduplication has seen.",
        hint: "A packing keeps the periods of a key apart by itself.",
    },
];

/// What generates functions for tables, which follow their tables.
pub static MAKERS: [Maker; 2] = [as_of::MAKER, history::MAKER];

/// The guarantees without triggers of their own, which verify_all() verifies as well.
pub static BESIDE: [Beside; 1] = [log::BESIDE];

/// What keeps something about tables in tables of the extension, or has a word in what is pruned from them.
pub static KEEPERS: [Keeper; 5] = [chain::KEEPER, dedup::KEEPER, log::KEEPER, history::KEEPER, as_of::KEEPER];

/// What remembers something of tables that holds only while their triggers see each row.
pub static LISTENERS: [Listener; 2] = [chain::LISTENER, dedup::LISTENER];
