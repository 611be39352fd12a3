//! Event schemas: a registry of versioned JSON Schemas, and tables whose documents match them.
//!
//! What a schema is, which are admitted, and whether a document is valid, `veritable_schema` knows. Here is the registry,
//! the trigger, and what a backend keeps. A backend never reads a schema from anywhere but the registry.

mod admission;
mod arguments;
mod attach;
mod compatibility;
mod compile;
mod ddl;
mod document;
mod errors;
mod feature;
mod known;
mod layout;
mod pg_jsonschema;
mod refusal;
mod register;
mod registry;
mod settings;
mod triggers;
mod validate;

pub use ddl::DDL;
pub use feature::FEATURE;
pub use settings::define as define_settings;
