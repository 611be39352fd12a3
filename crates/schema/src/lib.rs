//! JSON Schemas, without PostgreSQL: the admission of schemas, the validity of documents, and the compatibility of
//! schema versions.
#![forbid(unsafe_code)]
#![warn(unreachable_pub)]

mod admission;
mod annotations;
mod backtracking;
mod bounded;
mod bounds;
mod compatibility;
mod compile;
mod document;
mod formats;
mod keywords;
mod mask;
mod message;
mod outline;
mod parse;
mod place;
mod preview;
mod reference;
mod union;
mod unique;
mod validator;
mod violation;
mod walk;

pub use admission::{Findings, Terms, against_meta_schema, findings, is_deeper, problems};
pub use bounds::{Bounds, Exceeded};
pub use compatibility::{COMPARISON, Mode, UnknownMode, Verdict, Version, covers};
pub use compile::{Excess, Limits, Refusal, check_texts};
pub use document::{Form, Parsed, Stored};
pub use keywords::has_effect;
pub use parse::{parse, parse_document};
pub use reference::{Reference, UNREGISTERED, identity, outside, references, uri, with_versions};
pub use serde_json::Value;
pub use validator::{Formats, Patterns, Rules, Validator};
pub use violation::{Problem, Shown, Violation, Violations};
pub use walk::shared_identifier;
