//! `register_schema()` and `retire_schema()`: admit or refuse new versions in the registry.

use std::collections::BTreeMap;

use veritable_schema::{Mode, Stored, Value, references, uri};

use super::registry::{self, Record};
use super::strictness::Strictness;
use super::{admission, compatibility, compile, refusal};
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::report::{Class, Error, Result, notice};
use crate::pg::role;
use crate::pg::snapshot::Latest;
use crate::pg::spi::{self, Session};
use crate::table::journal;

sql_function! {
    /// `register_schema(text, jsonb, text, boolean, text[]) → integer`
    veritable_register_schema = register_schema
}
sql_function! {
    /// `retire_schema(text) → integer`
    veritable_retire_schema = retire_schema
}

/// The maximum length of a name, in characters.
pub const NAME_MAX: usize = 200;
/// The maximum length of a name in bytes: four for each character.
pub const NAME_BYTES_MAX: usize = 4 * NAME_MAX;

fn register_schema(call: &Call) -> Result<Answer> {
    let name = name(call)?;
    let text = call.jsonb_text(1).ok_or_else(|| Error::null_argument("schema"))?;
    let mode = call.text(2)?.map(compatibility::mode).transpose()?;
    lock()?;
    let newest = registry::read(&name, None)?;
    let newest = newest.as_ref();
    let before = newest.map_or(Strictness::DEFAULT, |newest| newest.strictness.clone());
    let strictness = Strictness::given(call, 3, 4, &before)?;
    let found = admission::findings(&text, &strictness)?;
    if !found.problems.is_empty() {
        let error = refusal::not_valid(&found.problems);
        return Err(match strictness.hint(&found) {
            Some(hint) => error.hint(hint),
            None => error,
        });
    }
    let mut schema = admission::parse(&text)?;
    if references(&schema).iter().any(|reference| reference.name == name && reference.version.is_none()) {
        return Err(refers_to_itself(&name, "its name"));
    }
    let resolved = compile::resolve(&schema)?;
    if resolved.contains_key(&name) {
        return Err(refers_to_itself(&name, "the identifier of its newest version"));
    }
    let mode_before = newest.map_or(Ok(Mode::None), |newest| stored_mode(&name, newest))?;
    let mode = mode.unwrap_or(mode_before);
    if let Some(newest) = newest
        && mode == mode_before
        && strictness == before
        && newest.resolved == resolved
        && is_registered(&name, newest.version, &text)?
    {
        return answer(newest.version);
    }
    let resources = compile::complete(&mut schema, &resolved)?;
    // As it is compiled for documents.
    let next = newest.map_or(1, |newest| newest.version + 1);
    compile::build::<Stored>(&schema, &resources, &uri(&name, next)).map_err(refusal::refused)?;
    compatibility::check(&name, mode, &schema, &resources)?;
    let version = insert(&name, Some(&text), mode, &strictness, &resolved)?;
    if newest.is_some() {
        notice_changes(&name, (mode_before, &before), (mode, &strictness));
    }
    answer(version)
}

fn refers_to_itself(name: &str, by: &str) -> Error {
    Error::new(Class::Argument, format!("event schema \"{name}\" refers to itself by {by}"))
        .hint("Refer to the schema itself by \"#\".")
}

fn notice_changes(name: &str, before: (Mode, &Strictness), after: (Mode, &Strictness)) {
    let changed = |what: &str, before: String, after: String| {
        if before != after {
            notice(format!("{what} of event schema \"{name}\" changed from {before} to {after}"));
        }
    };
    let list = |strictness: &Strictness| format!("{{{}}}", strictness.annotations.join(","));
    changed("compatibility", before.0.to_string(), after.0.to_string());
    changed("strictness", before.1.strict.to_string(), after.1.strict.to_string());
    changed("annotations", list(before.1), list(after.1));
}

fn retire_schema(call: &Call) -> Result<Answer> {
    let name = name(call)?;
    lock()?;
    match registry::read(&name, None)? {
        None => Err(Error::new(Class::UndefinedObject, format!("event schema \"{name}\" does not exist"))),
        Some(Record { schema: None, .. }) => {
            Err(Error::new(Class::State, format!("event schema \"{name}\" is already retired")))
        }
        Some(newest) => {
            let mode = stored_mode(&name, &newest)?;
            answer(insert(&name, None, mode, &newest.strictness, &BTreeMap::new())?)
        }
    }
}

fn stored_mode(name: &str, newest: &Record) -> Result<Mode> {
    newest.compatibility.parse().map_err(|_| registry::damaged(name, newest.version))
}

fn name(call: &Call) -> Result<String> {
    let name = call.text(0)?.ok_or_else(|| Error::null_argument("name"))?;
    let length = name.chars().count();
    if length == 0 {
        return Err(Error::new(Class::Argument, "the name of an event schema must not be empty"));
    }
    if length > NAME_MAX {
        let message = format!("the name of an event schema is longer than {NAME_MAX} characters");
        return Err(Error::new(Class::Argument, message));
    }
    if matches!(name, "." | "..") {
        return Err(Error::new(Class::Argument, format!("\"{name}\" cannot be the name of an event schema"))
            .detail("In the address of a schema it would not stand for itself."));
    }
    Ok(name.to_string())
}

fn answer(version: i64) -> Result<Answer> {
    i32::try_from(version)
        .map(Answer::from)
        .map_err(|_| Error::new(Class::Limit, "the event schema has too many versions"))
}

/// Serializes registrations, so that a version follows the very version that it was compared with.
fn lock() -> Result<()> {
    spi::connect(|session| session.run("LOCK TABLE veritable.event_schemas IN SHARE ROW EXCLUSIVE MODE", &[]).map(drop))
}

fn is_registered(name: &str, version: i64, text: &str) -> Result<bool> {
    // The comparison is PostgreSQL's for `jsonb`: 1.0 equals 1.
    Latest::during(|_| {
        spi::connect(|session| {
            let same = session.query_as_caller(
                "SELECT FROM veritable.event_schemas
                 WHERE name OPERATOR(pg_catalog.=) $1 AND version OPERATOR(pg_catalog.=) $2
                   AND schema OPERATOR(pg_catalog.=) $3::pg_catalog.jsonb",
                &[name.into(), version.into(), text.into()],
            )?;
            Ok(!same.is_empty())
        })
    })
}

/// The name in double quotes, as PostgreSQL quotes identifiers.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn insert(
    name: &str,
    text: Option<&str>,
    mode: Mode,
    strictness: &Strictness,
    resolved: &BTreeMap<String, i64>,
) -> Result<i64> {
    let resolved: Value = resolved.iter().map(|(name, version)| (name.clone(), Value::from(*version))).collect();
    let insert = |session: &Session| {
        let inserted = session.query(
            "INSERT INTO veritable.event_schemas
                 (name, schema, compatibility, strict, annotations, resolved, registered_at, registered_by)
             VALUES ($1, $2::pg_catalog.jsonb, $3, $4, $5, $6::pg_catalog.jsonb, pg_catalog.clock_timestamp(),
                     $7::pg_catalog.name)
             RETURNING version",
            &[
                name.into(),
                text.into(),
                mode.to_string().into(),
                strictness.strict.into(),
                strictness.annotations.clone().into(),
                resolved.to_string().into(),
                role::outer().into(),
            ],
        )?;
        let version: i64 = inserted.rows().next().and_then(|row| row.get(0)).ok_or_else(|| {
            Error::new(
                Class::State,
                "a trigger or rule on veritable.event_schemas keeps versions from being registered",
            )
        })?;
        let action = if text.is_some() { "register_schema" } else { "retire_schema" };
        let mut detail = format!("{{\"version\": {version}, \"compatibility\": \"{mode}\"");
        if text.is_some() && *strictness != Strictness::DEFAULT {
            let annotations = Value::from(strictness.annotations.clone());
            detail += &format!(", \"strict\": {}, \"annotations\": {annotations}", strictness.strict);
        }
        detail.push('}');
        journal::record_for_caller(session, &format!("event schema {}", quoted(name)), action, Some(&detail))?;
        Ok(version)
    };
    spi::connect(insert)
}
