//! JSON Schemas, without PostgreSQL: the admission of schemas, the validity of documents, and the compatibility of
//! schema versions.
#![forbid(unsafe_code)]
#![warn(unreachable_pub)]

mod admission;
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
mod preview;
mod reference;
mod unique;
mod validator;
mod violation;
mod walk;

pub use admission::{is_deeper, problems};
pub use bounds::{Bounds, Exceeded};
pub use compatibility::{Mode, UnknownMode, Verdict, Version, covers};
pub use compile::{Excess, Limits, Refusal, check_texts};
pub use document::{Form, Parsed, Stored};
pub use parse::parse;
pub use reference::{Reference, references, uri, with_versions};
pub use serde_json::Value;
pub use validator::{Formats, Patterns, Rules, Validator};
pub use violation::{Problem, Shown, Violation, Violations};
pub use walk::shared_identifier;
