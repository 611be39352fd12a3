//! The state as of any moment: functions that answer what was valid then, as it was known then.
//!
//! `add_as_of()` runs `attach` → `chain` (the chain, as its view tells it) → `index` → `functions`. Nothing of this takes
//! part in an INSERT. `settled_at()` says which answers can no longer change.

mod attach;
mod chain;
mod functions;
mod index;
mod pruned;
mod settled;

pub use functions::MAKER;
pub use pruned::KEEPER;
