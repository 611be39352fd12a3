//! Text to a schema.

use crate::{Problem, Value};

/// The value that a JSON text stands for: numbers as they are written, of repeated names the last, at most 128 levels.
///
/// # Errors
/// The text is no JSON, or deeper.
pub fn parse(text: &str) -> Result<Value, Problem> {
    serde_json::from_str(text).map_err(|error| Problem { location: String::new(), message: error.to_string() })
}
