//! Schemas made to explode: deep, wide, doubling, cyclic. Whatever they are, admission, compiling and comparison end within
//! memory, stack and time.
//!
//! Run in `crates/schema`, where `seeds` are what was found once:
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run --sanitizer none compile fuzz/corpus fuzz/seeds/compile -- -rss_limit_mb=700 -timeout=60
//! -len_control=0 -max_len=500`.

#![no_main]

#[path = "../support.rs"]
mod support;

use std::cell::Cell;

use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Number, json};
use support::{Choices, limits, timed};
use veritable_schema::{
    COMPARISON, Formats, Parsed, Patterns, Rules, Validator, Value, Version, covers, parse, problems,
};

fuzz_target!(|bytes: &[u8]| {
    let mut choices = Choices(bytes);
    let old = schema(&mut choices);
    let new = if choices.flip() { changed(&old, &mut choices) } else { schema(&mut choices) };
    // As text, and back: no schema is deeper than its parser allows.
    let [Ok(old), Ok(new)] = [old, new].map(|schema| parse(&schema.to_string())) else { return };
    let patterns = if choices.flip() { Patterns::Backtracking } else { Patterns::Linear };
    for schema in [&old, &new] {
        if schema.to_string().len() > 256 << 10 {
            return;
        }
        let rules = Rules { patterns, formats: Formats::AsDrafted, resources: &[], base: None };
        timed(schema, || drop(Validator::<Parsed>::build(schema, &rules, &limits())));
        if !timed(schema, || problems(schema, false, Formats::Asserted, 64, &limits())).is_ok_and(|all| all.is_empty())
        {
            return;
        }
    }
    if old.to_string().len().max(new.to_string().len()) > 32 << 10 {
        return;
    }
    let version = |schema| Version { schema, resources: &[] };
    timed(&json!([old, new]), || covers(&version(&new), &version(&old), Formats::Asserted, &limits(), COMPARISON));
});

/// What is the same everywhere in one schema.
struct World {
    /// How many definitions there are.
    count: usize,
    /// Whether each has an identifier of its own.
    resources: bool,
    old: bool,
    /// How many bytes are left to be made.
    left: Cell<usize>,
}

impl World {
    /// So many of these, as far as there is room.
    fn take(&self, count: usize, kinds: &[Value]) -> usize {
        let size = 8 + kinds.iter().map(|kind| kind.to_string().len()).max().unwrap_or(0);
        let count = count.min(self.left.get() / size).min(5000).max(1);
        self.left.set(self.left.get().saturating_sub(count * size));
        count
    }
}

fn schema(choices: &mut Choices) -> Value {
    let world = World {
        count: choices.many().min(2000),
        resources: choices.below(4) == 1,
        old: choices.below(8) == 1,
        left: Cell::new(200 << 10),
    };
    let long = "n".repeat(if choices.below(16) == 1 { choices.byte() * 400 } else { 0 });
    let mut root = members(&world, 0, choices, 3);
    // A few kinds of definitions, in turn: each leads on to the next ones.
    let kinds: Vec<_> = (0..1 + choices.below(3)).map(|_| choices.0).collect();
    let mut left = choices.0;
    let mut definitions = Map::new();
    for number in 0..world.count {
        let mut choices = Choices(kinds[number % kinds.len()]);
        if world.left.get() < 1000 {
            break;
        }
        let mut definition = members(&world, number + 1, &mut choices, 2);
        world.take(1, &[definition.clone().into()]);
        if choices.0.len() < left.len() {
            left = choices.0;
        }
        if world.resources {
            definition.insert(id(&world).into(), json!(format!("http://{long}x/d{number}")));
            world.take(1, &[json!(long)]);
        }
        match choices.below(4) {
            1 => drop(definition.insert("$dynamicAnchor".into(), json!("node"))),
            2 => drop(definition.insert("$anchor".into(), json!(format!("a{number}")))),
            _ => {}
        }
        definitions.insert(format!("d{number}"), definition.into());
    }
    choices.0 = left;
    if world.resources || !long.is_empty() {
        root.insert(id(&world).into(), json!(format!("http://{long}x/root")));
    }
    match choices.below(6) {
        1 => drop(root.insert("$dynamicAnchor".into(), json!("node"))),
        2 => {
            root.insert("$schema".into(), json!("https://json-schema.org/draft/2019-09/schema"));
            root.insert("$recursiveAnchor".into(), json!(true));
        }
        _ => {}
    }
    if world.old {
        root.insert("$schema".into(), json!("http://json-schema.org/draft-07/schema#"));
    }
    root.insert(if world.old { "definitions" } else { "$defs" }.into(), definitions.into());
    root.into()
}

fn id(_: &World) -> &'static str {
    "$id"
}

/// A reference from one definition: mostly to the next ones.
fn reference(world: &World, from: usize, choices: &mut Choices) -> Value {
    let to = match choices.below(8) {
        0..=3 => from + choices.below(2),
        4 | 5 => from + choices.below(8),
        6 => choices.byte(),
        _ => return json!("#"),
    } % world.count;
    json!(match (world.resources, choices.below(8)) {
        (true, _) => format!("/d{to}"),
        (false, 1) => format!("#a{to}"),
        (false, 2) => "#node".to_owned(),
        (false, _) => format!("#/{}/d{to}", if world.old { "definitions" } else { "$defs" }),
    })
}

fn members(world: &World, from: usize, choices: &mut Choices, depth: usize) -> Map<String, Value> {
    (0..1 + choices.below(4)).map(|_| member(world, from, choices, depth)).collect()
}

fn within(world: &World, from: usize, choices: &mut Choices, depth: usize) -> Value {
    match (depth, choices.below(8)) {
        (_, 0..=2) => json!({ "$ref": reference(world, from, choices) }),
        (0, _) | (_, 3) => json!(choices.flip()),
        (_, 4) => {
            // Deep at once.
            let keyword = ["not", "if", "items", "unevaluatedProperties", "additionalProperties"][choices.below(5)];
            let inner = members(world, from, choices, depth - 1).into();
            (0..choices.below(50)).fold(inner, |inner, _| json!({ keyword: inner }))
        }
        _ => members(world, from, choices, depth - 1).into(),
    }
}

fn several(world: &World, from: usize, choices: &mut Choices, depth: usize) -> Value {
    let kinds: Vec<_> = (0..1 + choices.below(3)).map(|_| within(world, from, choices, depth)).collect();
    let count = world.take(choices.many(), &kinds);
    (0..count).map(|number| kinds[number % kinds.len()].clone()).collect()
}

fn named(world: &World, from: usize, choices: &mut Choices, depth: usize, name: impl Fn(usize) -> String) -> Value {
    let kinds: Vec<_> = (0..1 + choices.below(3)).map(|_| within(world, from, choices, depth)).collect();
    let count = world.take(choices.many(), &kinds);
    (0..count).map(|number| (name(number), kinds[number % kinds.len()].clone())).collect::<Map<_, _>>().into()
}

const PATTERNS: [&str; 16] = [
    "^a$",
    "x{1,N}",
    "\\w{N}",
    "(?=\\w{N})",
    "(a|aa|a)*N$",
    "(?!N)b",
    "^(?=(a|aa)*$)N",
    "\\p{L}{1,N}",
    "[^a]{N}",
    "(((a{N}){2}){2})",
    "(a?){N}a{N}",
    "(N)\\1",
    "^.*N.*$",
    "[\\s\\S]{N}",
    "((?=a)b{1,N}){1,N}",
    "(",
];

fn pattern(choices: &mut Choices) -> impl Fn(usize) -> String + use<> {
    let (form, size) = (PATTERNS[choices.below(PATTERNS.len())], choices.byte());
    move |number| form.replace('N', &(size + number).to_string())
}

fn member(world: &World, from: usize, choices: &mut Choices, depth: usize) -> (String, Value) {
    let one = ["not", "if", "then", "else", "contains", "propertyNames", "additionalProperties", "items"];
    let unevaluated = ["unevaluatedProperties", "unevaluatedItems"];
    let name = |number| format!("p{number}");
    let (keyword, value) = match choices.below(24) {
        0 | 1 => ("$ref", reference(world, from, choices)),
        2 => ("$dynamicRef", reference(world, from, choices)),
        3 => ("$recursiveRef", json!("#")),
        4..=6 => (unevaluated[choices.below(2)], within(world, from, choices, depth)),
        7 | 8 => (["allOf", "anyOf", "oneOf", "prefixItems"][choices.below(4)], several(world, from, choices, depth)),
        9..=11 => (one[choices.below(one.len())], within(world, from, choices, depth)),
        12 => ("dependentSchemas", named(world, from, choices, depth, name)),
        13 => ("properties", named(world, from, choices, depth, name)),
        14 => {
            let pattern = pattern(choices);
            ("patternProperties", named(world, from, choices, depth, pattern))
        }
        15 => {
            let (pattern, count) = (pattern(choices), choices.many().min(500));
            ("allOf", (0..count).map(|number| json!({ "pattern": pattern(number) })).collect())
        }
        16 => {
            let (count, kind, start) = (choices.many(), choices.below(5), choices.below(3));
            ("enum", (start..start + count).map(|number| value(number, kind)).collect())
        }
        17 => (["minimum", "maximum", "multipleOf", "const"][choices.below(4)], number(choices)),
        18 => (["minLength", "maxItems", "minProperties", "maxContains"][choices.below(4)], number(choices)),
        19 => ("required", (0..choices.many()).map(name).collect()),
        20 => {
            let every = 1 + choices.below(4);
            let names = |number: usize| json!((0..every).map(|further| name(number + further)).collect::<Vec<_>>());
            (
                "dependentRequired",
                (0..choices.many()).map(|number| (name(number), names(number))).collect::<Map<_, _>>().into(),
            )
        }
        21 => ("format", json!(["regex", "uuid", "email", "uri", "idn-email", "duration"][choices.below(6)])),
        22 => ("type", json!(["object", "array", "string", "number", "integer"][choices.below(5)])),
        _ => {
            let (count, kind) = (choices.many().min(1000), choices.below(5));
            let branch = |number| json!({ "properties": { "t": { "const": value(number, kind) } }, "required": ["t"] });
            ("oneOf", (0..count).map(branch).collect())
        }
    };
    (keyword.to_owned(), value)
}

fn value(number: usize, kind: usize) -> Value {
    match kind {
        0 => json!(number),
        1 => json!(format!("v{number}")),
        2 => json!({ "a": number, "b": [number] }),
        3 => json!([number, [number]]),
        _ => big(&format!("{number}.{number}e{number}")),
    }
}

fn number(choices: &mut Choices) -> Value {
    let size = choices.many();
    match choices.below(6) {
        0 => json!(size),
        1 => big(&format!("1{}", "3".repeat(size))),
        2 => big(&format!("1e{size}")),
        3 => big(&format!("1e-{size}")),
        4 => big(&format!("0.{}7", "0".repeat(size))),
        _ => big(&format!("1e{}", size * 100_000)),
    }
}

fn big(text: &str) -> Value {
    text.parse::<Number>().map_or(Value::Null, Value::Number)
}

/// The same, with one thing changed somewhere.
fn changed(old: &Value, choices: &mut Choices) -> Value {
    let mut new = old.clone();
    if let Value::Object(members) = &mut new {
        let names: Vec<_> = members.keys().cloned().collect();
        let name = names[choices.below(names.len())].clone();
        let value = members[&name].clone();
        let other = match value {
            Value::Array(mut items) if items.len() > 1 => {
                items.remove(choices.below(items.len()));
                items.into()
            }
            Value::Object(mut inner) if !inner.is_empty() => {
                let key = inner.keys().nth(choices.below(inner.len())).cloned().unwrap_or_default();
                inner.insert(key, json!({ "type": "string" }));
                inner.into()
            }
            Value::Number(_) => number(choices),
            value => value,
        };
        members.insert(name, other);
    }
    new
}
