//! Documents of a schema, made by its own keywords and values: a second opinion beside the search of the crate, with which it
//! shares nothing. Nothing here has to be right, since every document is validated.

use std::marker::PhantomData;

use serde_json::{Map, Number, Value, json};

use crate::random::Random;
use crate::sides::{Side, object};
use crate::texts::{self, Names, OF_FORMATS};

/// From here inwards documents become small.
const DEEP: usize = 10;
/// The most keywords with schemas that are followed for one value.
const FACETS: usize = 48;

/// The most nodes of a document.
const NODES: usize = 1000;

type Members = Map<String, Value>;

/// A schema that a value should match, and whose it is.
pub(crate) type Part<'p, 's> = (&'p Side<'s>, &'s Value);

pub(crate) struct Generator<'p, 's> {
    pub(crate) random: Random,
    /// Values, texts and numbers that the schemas speak of.
    pub(crate) values: Vec<&'s Value>,
    /// Schemas that were read: the work so far.
    pub(crate) read: u64,
    /// The nodes that the document under way may still have.
    left: usize,
    names: Names,
    sides: PhantomData<&'p ()>,
}

impl<'p, 's> Generator<'p, 's> {
    pub(crate) fn of(seed: u64, roots: [&'s Value; 2]) -> Self {
        let mut values = Vec::new();
        roots.into_iter().for_each(|root| scalars(root, &mut values));
        Self { random: Random::of(seed), values, read: 0, left: 0, names: Names::default(), sides: PhantomData }
    }

    /// The schemas that stand at these places, with one way through each union.
    fn facets(&mut self, parts: &[Part<'p, 's>]) -> Vec<(&'p Side<'s>, &'s Members)> {
        let mut found = Vec::new();
        let mut pending = parts.to_vec();
        while let Some((side, schema)) = pending.pop() {
            let Some(members) = schema.as_object() else { continue };
            if found.len() >= FACETS {
                break;
            }
            found.push((side, members));
            self.read += 1;
            let reference = members.get("$ref").and_then(Value::as_str);
            pending.extend(reference.and_then(|text| side.target(text)).map(|target| (side, target)));
            pending.extend(members.get("allOf").and_then(Value::as_array).into_iter().flatten().map(|it| (side, it)));
            for keyword in ["anyOf", "oneOf"] {
                let Some(all) = members.get(keyword).and_then(Value::as_array) else { continue };
                let hot: Vec<&Value> = all.iter().filter(|schema| side.is_hot(schema)).collect();
                let hot = if self.random.chance(60) { self.random.one(&hot).copied() } else { None };
                pending.extend(hot.or_else(|| self.random.one(all)).map(|schema| (side, schema)));
            }
            if let Some(condition) = members.get("if") {
                let (taken, branch) = if self.random.chance(50) { (Some(condition), "then") } else { (None, "else") };
                pending.extend(taken.into_iter().chain(members.get(branch)).map(|schema| (side, schema)));
            }
            if let Some(all) = object(members, "dependentSchemas") {
                pending.extend(all.values().filter(|_| self.random.chance(30)).map(|schema| (side, schema)));
            }
        }
        found
    }

    /// A document, or a value in one, that may match all of these.
    pub(crate) fn document(&mut self, parts: &[Part<'p, 's>], depth: usize) -> Value {
        self.left = NODES;
        self.value(parts, depth)
    }

    fn value(&mut self, parts: &[Part<'p, 's>], depth: usize) -> Value {
        if self.left == 0 || depth > 4 * DEEP {
            return Value::Null;
        }
        self.left -= 1;
        let facets = self.facets(parts);
        for (_, members) in &facets {
            if let Some(value) = members.get("const") {
                return value.clone();
            }
            if let Some(value) = members.get("enum").and_then(Value::as_array).and_then(|all| self.random.one(all)) {
                return value.clone();
            }
        }
        if self.random.chance(3) {
            return self.any();
        }
        let kinds = kinds(&facets);
        match self.random.one(&kinds).copied().unwrap_or("null") {
            "null" => Value::Null,
            "boolean" => json!(self.random.chance(50)),
            "integer" => self.number(&facets, true),
            "number" => self.number(&facets, false),
            "string" => Value::String(self.text(&facets)),
            "array" => self.array(&facets, depth),
            _ => self.object(&facets, depth),
        }
    }

    /// A value that the schemas speak of, or one of the usual ones.
    pub(crate) fn any(&mut self) -> Value {
        if self.random.chance(50)
            && let Some(value) = self.random.one(&self.values)
        {
            return (*value).clone();
        }
        let usual =
            [json!(null), json!(true), json!(0), json!(-1), json!(1.5), json!(""), json!("a"), json!([]), json!({})];
        let usual =
            [&usual[..], &[json!(1), json!(100), json!("1"), json!(["a"]), json!({"a": 1}), json!([1, 1])]].concat();
        self.random.one(&usual).cloned().unwrap_or_default()
    }

    fn number(&mut self, facets: &[(&'p Side<'s>, &'s Members)], whole: bool) -> Value {
        let mut choices = vec![0.0, 1.0, 2.0, 7.0, 10.0, 60.0, 100.0, 1000.0, -1.0];
        let mut bounds = Vec::new();
        for keyword in ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"] {
            for (_, members) in facets {
                let bound = members.get(keyword).and_then(|bound| bound.to_string().parse::<f64>().ok());
                bounds.extend(bound.into_iter().flat_map(|bound| [bound, bound + 1.0, bound - 1.0, bound * 2.0]));
            }
        }
        if !bounds.is_empty() && self.random.chance(75) {
            choices = bounds;
        }
        let mut number = self.random.one(&choices).copied().unwrap_or(0.0);
        if whole {
            number = number.trunc();
        } else if self.random.chance(20) {
            number += 0.5;
        }
        if number.fract() == 0.0 && number.abs() < 9e15 { json!(number as i64) } else { json!(number) }
    }

    fn text(&mut self, facets: &[(&'p Side<'s>, &'s Members)]) -> String {
        let of = |keyword: &str| facets.iter().filter_map(|(_, it)| it.get(keyword)?.as_str()).collect::<Vec<_>>();
        let (patterns, formats) = (of("pattern"), of("format"));
        let mut text = String::new();
        if let Some(pattern) = self.random.one(&patterns) {
            text = texts::of_pattern(pattern, &mut self.random).unwrap_or_default();
        } else if let Some(format) = self.random.one(&formats) {
            let all: Vec<&str> = OF_FORMATS.iter().filter(|(of, _)| of == format).map(|(_, text)| *text).collect();
            text = self.random.one(&all).copied().unwrap_or("a").to_owned();
        } else if self.random.chance(20) {
            let all: Vec<&str> = self.values.iter().filter_map(|value| value.as_str()).collect();
            text = self.random.one(&all).copied().unwrap_or("").to_owned();
        } else {
            text.push_str(["", "a", "ab", "A1", "x y", "0", "é"][self.random.below(7)]);
        }
        let least = facets.iter().filter_map(|(_, it)| count(it, "minLength")).max().unwrap_or(0);
        let most = facets.iter().filter_map(|(_, it)| count(it, "maxLength")).min();
        let length = text.chars().count();
        if length < least {
            text.extend((length..least.min(5000)).map(|_| 'a'));
        }
        if let Some(most) = most.filter(|&most| most < 5000)
            && patterns.is_empty()
            && (text.chars().count() > most || self.random.chance(15))
        {
            text = text.chars().chain(std::iter::repeat('a')).take(most).collect();
        }
        text
    }

    fn array(&mut self, facets: &[(&'p Side<'s>, &'s Members)], depth: usize) -> Value {
        let least = facets.iter().filter_map(|(_, it)| count(it, "minItems")).max().unwrap_or(0).min(50);
        let most = facets.iter().filter_map(|(_, it)| count(it, "maxItems")).min().unwrap_or(50);
        let more = if depth > DEEP { 0 } else { [0, 1, 1, 2, 3][self.random.below(5)] };
        let first = facets.iter().filter_map(|(_, it)| it.get("contains")).count();
        let length = (least + more).max(first).min(most.max(least));
        let items = (0..length).map(|place| {
            let mut parts = items(facets, place);
            if place < first {
                parts.extend(facets.iter().filter_map(|(side, it)| Some((*side, it.get("contains")?))).nth(place));
            }
            self.value(&parts, depth + 1)
        });
        Value::Array(items.collect())
    }

    fn object(&mut self, facets: &[(&'p Side<'s>, &'s Members)], depth: usize) -> Value {
        let mut names: Vec<&str> = Vec::new();
        for (side, members) in facets {
            let required = members.get("required").and_then(Value::as_array).into_iter().flatten();
            names.extend(required.filter_map(Value::as_str));
            for (name, schema) in object(members, "properties").into_iter().flatten() {
                let percent = match (side.is_hot(schema), depth > DEEP) {
                    (true, false) => 70,
                    (true, true) => 20,
                    (false, false) => 25 / (1 + depth),
                    (false, true) => 0,
                };
                if self.random.chance(percent) {
                    names.push(name);
                }
            }
        }
        let mut names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        for (_, members) in facets {
            let patterns =
                object(members, "patternProperties").into_iter().flatten().map(|(pattern, _)| pattern.as_str());
            let patterns: Vec<&str> = patterns.collect();
            if self.random.chance(40)
                && let Some(pattern) = self.random.one(&patterns)
            {
                names.extend(texts::of_pattern(pattern, &mut self.random));
            }
            let open = members.get("additionalProperties").is_some_and(Value::is_object);
            let least = count(members, "minProperties").unwrap_or(0);
            if self.random.chance(if open { 60 } else { 4 }) || names.len() < least {
                names.push(self.name());
            }
        }
        let mut made = Members::new();
        for name in names {
            if !made.contains_key(&name) {
                let parts = self.under(facets, &name);
                let value = self.value(&parts, depth + 1);
                made.insert(name, value);
            }
        }
        Value::Object(made)
    }

    pub(crate) fn name(&mut self) -> String {
        let texts: Vec<&str> = self.values.iter().filter_map(|value| value.as_str()).collect();
        let text = if self.random.chance(40) { self.random.one(&texts).copied() } else { None };
        text.unwrap_or(["a", "zz1", "x-a", "0", ""][self.random.below(5)]).to_owned()
    }

    /// What the member of this name should match, and a name that the schemas have.
    pub(crate) fn member(&mut self, parts: &[Part<'p, 's>], name: &str) -> Vec<Part<'p, 's>> {
        let facets = self.facets(parts);
        self.under(&facets, name)
    }

    /// The schemas of the member of this name.
    fn under(&mut self, facets: &[(&'p Side<'s>, &'s Members)], name: &str) -> Vec<Part<'p, 's>> {
        let mut found = Vec::new();
        for (side, members) in facets {
            let named = object(members, "properties").and_then(|all| all.get(name));
            let patterns = object(members, "patternProperties").into_iter().flatten();
            let by_pattern = patterns.filter(|(pattern, _)| self.names.matches(pattern, name));
            let mut all: Vec<&Value> = named.into_iter().chain(by_pattern.map(|(_, schema)| schema)).collect();
            if all.is_empty() {
                all.extend(members.get("additionalProperties").or(members.get("unevaluatedProperties")));
            }
            found.extend(all.into_iter().map(|schema| (*side, schema)));
        }
        found
    }

    pub(crate) fn known_name(&mut self, parts: &[Part<'p, 's>]) -> Option<String> {
        let facets = self.facets(parts);
        let all = facets
            .iter()
            .flat_map(|(side, it)| object(it, "properties").into_iter().flatten().map(move |it| (*side, it)));
        let all: Vec<_> = all.collect();
        let hot: Vec<_> = all.iter().filter(|(side, (_, schema))| side.is_hot(schema)).copied().collect();
        let chosen = if self.random.chance(60) { self.random.one(&hot) } else { None };
        chosen.or_else(|| self.random.one(&all)).map(|(_, (name, _))| (*name).clone())
    }

    pub(crate) fn item(&mut self, parts: &[Part<'p, 's>], place: usize) -> Vec<Part<'p, 's>> {
        let facets = self.facets(parts);
        items(&facets, place)
    }
}

fn count(members: &Members, keyword: &str) -> Option<usize> {
    members.get(keyword).and_then(|count| count.as_u64()).and_then(|count| usize::try_from(count).ok())
}

/// The schemas of the item at this place.
fn items<'p, 's>(facets: &[(&'p Side<'s>, &'s Members)], place: usize) -> Vec<Part<'p, 's>> {
    let mut found = Vec::new();
    for (side, members) in facets {
        let first = members.get("prefixItems").or(members.get("items")).and_then(Value::as_array);
        let rest = match first {
            Some(_) if members.contains_key("prefixItems") => members.get("items"),
            Some(_) => members.get("additionalItems"),
            None => members.get("items"),
        };
        found.extend(first.and_then(|first| first.get(place)).or(rest).map(|schema| (*side, schema)));
    }
    found
}

/// The kinds of values that the facets allow, as far as that is plain.
fn kinds(facets: &[(&Side, &Members)]) -> Vec<&'static str> {
    const KINDS: [(&str, &[&str]); 7] = [
        (
            "object",
            &["properties", "required", "additionalProperties", "patternProperties", "minProperties", "propertyNames"],
        ),
        ("array", &["items", "minItems", "maxItems", "contains", "uniqueItems", "prefixItems"]),
        ("string", &["pattern", "format", "minLength", "maxLength"]),
        ("number", &["minimum", "maximum", "multipleOf", "exclusiveMinimum", "exclusiveMaximum"]),
        ("integer", &[]),
        ("boolean", &[]),
        ("null", &[]),
    ];
    let mut left: Vec<&'static str> = KINDS.iter().map(|(kind, _)| *kind).collect();
    let mut typed = false;
    for (_, members) in facets {
        let types: Vec<&str> = match members.get("type") {
            Some(Value::String(kind)) => vec![kind],
            Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
            _ => continue,
        };
        typed = true;
        left.retain(|kind| types.contains(kind) || *kind == "integer" && types.contains(&"number"));
    }
    if !typed {
        let spoken = KINDS
            .iter()
            .filter(|(_, words)| facets.iter().any(|(_, it)| words.iter().any(|word| it.contains_key(*word))));
        let spoken: Vec<&str> = spoken.map(|(kind, _)| *kind).collect();
        if !spoken.is_empty() {
            return spoken;
        }
    }
    left
}

fn scalars<'s>(value: &'s Value, found: &mut Vec<&'s Value>) {
    if found.len() > 4000 {
        return;
    }
    match value {
        Value::Object(members) => {
            for (keyword, value) in members {
                match (keyword.as_str(), value) {
                    ("enum" | "required", Value::Array(all)) => found.extend(all),
                    ("const", value) => found.push(value),
                    (
                        "title" | "description" | "$comment" | "$ref" | "$schema" | "$id" | "id" | "pattern" | "type",
                        _,
                    ) => {}
                    (_, Value::Number(_)) => found.push(value),
                    (_, value) => scalars(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| scalars(item, found)),
        _ => {}
    }
}

/// A number beside this one.
pub(crate) fn beside(number: &Number, random: &mut Random) -> Value {
    let number = number.to_string().parse::<f64>().unwrap_or(0.0);
    let near = [number + 1.0, number - 1.0, -number, number + 0.5, number * 10.0];
    let near = near[random.below(near.len())];
    if near.fract() == 0.0 && near.abs() < 9e15 { json!(near as i64) } else { json!(near) }
}
