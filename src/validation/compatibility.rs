//! `schema_compatibility()`, and the check that a version may follow the previous versions.

use veritable_schema::{Mode, Value, Verdict, Version, covers, references};

use super::document::shortened;
use super::registry::Record;
use super::{admission, compile, document, refusal, settings};
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

/// Refuses a schema that may not follow the versions in `history`, which lists the newest version first.
pub fn check(name: &str, mode: Mode, schema: &Value, resources: &[(String, Value)], history: &[Record]) -> Result<()> {
    let new = Version { schema, resources };
    let count = if mode.transitive() { usize::MAX } else { 1 };
    for record in history.iter().filter(|record| record.schema.is_some()).take(count) {
        let Some(mut old) = record.schema.clone() else { continue };
        let resources = compile::registered(name, record.version, &mut old, &record.resolved)?;
        let old = Version { schema: &old, resources: &resources };
        let version = record.version;
        if mode.backward() {
            let what = format!("is not backward compatible with version {version}");
            require(compare(&new, &old), name, &what, "Documents that were valid are refused now; in this schema")?;
        }
        if mode.forward() {
            let what = format!("is not forward compatible with version {version}");
            require(compare(&old, &new), name, &what, "Documents are valid that were refused before; in this schema")?;
        }
    }
    Ok(())
}

fn require(verdict: Verdict, name: &str, what: &str, lost_in: &str) -> Result<()> {
    const OVERRIDE: &str = "With compatibility => 'NONE' it is registered without this check.";
    let message = format!("schema {what} of event schema \"{name}\"");
    match verdict {
        Verdict::Compatible => Ok(()),
        Verdict::Incompatible { lost } => {
            let error = Error::new(Class::Check, message).hint(OVERRIDE);
            Err(match lost {
                Some(lost) => error.detail(format!("{lost_in}: {}", shortened(lost.to_string(), LOST_MAX))),
                None => error,
            })
        }
        Verdict::Undecided { reason } => Err(Error::new(Class::Check, message.replace(" is not ", " may not be "))
            .detail(format!("It could not be decided: {reason}."))
            .hint(OVERRIDE)),
    }
}

/// The maximum length of a lost document: the larger the schema, the less a reader learns from its end.
const LOST_MAX: usize = 2000;

/// Compares the schemas: is every document that `old` allows valid under `new`?
fn compare(new: &Version, old: &Version) -> Verdict {
    let size = |version: &Version| {
        let resources = version.resources.iter().map(|(_, resource)| resource);
        resources.chain([version.schema]).map(|schema| schema.to_string().len()).sum::<usize>()
    };
    if size(new).max(size(old)) > settings::comparison_size_limit() {
        return Verdict::Undecided { reason: "a schema is larger than veritable.comparison_size_limit".to_string() };
    }
    // The comparison in between cannot be interrupted.
    stack::check_for_interrupts();
    let verdict = covers(new, old, settings::formats(), &document::limits());
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
        let resolved = compile::resolve(&references(&schema))?;
        let resources = compile::complete(&mut schema, &resolved)?;
        Ok((schema, resources))
    };
    let (old, new) = (argument(0, "old")?, argument(1, "new")?);
    let old = Version { schema: &old.0, resources: &old.1 };
    let new = Version { schema: &new.0, resources: &new.1 };
    let (backward, forward) = (compare(&new, &old), compare(&old, &new));
    let word = |verdict: &Verdict| match verdict {
        Verdict::Compatible => "compatible",
        Verdict::Incompatible { .. } => "incompatible",
        Verdict::Undecided { .. } => "undecided",
    };
    let words = (word(&backward), word(&forward));
    let lost = |verdict| match verdict {
        Verdict::Incompatible { lost } => lost.map(|lost| Jsonb(lost.to_string())),
        _ => None,
    };
    call.rows().put([words.0.into(), words.1.into(), lost(backward).into(), lost(forward).into()]);
    Ok(Answer::NULL)
}
