//! Values and rows as JSON: the lines that the chain hashes, and the images that an index compares. The writers are in
//! `veritable_core`; the code here takes the values out of PostgreSQL for them.

pub mod form;
pub mod image;
pub mod pinned;
pub(super) mod value;
