//! Admission: all problems of a schema, and not only the first.
//!
//! Admission reports problems that no validator reports: a misspelt keyword accepts every document. `Validator::build`
//! reports what only a compiled schema knows, such as a reference to a place that does not exist.

mod names;
mod patterns;
mod syntax;

use std::collections::BTreeSet;

use jsonschema::{ValidationError, draft4, draft6, draft7, draft201909, draft202012};
use referencing::Draft;
use serde_json::Value;

use crate::annotations;
use crate::bounds::{Load, caught, charge, within};
use crate::compile::{Excess, Limits, Refusal, check_texts};
use crate::keywords::{self, Holds, expected, holds};
use crate::place::uncompilable;
use crate::walk::{Schema, Schemas, draft, schemas, step};
use crate::{Formats, Patterns as Engines, Problem};
use patterns::Patterns;
pub(crate) use syntax::reason as syntax_of;

/// The maximum number of listed problems.
const LISTED: usize = 100;

/// Keywords that may stand beside `$ref` up to draft 7: they have no effect of their own.
const BESIDE_REF: [&str; 10] =
    ["$comment", "$id", "$ref", "$schema", "default", "definitions", "description", "examples", "id", "title"];

/// In 2019-09 only `items`, `additionalItems` and `unevaluatedItems` evaluate items. The library reads `contains` there as in
/// 2020-12, and takes items for evaluated that are not.
const EVALUATES: &str = "\"contains\" beside \"unevaluatedItems\" is not checked as draft 2019-09 says";

/// The terms of an admission.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// Whether to refuse content without effect: unknown keywords, except known annotations, unknown formats if formats are
    /// checked, and keywords beside `$ref` up to draft 7; and patterns whose time has no bound.
    pub strict: bool,
    /// Further keywords to let be.
    pub annotations: &'a [String],
    /// The URIs outside of the schema that references may lead to.
    pub identifiers: &'a BTreeSet<String>,
    /// The setting for checking `format`.
    pub formats: Formats,
    /// The maximum number of levels of objects and arrays in the schema.
    pub depth: usize,
}

/// The findings of an admission.
#[derive(Debug, Default)]
pub struct Findings {
    /// The problems of the schema, in the schema's order; at most the first 100.
    pub problems: Vec<Problem>,
    /// Whether some of them are none if the admission is not strict.
    pub strictly: bool,
    /// The unknown keywords that are no likely misspellings, each once.
    pub unknown: BTreeSet<String>,
}

/// The problems of a schema by terms without further annotations or identifiers.
///
/// # Errors
/// The search would take more than `limits`.
pub fn problems(
    schema: &Value,
    strict: bool,
    formats: Formats,
    depth: usize,
    limits: &Limits,
) -> Result<Vec<Problem>, Refusal> {
    let terms = Terms { strict, annotations: &[], identifiers: &BTreeSet::new(), formats, depth };
    Ok(findings(schema, &terms, limits)?.problems)
}

/// The problems of a schema.
///
/// # Errors
/// The search would take more than `limits`.
pub fn findings(schema: &Value, terms: &Terms, limits: &Limits) -> Result<Findings, Refusal> {
    let Terms { strict, depth, .. } = *terms;
    let one = |problem| Ok(Findings { problems: vec![problem], ..Findings::default() });
    let whole = |message| one(Problem { location: String::new(), message });
    if is_deeper(schema, depth) {
        return whole(format!("is nested deeper than {depth} levels"));
    }
    if !(schema.is_object() || schema.is_boolean()) {
        return whole("a schema is an object or a boolean".to_owned());
    }
    if draft(schema) == Draft::Unknown {
        return one(unknown_dialect());
    }
    check_texts(schema, limits)?;
    let patterns = Patterns::new(limits.patterns, if strict { Engines::Linear } else { Engines::Backtracking });
    let schemas = &schemas(schema);
    let unevaluated_items = schemas.all.iter().any(|schema| schema.members.contains_key("unevaluatedItems"));
    let mut found = Admission { schemas, terms, patterns, unevaluated_items, found: Findings::default(), at: (0, "") };
    if let Err(excess) = within(&limits.bounds, Load::default(), || found.run()).map_err(Excess::from).flatten() {
        return Err(Refusal::Excess { of: excess, location: found.location() });
    }
    let ambiguous = found.ambiguous();
    let mut found = found.found;
    found.problems.extend(ambiguous);
    // The meta-schemas decide, because the table of keywords is less complete.
    if found.problems.is_empty() {
        found.problems.extend(against_meta_schema(schema).err());
    }
    found.problems.sort_by_cached_key(|problem| order(&problem.location));
    Ok(found)
}

/// One admission in progress.
struct Admission<'a, 's> {
    schemas: &'a Schemas<'s>,
    terms: &'a Terms<'a>,
    patterns: Patterns<'s>,
    /// Whether some schema says what its unevaluated items must be.
    unevaluated_items: bool,
    found: Findings,
    /// The current schema and keyword.
    at: (usize, &'s str),
}

impl<'s> Admission<'_, 's> {
    fn run(&mut self) -> Result<(), Excess> {
        let schemas = self.schemas;
        for (position, schema) in schemas.all.iter().enumerate() {
            for (keyword, value) in schema.members {
                self.at = (position, keyword);
                if self.found.problems.len() >= LISTED {
                    return Ok(());
                }
                charge(1);
                if let Some(message) = self.problem(schema, keyword, value) {
                    self.found.problems.push(Problem { location: self.location(), message });
                }
                if holds(schemas.draft, keyword) == Some(Holds::Patterns) {
                    self.names(schema, keyword, value);
                }
                if self.patterns.is_full() {
                    return if self.found.problems.is_empty() { Err(Excess::Patterns) } else { Ok(()) };
                }
            }
        }
        Ok(())
    }

    fn location(&self) -> String {
        let (position, keyword) = self.at;
        self.schemas.all.get(position).map_or_else(String::new, |schema| self.schemas.location(schema) + &step(keyword))
    }

    /// Checks the names of properties that are patterns.
    fn names(&mut self, schema: &Schema<'s>, keyword: &str, value: &'s Value) {
        for pattern in value.as_object().into_iter().flat_map(|members| members.keys()) {
            if let Some(message) = self.pattern(pattern) {
                let location = self.schemas.location(schema) + &step(keyword) + &step(pattern);
                self.found.problems.push(Problem { location, message });
            }
        }
    }

    fn problem(&mut self, schema: &Schema<'s>, keyword: &str, value: &'s Value) -> Option<String> {
        let draft = self.schemas.draft;
        let Some(holds) = holds(draft, keyword) else {
            return (self.terms.strict && !self.is_let_be(schema, keyword)).then(|| self.unknown(keyword));
        };
        if let Some(expected) = expected(holds, value) {
            return Some(format!("{} must be {expected}", quoted(keyword)));
        }
        if draft == Draft::Draft201909 && keyword == "contains" && self.unevaluated_items {
            return Some(EVALUATES.to_owned());
        }
        let beside_ref = draft <= Draft::Draft7 && schema.members.contains_key("$ref");
        if self.terms.strict && beside_ref && !BESIDE_REF.contains(&keyword) && !self.is_let_be(schema, keyword) {
            self.found.strictly = true;
            return Some(format!("{} has no effect beside \"$ref\" in {}", quoted(keyword), keywords::name(draft)));
        }
        let text = value.as_str()?;
        match holds {
            Holds::Pattern => self.pattern(text),
            Holds::Format => self.format(text),
            Holds::Reference => self.reference(schema, keyword, text),
            Holds::Identifier => self.identifier(schema, text),
            Holds::Dialect => (Draft::from_schema_uri(text) != draft)
                .then(|| format!("names another draft than the whole schema, which is in {}", keywords::name(draft))),
            _ => None,
        }
    }

    /// Whether a keyword describes the schema and nobody expects more of it.
    fn is_let_be(&self, schema: &Schema, keyword: &str) -> bool {
        annotations::is_keyword(keyword, schema.members) || self.terms.annotations.iter().any(|known| known == keyword)
    }

    fn unknown(&mut self, keyword: &str) -> String {
        self.found.strictly = true;
        let (draft, name) = (self.schemas.draft, keywords::name);
        if let Some((first, last)) = keywords::drafts(keyword) {
            let drafts =
                if first == last { name(first).to_owned() } else { format!("{} to {}", name(first), name(last)) };
            return format!("unknown keyword {} in {}: it is one of {drafts}", quoted(keyword), name(draft));
        }
        let suggestion = suggestion(keyword, keywords::keywords(draft));
        if suggestion.is_empty() {
            self.found.unknown.insert(keyword.to_owned());
        }
        format!("unknown keyword {}{suggestion}", quoted(keyword))
    }

    fn pattern(&mut self, pattern: &'s str) -> Option<String> {
        let refusal = self.patterns.refusal(pattern)?;
        self.found.strictly |= self.terms.strict && refusal.is_unbounded();
        Some(format!("pattern {} {refusal}", quoted(pattern)))
    }

    fn format(&mut self, format: &str) -> Option<String> {
        let draft = self.schemas.draft;
        let checked = match self.terms.formats {
            Formats::Asserted => true,
            Formats::Annotations => false,
            Formats::AsDrafted => draft <= Draft::Draft7,
        };
        let known = annotations::is_format(format) || keywords::formats(draft).any(|known| known == format);
        let unknown = self.terms.strict && checked && !known;
        self.found.strictly |= unknown;
        unknown.then(|| format!("unknown format {}{}", quoted(format), suggestion(format, keywords::formats(draft))))
    }
}

pub(crate) fn unknown_dialect() -> Problem {
    let message = "unknown dialect: drafts 4, 6, 7, 2019-09 and 2020-12 are known".to_owned();
    Problem { location: "/$schema".to_owned(), message }
}

/// The likely intended word, if no more than a third of its letters differ.
fn suggestion(text: &str, known: impl Iterator<Item = &'static str>) -> String {
    let near = known.map(|known| (distance(text, known), known)).min();
    match near {
        Some((distance, known)) if 3 * distance <= known.len() => {
            format!(", did you mean {}?", quoted(known))
        }
        _ => String::new(),
    }
}

/// The number of letters to add, remove or replace to turn one text into the other (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    // A longer text is no misspelling, and the time is the product of the lengths.
    if from.len() > 40 {
        return usize::MAX / 3;
    }
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (line, left) in from.chars().enumerate() {
        let mut corner = std::mem::replace(&mut row[0], line + 1);
        for (column, right) in to.chars().enumerate() {
            let replaced = corner + usize::from(left != right);
            corner = row[column + 1];
            row[column + 1] = replaced.min(corner + 1).min(row[column] + 1);
        }
    }
    row[row.len() - 1]
}

/// Whether a URI is that of a draft's meta-schema, or of a part of the meta-schema.
pub(crate) fn is_meta_schema(uri: &str) -> bool {
    draft_of(uri) != Draft::Unknown
}

/// The draft whose meta-schema, or a part of it, has this URI.
fn draft_of(uri: &str) -> Draft {
    let parts = [
        ("https://json-schema.org/draft/2019-09/meta/", Draft::Draft201909),
        ("https://json-schema.org/draft/2020-12/meta/", Draft::Draft202012),
    ];
    let part = parts.into_iter().find(|(parts, _)| uri.starts_with(parts));
    part.map_or_else(|| Draft::from_schema_uri(uri), |(_, draft)| draft)
}

/// Whether a schema is valid under the meta-schema of its draft, as far as that says.
///
/// # Errors
/// The first problem.
pub fn against_meta_schema(schema: &Value) -> Result<(), Problem> {
    let validate = match draft(schema) {
        Draft::Unknown => return Err(unknown_dialect()),
        Draft::Draft4 => draft4::meta::validate,
        Draft::Draft6 => draft6::meta::validate,
        Draft::Draft7 => draft7::meta::validate,
        Draft::Draft201909 => draft201909::meta::validate,
        _ => draft202012::meta::validate,
    };
    let found = caught(|| validate(schema)).ok_or_else(uncompilable)?;
    let location = |error: &ValidationError<'_>| error.instance_path().to_string();
    found.map_err(|error| Problem { location: location(&error), message: error.masked().to_string() })
}

/// Whether a value has more levels of objects and arrays. The check takes no stack for the value's nesting.
pub fn is_deeper(value: &Value, depth: usize) -> bool {
    let mut pending = vec![(value, 0)];
    while let Some((value, above)) = pending.pop() {
        if above >= depth && (value.is_object() || value.is_array()) {
            return true;
        }
        match value {
            Value::Object(members) => pending.extend(members.values().map(|member| (member, above + 1))),
            Value::Array(elements) => pending.extend(elements.iter().map(|element| (element, above + 1))),
            _ => {}
        }
    }
    false
}

/// The place of a location in the order of the document: indexes as numbers, names as the document sorts them.
fn order(location: &str) -> Vec<(Option<usize>, String)> {
    location.split('/').map(|step| (step.parse().ok(), step.to_owned())).collect()
}

/// A text in quotes, shortened to its beginning if it is long.
pub(crate) fn quoted(text: &str) -> String {
    const SHOWN: usize = 80;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("\"{}…\"", &text[..end]),
        None => format!("\"{text}\""),
    }
}
