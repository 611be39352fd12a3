//! The functions of pg_jsonschema under their own names: each call passes a schema, which is compiled once.
//!
//! They interpret a schema as pg_jsonschema does: `format` counts as its draft says, patterns may look around, and
//! unknown keywords are ignored. They read no table, so that a CHECK constraint may call them.

use std::cell::RefCell;
use std::rc::Rc;
use std::thread::LocalKey;

use veritable_schema::{
    Form, Formats, Parsed, Patterns, Problem, Refusal, Rules, Stored, Validator, Value, against_meta_schema,
    check_texts,
};

use super::{admission, document, refusal, settings};
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::report::{Class, Error, Result, notice};
use crate::table::lru::Lru;

sql_function! {
    /// `json_matches_schema(json, json) → boolean`
    veritable_json_matches_schema = json_matches_schema
}
sql_function! {
    /// `jsonb_matches_schema(json, jsonb) → boolean`
    veritable_jsonb_matches_schema = jsonb_matches_schema
}
sql_function! {
    /// `jsonschema_is_valid(json) → boolean`
    veritable_jsonschema_is_valid = jsonschema_is_valid
}
sql_function! {
    /// `jsonschema_validation_errors(json, json) → text[]`
    veritable_jsonschema_validation_errors = jsonschema_validation_errors
}

type Compiled<F> = Rc<Validator<F>>;
type Kept<F> = LocalKey<RefCell<Lru<Box<str>, Compiled<F>>>>;

/// The schema of the last call from one place in an expression, which the next call most often repeats.
struct Last<F: Form>(RefCell<Option<(Box<str>, Compiled<F>)>>);

/// The maximum size of a compiled schema that a call keeps. Schemas with 50 kB of text stay below it.
const KEPT_MAX: usize = 1 << 20;

thread_local! {
    static FOR_JSON: RefCell<Lru<Box<str>, Compiled<Parsed>>> = RefCell::default();
    static FOR_JSONB: RefCell<Lru<Box<str>, Compiled<Stored>>> = RefCell::default();
}

fn json_matches_schema(call: &Call) -> Result<Answer> {
    let validator = kept(call, &FOR_JSON)?;
    let (instance, size) = instance(call)?;
    Ok(document::is_valid(&validator, &instance, size)?.into())
}

fn jsonb_matches_schema(call: &Call) -> Result<Answer> {
    let validator = kept(call, &FOR_JSONB)?;
    let instance = call.contents(1).ok_or_else(|| Error::null_argument("instance"))?;
    document::check_size(instance)?;
    Ok(document::is_valid(&validator, instance, instance.len())?.into())
}

/// Whether the meta-schema of its draft accepts a schema: what pg_jsonschema answers too. So a CHECK over stored schemas that
/// held there holds here, and a dump of them is restored; references that lead nowhere are found where the schema is used.
fn jsonschema_is_valid(call: &Call) -> Result<Answer> {
    let text = schema(call)?;
    admission::check_size(text)?;
    let found = match veritable_schema::parse(text) {
        Ok(schema) => {
            check_texts(&schema, &document::limits()).map_err(refusal::refused)?;
            against_meta_schema(&schema)
        }
        Err(problem) => Err(problem),
    };
    let Err(problem) = found else { return Ok(true.into()) };
    check_nesting(&problem, "schema")?;
    // The beginning is pg_jsonschema's.
    notice(format!("Invalid JSON schema at path: {} ({})", problem.location, problem.message));
    Ok(false.into())
}

fn jsonschema_validation_errors(call: &Call) -> Result<Answer> {
    let validator = match compiled(schema(call)?, &FOR_JSON)? {
        Ok(validator) => validator,
        Err(problem) => return Ok(vec![problem.message].into()),
    };
    let (instance, size) = instance(call)?;
    Ok(document::messages(&validator, &instance, size)?.into())
}

fn schema<'call>(call: &Call<'call>) -> Result<&'call str> {
    call.text(0)?.ok_or_else(|| Error::null_argument("schema"))
}

/// The document of a call, and the size of its text in bytes.
fn instance(call: &Call) -> Result<(Value, usize)> {
    let text = call.text(1)?.ok_or_else(|| Error::null_argument("instance"))?;
    let document = document::parse(text)?.map_err(|problem| {
        // A `json` may also name half a surrogate pair, which no text contains.
        check_nesting(&problem, "document")
            .err()
            .unwrap_or_else(|| Error::new(Class::Argument, "document cannot be read").detail(problem.message))
    })?;
    Ok((document, text.len()))
}

/// The error, if the problem is that a text is nested too deeply for the parser.
fn check_nesting(problem: &Problem, what: &str) -> Result<()> {
    if !problem.message.starts_with("recursion limit") {
        return Ok(());
    }
    Err(Error::new(Class::Limit, format!("{what} is nested too deeply")).detail(problem.message.clone()))
}

/// The compiled schema of this call, new or kept.
fn kept<F: Form>(call: &Call, recent: &'static Kept<F>) -> Result<Compiled<F>> {
    let text = schema(call)?;
    let last = call.kept(|| Ok(Last::<F>(RefCell::new(None))))?;
    if let Some((schema, validator)) = &*last.0.borrow()
        && **schema == *text
    {
        return Ok(Rc::clone(validator));
    }
    let validator = compiled(text, recent)?.map_err(|problem| refusal::not_valid(&[problem]))?;
    // An expression may have any number of calls, and the schemas that they keep are not counted.
    if validator.footprint() <= KEPT_MAX {
        last.0.replace(Some((text.into(), Rc::clone(&validator))));
    }
    Ok(validator)
}

/// The compiled schema, new or recently used, or the problem with the schema.
fn compiled<F: Form>(text: &str, recent: &'static Kept<F>) -> Result<std::result::Result<Compiled<F>, Problem>> {
    if let Some(validator) = recent.with_borrow_mut(|recent| recent.get(text)) {
        return Ok(Ok(validator));
    }
    Ok(compile(text)?.map(|validator| {
        let validator = Rc::new(validator);
        let weight = validator.footprint() + text.len();
        recent.with_borrow_mut(|recent| {
            recent.put(text.into(), Rc::clone(&validator), weight, settings::schema_cache_size())
        });
        validator
    }))
}

fn compile<F: Form>(text: &str) -> Result<std::result::Result<Validator<F>, Problem>> {
    admission::check_size(text)?;
    let rules = Rules { patterns: Patterns::Backtracking, formats: Formats::AsDrafted, resources: &[], base: None };
    let built = match veritable_schema::parse(text) {
        Ok(schema) => Validator::build(&schema, &rules, &document::limits()),
        Err(problem) => {
            check_nesting(&problem, "schema")?;
            Err(problem.into())
        }
    };
    match built {
        Ok(validator) => Ok(Ok(validator)),
        Err(Refusal::Problem(problem)) => Ok(Err(problem)),
        Err(refusal) => Err(refusal::refused(refusal)),
    }
}
