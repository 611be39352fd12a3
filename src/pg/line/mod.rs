//! Values and rows as JSON: the lines that are hashed, and the images that are compared. The writers are in
//! `veritable_core`; here values are taken out of PostgreSQL for them.

pub mod form;
pub mod image;
pub mod pinned;
pub(super) mod value;
