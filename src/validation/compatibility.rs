//! `schema_compatibility()`, and the check that a version may follow the previous versions.

use veritable_schema::{Mode, Value, Verdict, Version, covers};

use super::document::shortened;

use super::{admission, compile, document, refusal, registry, settings};
use crate::pg::datum::Jsonb;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::report::{Class, Error, Result};
use crate::pg::stack;

sql_function! {
    /// `schema_compatibility(jsonb, jsonb) → setof record`
    veritable_schema_compatibility = schema_compatibility
}

/// The mode of this name. Schema registries write modes in capitals; this function accepts any case.
pub fn mode(name: &str) -> Result<Mode> {
    name.to_ascii_uppercase().parse().map_err(|_| {
        Error::new(Class::Argument, format!("unrecognized compatibility \"{name}\""))
            .hint("Available values: NONE, BACKWARD, FORWARD, FULL, BACKWARD_TRANSITIVE, FORWARD_TRANSITIVE, FULL_TRANSITIVE.")
    })
}

/// Refuses a schema that may not follow the versions of `name`. They are read one by one, the newest first.
pub fn check(name: &str, mode: Mode, schema: &Value, resources: &[(String, Value)]) -> Result<()> {
    let new = Version { schema, resources };
    let count = match mode {
        Mode::None => 0,
        mode if mode.transitive() => usize::MAX,
        _ => 1,
    };
    let versions = registry::numbers(name)?.map_or_else(Vec::new, |numbers| numbers.with_schema);
    for version in versions.into_iter().take(count) {
        let record = registry::read(name, Some(version))?.ok_or_else(|| registry::damaged(name, version))?;
        let mut old = record.schema.ok_or_else(|| registry::damaged(name, version))?;
        let resources = compile::registered(name, version, &mut old, &record.resolved)?;
        let old = Version { schema: &old, resources: &resources };
        if mode.backward() {
            let what = format!("is not backward compatible with version {version}");
            require(compare(&new, &old), name, &what, "Documents that were valid are refused now")?;
        }
        if mode.forward() {
            let what = format!("is not forward compatible with version {version}");
            require(compare(&old, &new), name, &what, "Documents are valid that were refused before")?;
        }
    }
    Ok(())
}

fn require(verdict: Verdict, name: &str, what: &str, lost: &str) -> Result<()> {
    const OVERRIDE: &str = "With compatibility => 'NONE' it is registered without this check.";
    let message = format!("schema {what} of event schema \"{name}\"");
    match verdict {
        Verdict::Compatible => Ok(()),
        Verdict::Incompatible { example, lost: schema } => {
            // Both are made of the schemas, which the registry shows to everybody, and hold nothing of stored documents.
            let detail = match (example, schema) {
                (Some(example), _) => {
                    Some(format!("{lost}; for example: {}", shortened(example.to_string(), LOST_MAX)))
                }
                (None, Some(schema)) => {
                    Some(format!("{lost}; in this schema: {}", shortened(schema.to_string(), LOST_MAX)))
                }
                (None, None) => None,
            };
            let error = Error::new(Class::Check, message).hint(OVERRIDE);
            Err(match detail {
                Some(detail) => error.detail(detail),
                None => error,
            })
        }
        Verdict::Undecided { reason, place } => {
            Err(Error::new(Class::Check, message.replace(" is not ", " may not be "))
                .detail(format!("It could not be decided: {}.", at(reason, place)))
                .hint(OVERRIDE))
        }
    }
}

/// The reason of no verdict, with its place.
fn at(reason: String, place: Option<String>) -> String {
    match place {
        Some(place) => format!("{reason}, at {}", shortened(place, LOST_MAX)),
        None => reason,
    }
}

/// The maximum length of a lost document or schema: the larger it is, the less a reader learns from its end.
const LOST_MAX: usize = 2000;

/// Compares the schemas: is every document that `old` allows valid under `new`?
fn compare(new: &Version, old: &Version) -> Verdict {
    // The library's part of the comparison cannot be interrupted.
    stack::check_for_interrupts();
    let verdict = covers(new, old, settings::formats(), &document::limits(), settings::comparison_work_limit());
    stack::check_for_interrupts();
    verdict
}

fn schema_compatibility(call: &Call) -> Result<Answer> {
    let argument = |position, name| -> Result<(Value, Vec<(String, Value)>)> {
        let text = call.jsonb_text(position).ok_or_else(|| Error::null_argument(name))?;
        let problems = admission::problems(&text, false)?;
        if !problems.is_empty() {
            return Err(refusal::not_valid(&problems));
        }
        let mut schema = admission::parse(&text)?;
        let resolved = compile::resolve(&schema)?;
        let resources = compile::complete(&mut schema, &resolved)?;
        Ok((schema, resources))
    };
    let (old, new) = (argument(0, "old")?, argument(1, "new")?);
    let old = Version { schema: &old.0, resources: &old.1 };
    let new = Version { schema: &new.0, resources: &new.1 };
    let (backward, forward) = (compare(&new, &old), compare(&old, &new));
    let (backward, forward) = (Told::of(backward), Told::of(forward));
    call.rows().put([
        backward.word.into(),
        forward.word.into(),
        backward.lost.into(),
        forward.lost.into(),
        backward.example.into(),
        forward.example.into(),
        backward.reason.into(),
        forward.reason.into(),
    ]);
    Ok(Answer::NULL)
}

/// What a row says of a verdict.
struct Told {
    word: &'static str,
    lost: Option<Jsonb>,
    example: Option<Jsonb>,
    reason: Option<String>,
}

impl Told {
    fn of(verdict: Verdict) -> Self {
        let json = |value: Option<Value>| value.map(|value| Jsonb(value.to_string()));
        match verdict {
            Verdict::Compatible => Self { word: "compatible", lost: None, example: None, reason: None },
            Verdict::Incompatible { example, lost } => {
                Self { word: "incompatible", lost: json(lost), example: json(example), reason: None }
            }
            Verdict::Undecided { reason, place } => {
                Self { word: "undecided", lost: None, example: None, reason: Some(at(reason, place)) }
            }
        }
    }
}
