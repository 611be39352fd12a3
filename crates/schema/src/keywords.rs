//! The keywords of each draft, their values, and the checked formats.

use std::collections::HashSet;

use referencing::Draft;
use referencing::Draft::{Draft4, Draft6, Draft7, Draft201909, Draft202012};
use serde_json::{Map, Value};

use crate::annotations;

/// The kind of a keyword's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    Anything,
    Boolean,
    Number,
    /// A number above 0.
    Positive,
    /// An integer, 0 or more.
    Count,
    Text,
    Array,
    /// Different texts.
    Names,
    /// Different texts, at least one.
    SomeNames,
    /// The name of a type, or an array of different names.
    Types,
    /// An object whose members are different texts.
    MembersOfNames,
    /// An object whose members are booleans.
    MembersOfBooleans,
    Schema,
    SchemaOrBoolean,
    /// An array of schemas, at least one.
    Schemas,
    SchemaOrSchemas,
    /// An object whose members are schemas.
    Members,
    /// An object whose members are schemas or different texts.
    MembersOrNames,
    /// An object whose members are schemas and whose names are patterns.
    Patterns,
    Pattern,
    Format,
    Reference,
    Identifier,
    Dialect,
}

use Holds::{
    Anything, Array, Boolean, Count, Dialect, Format, Identifier, Members, MembersOfBooleans, MembersOfNames,
    MembersOrNames, Names, Number, Pattern, Patterns, Positive, Reference, Schema, SchemaOrBoolean, SchemaOrSchemas,
    Schemas, SomeNames, Text, Types,
};

/// A keyword, the first and the last draft that has it, and its value. From the drafts' meta-schemas, with the two
/// keywords that 2019-09 and 2020-12 keep for compatibility: `definitions` and `dependencies`.
const KEYWORDS: &[(&str, Draft, Draft, Holds)] = &[
    ("$anchor", Draft201909, Draft202012, Text),
    ("$comment", Draft7, Draft202012, Text),
    ("$defs", Draft201909, Draft202012, Members),
    ("$dynamicAnchor", Draft202012, Draft202012, Text),
    ("$dynamicRef", Draft202012, Draft202012, Reference),
    ("$id", Draft6, Draft202012, Identifier),
    ("$recursiveAnchor", Draft201909, Draft201909, Boolean),
    ("$recursiveRef", Draft201909, Draft201909, Reference),
    ("$ref", Draft4, Draft202012, Reference),
    ("$schema", Draft4, Draft202012, Dialect),
    ("$vocabulary", Draft201909, Draft202012, MembersOfBooleans),
    ("additionalItems", Draft4, Draft4, SchemaOrBoolean),
    ("additionalItems", Draft6, Draft201909, Schema),
    ("additionalProperties", Draft4, Draft4, SchemaOrBoolean),
    ("additionalProperties", Draft6, Draft202012, Schema),
    ("allOf", Draft4, Draft202012, Schemas),
    ("anyOf", Draft4, Draft202012, Schemas),
    ("const", Draft6, Draft202012, Anything),
    ("contains", Draft6, Draft202012, Schema),
    ("contentEncoding", Draft7, Draft202012, Text),
    ("contentMediaType", Draft7, Draft202012, Text),
    ("contentSchema", Draft201909, Draft202012, Schema),
    ("default", Draft4, Draft202012, Anything),
    ("definitions", Draft4, Draft202012, Members),
    ("dependencies", Draft4, Draft202012, MembersOrNames),
    ("dependentRequired", Draft201909, Draft202012, MembersOfNames),
    ("dependentSchemas", Draft201909, Draft202012, Members),
    ("deprecated", Draft201909, Draft202012, Boolean),
    ("description", Draft4, Draft202012, Text),
    ("else", Draft7, Draft202012, Schema),
    ("enum", Draft4, Draft202012, Array),
    ("examples", Draft6, Draft202012, Array),
    ("exclusiveMaximum", Draft4, Draft4, Boolean),
    ("exclusiveMaximum", Draft6, Draft202012, Number),
    ("exclusiveMinimum", Draft4, Draft4, Boolean),
    ("exclusiveMinimum", Draft6, Draft202012, Number),
    ("format", Draft4, Draft202012, Format),
    ("id", Draft4, Draft4, Identifier),
    ("if", Draft7, Draft202012, Schema),
    ("items", Draft4, Draft201909, SchemaOrSchemas),
    ("items", Draft202012, Draft202012, Schema),
    ("maxContains", Draft201909, Draft202012, Count),
    ("maxItems", Draft4, Draft202012, Count),
    ("maxLength", Draft4, Draft202012, Count),
    ("maxProperties", Draft4, Draft202012, Count),
    ("maximum", Draft4, Draft202012, Number),
    ("minContains", Draft201909, Draft202012, Count),
    ("minItems", Draft4, Draft202012, Count),
    ("minLength", Draft4, Draft202012, Count),
    ("minProperties", Draft4, Draft202012, Count),
    ("minimum", Draft4, Draft202012, Number),
    ("multipleOf", Draft4, Draft202012, Positive),
    ("not", Draft4, Draft202012, Schema),
    ("oneOf", Draft4, Draft202012, Schemas),
    ("pattern", Draft4, Draft202012, Pattern),
    ("patternProperties", Draft4, Draft202012, Patterns),
    ("prefixItems", Draft202012, Draft202012, Schemas),
    ("properties", Draft4, Draft202012, Members),
    ("propertyNames", Draft6, Draft202012, Schema),
    ("readOnly", Draft7, Draft202012, Boolean),
    ("required", Draft4, Draft4, SomeNames),
    ("required", Draft6, Draft202012, Names),
    ("then", Draft7, Draft202012, Schema),
    ("title", Draft4, Draft202012, Text),
    ("type", Draft4, Draft202012, Types),
    ("unevaluatedItems", Draft201909, Draft202012, Schema),
    ("unevaluatedProperties", Draft201909, Draft202012, Schema),
    ("uniqueItems", Draft4, Draft202012, Boolean),
    ("writeOnly", Draft7, Draft202012, Boolean),
];

/// A checked format, and the first draft in which it is checked: `duration` and `uuid` are of 2019-09, but authors of
/// earlier drafts write them too, and expect a check.
const FORMATS: &[(&str, Draft)] = &[
    ("date", Draft4),
    ("date-time", Draft4),
    ("duration", Draft4),
    ("email", Draft4),
    ("hostname", Draft4),
    ("ipv4", Draft4),
    ("ipv6", Draft4),
    ("iri", Draft7),
    ("iri-reference", Draft7),
    ("json-pointer", Draft6),
    ("regex", Draft4),
    ("relative-json-pointer", Draft7),
    ("time", Draft4),
    ("uri", Draft4),
    ("uri-reference", Draft6),
    ("uri-template", Draft6),
    ("uuid", Draft4),
];

const TYPES: [&str; 7] = ["array", "boolean", "integer", "null", "number", "object", "string"];

/// The value of `keyword` in `draft`; `None` if it has no meaning there.
pub(crate) fn holds(draft: Draft, keyword: &str) -> Option<Holds> {
    KEYWORDS
        .iter()
        .find(|&&(name, first, last, _)| name == keyword && first <= draft && draft <= last)
        .map(|&(.., holds)| holds)
}

/// The keywords of a draft.
pub(crate) fn keywords(draft: Draft) -> impl Iterator<Item = &'static str> {
    KEYWORDS.iter().filter(move |&&(_, first, last, _)| first <= draft && draft <= last).map(|&(name, ..)| name)
}

/// The first and the last draft that has `keyword`.
pub(crate) fn drafts(keyword: &str) -> Option<(Draft, Draft)> {
    let mut all = KEYWORDS.iter().filter(|&&(name, ..)| name == keyword);
    let &(_, first, last, _) = all.next()?;
    Some((first, all.next_back().map_or(last, |&(.., last, _)| last)))
}

/// Whether a draft gives this keyword an effect on documents or references.
pub fn has_effect(keyword: &str) -> bool {
    drafts(keyword).is_some() && !annotations::is_keyword(keyword, &Map::new())
}

/// The formats of a draft.
pub(crate) fn formats(draft: Draft) -> impl Iterator<Item = &'static str> {
    FORMATS.iter().filter(move |&&(_, first)| first <= draft).map(|&(name, _)| name)
}

/// The usual name of a draft.
pub(crate) fn name(draft: Draft) -> &'static str {
    match draft {
        Draft4 => "draft 4",
        Draft6 => "draft 6",
        Draft7 => "draft 7",
        Draft201909 => "draft 2019-09",
        _ => "draft 2020-12",
    }
}

/// The expected value of a keyword, if the value is of another kind.
pub(crate) fn expected(holds: Holds, value: &Value) -> Option<&'static str> {
    let (right, expected) = match holds {
        Anything => (true, "any value"),
        Boolean => (value.is_boolean(), "a boolean"),
        Number => (value.is_number(), "a number"),
        Positive => (value.as_number().is_some_and(is_positive), "a number above 0"),
        Count => (value.as_number().is_some_and(is_count), "a non-negative integer"),
        Text | Pattern | Format => (value.is_string(), "a string"),
        Reference | Identifier | Dialect => (value.is_string(), "a string with a URI"),
        Array => (value.is_array(), "an array"),
        Names => (is_names(value), "an array of different strings"),
        SomeNames => (is_names(value) && value != &Value::Array(Vec::new()), "a non-empty array of different strings"),
        Types => (is_types(value), "the name of a type or a non-empty array of different ones"),
        MembersOfNames => (all_members(value, is_names), "an object of arrays of different strings"),
        MembersOfBooleans => (all_members(value, Value::is_boolean), "an object of booleans"),
        Schema | SchemaOrBoolean => (is_schema(value), "a schema"),
        Schemas => (is_schemas(value), "a non-empty array of schemas"),
        SchemaOrSchemas => (is_schema(value) || is_schemas(value), "a schema or a non-empty array of schemas"),
        Members | Patterns => (all_members(value, is_schema), "an object of schemas"),
        MembersOrNames => (
            all_members(value, |member| is_schema(member) || is_names(member)),
            "an object of schemas and arrays of different strings",
        ),
    };
    (!right).then_some(expected)
}

/// Whether a value can be a schema: in draft 4, too, where the meta-schema refuses booleans later.
fn is_schema(value: &Value) -> bool {
    value.is_object() || value.is_boolean()
}

fn is_schemas(value: &Value) -> bool {
    value.as_array().is_some_and(|schemas| !schemas.is_empty() && schemas.iter().all(is_schema))
}

fn all_members(value: &Value, right: impl Fn(&Value) -> bool) -> bool {
    value.as_object().is_some_and(|members| members.values().all(right))
}

fn is_names(value: &Value) -> bool {
    let Some(names) = value.as_array() else { return false };
    let different: HashSet<_> = names.iter().filter_map(Value::as_str).collect();
    different.len() == names.len()
}

fn is_types(value: &Value) -> bool {
    let is_type = |value: &Value| value.as_str().is_some_and(|name| TYPES.contains(&name));
    is_type(value) || is_names(value) && value.as_array().is_some_and(|all| !all.is_empty() && all.iter().all(is_type))
}

/// The written number decides: a 64-bit float would round small numbers to 0.
fn is_positive(number: &serde_json::Number) -> bool {
    let text = number.to_string();
    let digits = text.split(['e', 'E']).next().unwrap_or_default();
    !text.starts_with('-') && digits.contains(|digit: char| matches!(digit, '1'..='9'))
}

fn is_count(number: &serde_json::Number) -> bool {
    number.is_u64() || number.as_f64().is_some_and(|number| number >= 0.0 && number.fract() == 0.0)
}
