//! Event schemas: a registry of versioned JSON Schemas, and tables whose documents match them.
//!
//! `veritable_schema` defines schemas, admits them, and validates documents. This folder has the registry, the trigger,
//! and a backend's cache. A backend reads schemas only from the registry.

mod admission;
mod arguments;
mod attach;
mod claims;
mod compatibility;
mod compile;
mod ddl;
mod document;
mod errors;
mod feature;
mod known;
mod layout;
mod pg_jsonschema;
mod problems;
mod refusal;
mod register;
mod registry;
mod settings;
mod strictness;
mod triggers;
mod validate;
mod verify;

pub use ddl::DDL;
pub use feature::FEATURE;
pub use settings::define as define_settings;
