//! What a validator must know about the texts of its schemas: the work that they cause, and the property names that they show.

use std::collections::HashSet;

use serde_json::Map;

use crate::Value;
use crate::bounds::Load;
use crate::compile::{Table, Work};
use crate::document::written_digits;

#[derive(Default)]
pub(crate) struct Outline {
    pub(crate) load: Load,
    /// The names in the schema itself: under `properties` and similar keywords, and the required names.
    pub(crate) names: HashSet<String>,
    /// The length of the texts in bytes.
    size: usize,
    /// The size of the compiled patterns in bytes, with what matches keep.
    patterns: usize,
    /// The steps of compiling.
    steps: u64,
}

impl Outline {
    pub(crate) fn of<'a>(schemas: impl Iterator<Item = &'a Value>, patterns: &Table, work: Work) -> Self {
        let patterns_size = patterns.size() / 2 + patterns.cache();
        let mut outline = Self { patterns: patterns_size, steps: work.steps, ..Self::default() };
        outline.load.names = work.names;
        for schema in schemas {
            outline.read(schema, 0, patterns);
        }
        outline
    }

    /// The approximate memory of the compiled schemas in bytes. Measured: 45 kB for a schema of 255 bytes, 350 kB for
    /// one of 20 kB. If sub-schemas are compiled many times, up to 100 bytes a step.
    pub(crate) fn footprint(&self) -> usize {
        let repeated = self.steps.saturating_sub(4 * self.size as u64).saturating_mul(100);
        (40 << 10) + 16 * self.size + self.patterns + usize::try_from(repeated).unwrap_or(usize::MAX / 2)
    }

    // As deep as a schema, which was parsed.
    fn read(&mut self, value: &Value, way: u64, patterns: &Table) {
        self.load.way = self.load.way.max(way);
        self.size += 8;
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::Number(number) => {
                self.load.digits = self.load.digits.max(written_digits(number.as_str()));
                self.text(number.as_str());
            }
            Value::String(text) => self.text(text),
            Value::Array(items) => items.iter().for_each(|item| self.read(item, way + 8, patterns)),
            Value::Object(members) => {
                self.matched(members, patterns);
                for (keyword, value) in members {
                    self.text(keyword);
                    self.keyword(keyword, value, patterns);
                    self.read(value, way + 1 + keyword.len() as u64, patterns);
                }
            }
        }
    }

    fn text(&mut self, text: &str) {
        self.load.copy = self.load.copy.max(text.len() as u64);
        self.size += text.len();
    }

    fn keyword(&mut self, keyword: &str, value: &Value, patterns: &Table) {
        match (keyword, value) {
            ("properties" | "dependencies" | "dependentSchemas" | "dependentRequired", Value::Object(members)) => {
                self.names.extend(members.keys().cloned());
                members.values().for_each(|names| self.required(names));
            }
            ("required", names) => self.required(names),
            // An error copies the schema as a tree.
            ("not", schema) => self.load.copy = self.load.copy.max(10 * schema.to_string().len() as u64),
            ("pattern", Value::String(pattern)) => self.pattern(pattern, patterns),
            ("patternProperties", Value::Object(members)) => {
                members.keys().for_each(|pattern| self.pattern(pattern, patterns));
            }
            _ => {}
        }
    }

    fn pattern(&mut self, pattern: &str, patterns: &Table) {
        self.load.pattern = self.load.pattern.max(patterns.weight(pattern));
    }

    /// Beside `additionalProperties`, a property name is matched with all patterns in one step.
    fn matched(&mut self, members: &Map<String, Value>, patterns: &Table) {
        if let (Some(Value::Object(beside)), true) =
            (members.get("patternProperties"), members.contains_key("additionalProperties"))
        {
            self.load.names = self.load.names.or(patterns.matched(beside));
        }
    }

    fn required(&mut self, names: &Value) {
        self.names.extend(names.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
    }
}
