//! `schema_errors()` and `schema_problems()`: all errors of a document, and all problems of a schema.

use veritable_schema::{Stored, UNREGISTERED, Validator};

use super::strictness::Strictness;
use super::{admission, compile, document, known, refusal};
use crate::pg::cache;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::report::{Error, Result};

sql_function! {
    /// `schema_errors(jsonb, jsonb) → setof record`
    veritable_schema_errors = schema_errors
}
sql_function! {
    /// `schema_problems(jsonb, boolean, text[]) → setof record`
    veritable_schema_problems = schema_problems
}

fn schema_errors(call: &Call) -> Result<Answer> {
    let text = call.jsonb_text(0).ok_or_else(|| Error::null_argument("schema"))?;
    let document = call.contents(1).ok_or_else(|| Error::null_argument("document"))?;
    document::check_size(document)?;
    admission::check_size(&text)?;
    // As for a trigger: a query may be long, and take no locks that would deliver changes of the registry.
    cache::accept_changes();
    let validator = known::other(text, compile)?;
    let mut rows = call.rows();
    for violation in document::violations(&validator, document, document.len())? {
        rows.put([
            violation.instance_location.into(),
            violation.keyword_location.into(),
            violation.keyword.into(),
            violation.message.into(),
        ]);
    }
    Ok(Answer::NULL)
}

/// Compiles an unregistered schema, whose references are registered.
fn compile(text: &str) -> Result<Validator<Stored>> {
    let mut schema = admission::parse(text)?;
    let resolved = compile::resolve(&schema)?;
    let resources = compile::complete(&mut schema, &resolved)?;
    compile::build(&schema, &resources, UNREGISTERED).map_err(refusal::refused)
}

fn schema_problems(call: &Call) -> Result<Answer> {
    let text = call.jsonb_text(0).ok_or_else(|| Error::null_argument("schema"))?;
    let strictness = Strictness::given(call, 1, 2, &Strictness::DEFAULT)?;
    let problems = admission::findings(&text, &strictness)?.problems;
    let mut rows = call.rows();
    for problem in problems {
        rows.put([problem.location.into(), problem.message.into()]);
    }
    Ok(Answer::NULL)
}
