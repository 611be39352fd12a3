//! From text to schema.

use crate::{Problem, Value};

/// The value of a JSON text: numbers as they are written, the last member of a repeated name, at most 128 levels.
///
/// # Errors
/// The text is not JSON, or has more levels.
pub fn parse(text: &str) -> Result<Value, Problem> {
    serde_json::from_str(text).map_err(|error| Problem { location: String::new(), message: error.to_string() })
}
