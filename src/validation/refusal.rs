//! The errors of a schema that is not registered or not compiled.

use veritable_schema::{Excess, Problem, Refusal};

use super::{document, settings};
use crate::pg::report::{Class, Error};

/// The maximum length of a location in a message.
const LOCATION_MAX: usize = 500;

/// The error of a schema that cannot be registered or used.
pub fn not_valid(problems: &[Problem]) -> Error {
    Error::new(Class::Argument, "schema is not valid").detail(document::detail_of(problems))
}

/// The error of a schema that is not compiled.
pub fn refused(refusal: Refusal) -> Error {
    let (of, location) = match refusal {
        Refusal::Problem(problem) => return not_valid(&[problem]),
        Refusal::Excess { of, location } => (of, location),
    };
    let place = document::shortened(location, LOCATION_MAX);
    let at = if place.is_empty() { String::new() } else { format!(" at {place}") };
    let exceeded = if place.is_empty() { String::new() } else { format!(", exceeded{at}") };
    let increase = |setting: &str| format!("Increase the configuration parameter \"{setting}\".");
    match of {
        Excess::Work | Excess::Interrupted => Error::new(Class::Limit, "schema is too complex to be compiled")
            .detail(format!("It takes more than {} steps{exceeded}.", settings::schema_work_limit()))
            .hint(increase("veritable.schema_work_limit")),
        Excess::Patterns => Error::new(Class::Limit, "patterns of the schema are too large to be compiled")
            .detail(format!(
                "Together they take more than {} kB{exceeded}.",
                settings::schema_pattern_limit() / 1024
            ))
            .hint(increase("veritable.schema_pattern_limit")),
        Excess::Lost => Error::new(Class::Limit, "too many recursive schemas have been compiled in this session")
            .detail("Compiled schemas with recursive references below \"unevaluatedProperties\" or \"unevaluatedItems\" keep their memory.")
            .hint("Start a new session."),
        Excess::Stack => Error::new(Class::Limit, "schema is nested too deeply to be compiled")
            .detail(format!("Its sub-schemas and references lead further down than the stack allows{at}."))
            .hint(increase("max_stack_depth")),
    }
}
