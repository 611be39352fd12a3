//! Each position of a schema within a schema, and what a change there does to the whole.

use Direction::{Against, Either, Neither, With};

/// What follows for the whole if the schema in a position accepts more documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// It accepts more, too.
    With,
    /// It accepts fewer.
    Against,
    /// It accepts the same.
    Either,
    /// That depends.
    Neither,
}

impl Direction {
    /// Whether the whole accepts no fewer documents for a schema that accepts more.
    pub fn holds_with(self) -> bool {
        matches!(self, With | Either)
    }

    /// Whether the whole accepts no more documents for a schema that accepts more.
    pub fn holds_against(self) -> bool {
        matches!(self, Against | Either)
    }

    /// The direction of a position with this one within a schema in the other.
    pub fn within(self, outer: Self) -> Self {
        match (self, outer) {
            (_, Either) => Either,
            // It may also depend on what the schema evaluates, which differs for schemas that accept the same.
            (_, Neither) => Neither,
            (Either | Neither, _) => self,
            _ if self == outer => With,
            _ => Against,
        }
    }
}

/// The drafts, and their `$schema`.
pub const DRAFTS: [(u16, &str); 5] = [
    (4, "http://json-schema.org/draft-04/schema#"),
    (6, "http://json-schema.org/draft-06/schema#"),
    (7, "http://json-schema.org/draft-07/schema#"),
    (2019, "https://json-schema.org/draft/2019-09/schema"),
    (2020, "https://json-schema.org/draft/2020-12/schema"),
];

/// The text that stands for the schema in a position.
pub const HERE: &str = "?";

/// The first and the last draft of a position, its direction in them, and the whole.
pub type Position = (u16, u16, Direction, &'static str);

pub const POSITIONS: &[Position] = &[
    // Members
    (4, 2020, With, r#"{"properties": {"a": "?"}}"#),
    (4, 2020, With, r#"{"properties": {"a": "?"}, "additionalProperties": false}"#),
    (4, 2020, With, r#"{"properties": {"a": "?", "b": {"type": "string"}}, "required": ["a"], "maxProperties": 2}"#),
    (4, 2020, With, r#"{"properties": {"a": "?"}, "patternProperties": {"^a": {"minimum": 1}}}"#),
    (4, 2020, With, r#"{"properties": {"a": {}, "b": {"type": "object", "properties": {"a": "?"}}}}"#),
    (4, 2020, With, r#"{"patternProperties": {"^a": "?"}}"#),
    (4, 2020, With, r#"{"patternProperties": {"^a": "?", "b$": {"maxLength": 1}}, "additionalProperties": false}"#),
    (4, 2020, With, r#"{"patternProperties": {"^a": "?"}, "properties": {"ab": {"type": "string"}}}"#),
    (4, 2020, With, r#"{"additionalProperties": "?"}"#),
    (4, 2020, With, r#"{"properties": {"a": {}}, "additionalProperties": "?"}"#),
    (4, 2020, With, r#"{"patternProperties": {"^a": {}}, "additionalProperties": "?"}"#),
    (4, 2020, With, r#"{"properties": {"a": "?"}, "additionalProperties": "?", "minProperties": 1}"#),
    (4, 2020, With, r#"{"properties": {"a": {}}, "allOf": [{"additionalProperties": "?"}]}"#),
    (6, 2020, With, r#"{"propertyNames": "?"}"#),
    (6, 2020, With, r#"{"propertyNames": "?", "minProperties": 1, "properties": {"a": {"type": "string"}}}"#),
    (4, 4, Either, r#"{"propertyNames": "?"}"#),
    // Items
    (4, 2020, With, r#"{"items": "?"}"#),
    (4, 2020, With, r#"{"items": "?", "minItems": 1, "uniqueItems": true}"#),
    (4, 2019, With, r#"{"items": ["?"]}"#),
    (4, 2019, With, r#"{"items": ["?", {"type": "string"}], "additionalItems": false}"#),
    (4, 2019, With, r#"{"items": [{"type": "string"}, "?"], "minItems": 2}"#),
    (4, 2019, With, r#"{"items": [{}], "additionalItems": "?"}"#),
    (4, 2019, With, r#"{"items": ["?"], "additionalItems": "?"}"#),
    (4, 2020, Either, r#"{"additionalItems": "?"}"#),
    (4, 2020, Either, r#"{"items": {"type": "string"}, "additionalItems": "?"}"#),
    (2020, 2020, With, r#"{"prefixItems": ["?"]}"#),
    (2020, 2020, With, r#"{"prefixItems": ["?", {"type": "string"}], "items": false}"#),
    (2020, 2020, With, r#"{"prefixItems": [{"type": "string"}, "?"], "minItems": 2}"#),
    (2020, 2020, With, r#"{"prefixItems": [{}], "items": "?"}"#),
    (2020, 2020, With, r#"{"prefixItems": ["?"], "items": "?"}"#),
    (4, 2019, Either, r#"{"prefixItems": ["?"]}"#),
    (6, 2020, With, r#"{"contains": "?"}"#),
    (6, 2020, With, r#"{"contains": "?", "items": {"type": ["string", "integer"]}}"#),
    (6, 2020, With, r#"{"contains": "?", "maxItems": 1}"#),
    (4, 4, Either, r#"{"contains": "?"}"#),
    (6, 7, With, r#"{"contains": "?", "minContains": 0, "maxContains": 1}"#),
    (2019, 2020, With, r#"{"contains": "?", "minContains": 2}"#),
    (2019, 2020, Either, r#"{"contains": "?", "minContains": 0}"#),
    (2019, 2020, Against, r#"{"contains": "?", "minContains": 0, "maxContains": 1}"#),
    (2019, 2020, Neither, r#"{"contains": "?", "maxContains": 1}"#),
    (2019, 2020, Neither, r#"{"contains": "?", "minContains": 2, "maxContains": 3}"#),
    // The value itself
    (4, 2020, With, r#"{"allOf": ["?"]}"#),
    (4, 2020, With, r#"{"allOf": ["?", {"required": ["a"]}], "minProperties": 1}"#),
    (4, 2020, With, r#"{"anyOf": ["?"]}"#),
    (4, 2020, With, r#"{"anyOf": ["?", {"type": "string", "minLength": 1}]}"#),
    (4, 2020, With, r#"{"anyOf": [{"required": ["a"]}, "?"], "allOf": ["?"]}"#),
    (4, 2020, With, r#"{"oneOf": ["?"]}"#),
    (4, 2020, With, r#"{"oneOf": [{"type": "string"}, {"type": "object", "properties": {"a": "?"}}]}"#),
    (
        4,
        2020,
        With,
        r#"{"oneOf": [{"properties": {"b": {"enum": [1]}, "a": "?"}, "required": ["b"], "type": "object"},
                                  {"properties": {"b": {"enum": [2]}}, "required": ["b"], "type": "object"}]}"#,
    ),
    (4, 2020, Neither, r#"{"oneOf": ["?", {"type": "string"}]}"#),
    (4, 2020, Either, r#"{"oneOf": ["?", "?"]}"#),
    (4, 2020, Against, r#"{"not": "?"}"#),
    (4, 2020, With, r#"{"not": {"not": "?"}}"#),
    (4, 2020, Against, r#"{"not": {"anyOf": ["?", {"type": "string"}]}}"#),
    (4, 2020, Against, r#"{"not": {"allOf": ["?", {"type": ["string", "object"]}]}}"#),
    (4, 2020, Against, r#"{"not": {"properties": {"a": "?"}, "required": ["a"]}}"#),
    (4, 2020, Against, r#"{"properties": {"a": {"not": "?"}}}"#),
    (7, 2020, Either, r#"{"if": "?"}"#),
    (7, 2020, Against, r#"{"if": "?", "then": {"required": ["a"]}}"#),
    (7, 2020, With, r#"{"if": "?", "else": {"required": ["a"]}}"#),
    (7, 2020, Neither, r#"{"if": "?", "then": {"required": ["a"]}, "else": {"required": ["b"]}}"#),
    (7, 2020, With, r#"{"if": {"required": ["a"]}, "then": "?"}"#),
    (7, 2020, With, r#"{"if": {"required": ["a"]}, "else": "?"}"#),
    (7, 2020, With, r#"{"if": {"type": "object"}, "then": "?", "else": "?"}"#),
    (7, 2020, Either, r#"{"then": "?"}"#),
    (7, 2020, Either, r#"{"else": "?", "minimum": 1}"#),
    (4, 6, Either, r#"{"if": "?", "then": {"required": ["a"]}}"#),
    (4, 2020, With, r#"{"dependencies": {"a": "?"}}"#),
    (4, 2020, With, r#"{"dependencies": {"a": "?", "b": ["a"]}, "required": ["b"]}"#),
    (2019, 2020, With, r#"{"dependentSchemas": {"a": "?"}}"#),
    (2019, 2020, With, r#"{"dependentSchemas": {"a": "?"}, "properties": {"a": {"type": "integer"}}}"#),
    (4, 7, Either, r#"{"dependentSchemas": {"a": "?"}}"#),
    // References
    (4, 2020, With, r##"{"$ref": "#/definitions/p", "definitions": {"p": "?"}}"##),
    (2019, 2020, With, r##"{"$ref": "#/$defs/p", "$defs": {"p": "?"}}"##),
    (
        4,
        2020,
        With,
        r##"{"properties": {"a": {"$ref": "#/definitions/p"}, "b": {"not": {"not": {"$ref": "#/definitions/p"}}}},
                         "definitions": {"p": "?"}}"##,
    ),
    (
        4,
        2020,
        Neither,
        r##"{"properties": {"a": {"$ref": "#/definitions/p"}, "b": {"not": {"$ref": "#/definitions/p"}}},
                            "definitions": {"p": "?"}}"##,
    ),
    (
        4,
        7,
        Either,
        r##"{"$ref": "#/definitions/p", "properties": {"a": "?"}, "definitions": {"p": {"minProperties": 1}}}"##,
    ),
    (
        2019,
        2020,
        With,
        r##"{"$ref": "#/definitions/p", "properties": {"a": "?"}, "definitions": {"p": {"minProperties": 1}}}"##,
    ),
    (4, 2020, Either, r#"{"definitions": {"p": "?"}, "type": "object"}"#),
    (2019, 2020, Either, r#"{"contentSchema": "?", "contentMediaType": "application/json"}"#),
    // References to what is around
    (4, 2020, With, r##"{"properties": {"a": "?", "b": {"$ref": "#"}}}"##),
    (4, 2020, With, r##"{"anyOf": ["?", {"type": "array", "items": {"$ref": "#"}}]}"##),
    (4, 2020, With, r##"{"allOf": ["?"], "additionalProperties": {"$ref": "#"}}"##),
    (
        4,
        2020,
        With,
        r##"{"oneOf": [{"type": "array", "items": {"$ref": "#"}}, {"type": "object", "properties": {"a": "?"}}]}"##,
    ),
    (4, 2020, With, r##"{"properties": {"b": {"not": {"properties": {"b": {"not": {"$ref": "#"}}}}}, "a": "?"}}"##),
    (4, 2020, Neither, r##"{"properties": {"b": {"not": {"$ref": "#"}}, "a": "?"}}"##),
    (4, 2020, Neither, r##"{"not": {"anyOf": ["?", {"type": "array", "items": {"$ref": "#"}}]}}"##),
    (
        4,
        2020,
        With,
        r##"{"$ref": "#/definitions/n", "definitions": {
                         "n": {"properties": {"a": "?", "b": {"$ref": "#/definitions/m"}}},
                         "m": {"items": {"$ref": "#/definitions/n"}}}}"##,
    ),
    (2019, 2019, With, r##"{"$recursiveAnchor": true, "properties": {"a": "?", "b": {"$recursiveRef": "#"}}}"##),
    (2019, 2019, With, r##"{"properties": {"a": "?", "b": {"$recursiveRef": "#"}}}"##),
    (2020, 2020, With, r##"{"$dynamicAnchor": "n", "properties": {"a": "?", "b": {"$dynamicRef": "#n"}}}"##),
    (2020, 2020, With, r##"{"$dynamicRef": "#p", "$defs": {"p": {"$dynamicAnchor": "p", "allOf": ["?"]}}}"##),
    // What is left over
    (2019, 2020, With, r#"{"unevaluatedProperties": "?"}"#),
    (2019, 2020, With, r#"{"properties": {"a": {}}, "unevaluatedProperties": "?"}"#),
    (2019, 2020, With, r#"{"allOf": [{"properties": {"a": {}}}], "unevaluatedProperties": "?"}"#),
    (
        2019,
        2020,
        With,
        r#"{"anyOf": [{"properties": {"a": {}}, "required": ["a"]}, {"properties": {"b": {}}}], "unevaluatedProperties": "?"}"#,
    ),
    (2019, 2020, With, r#"{"if": {"properties": {"a": {"type": "string"}}}, "unevaluatedProperties": "?"}"#),
    (2019, 2020, With, r#"{"dependentSchemas": {"a": {"properties": {"b": {}}}}, "unevaluatedProperties": "?"}"#),
    (2019, 2020, With, r#"{"properties": {"a": "?"}, "unevaluatedProperties": false}"#),
    (2019, 2020, With, r#"{"allOf": [{"properties": {"a": "?"}}], "unevaluatedProperties": false}"#),
    (2019, 2020, With, r#"{"allOf": [{"unevaluatedProperties": "?"}], "unevaluatedProperties": false}"#),
    (2019, 2020, With, r#"{"unevaluatedItems": "?"}"#),
    (2019, 2019, With, r#"{"items": [{}], "unevaluatedItems": "?"}"#),
    (2019, 2019, With, r#"{"anyOf": [{"items": [{}]}, {"items": [{}, {}]}], "unevaluatedItems": "?"}"#),
    (2019, 2020, With, r#"{"items": "?", "unevaluatedItems": false}"#),
    (2020, 2020, With, r#"{"prefixItems": ["?"], "unevaluatedItems": false}"#),
    (2020, 2020, With, r#"{"prefixItems": [{}], "unevaluatedItems": "?"}"#),
    (2020, 2020, With, r#"{"contains": {"type": "string"}, "unevaluatedItems": "?"}"#),
    // What is evaluated depends on the branches that match.
    (2019, 2020, Neither, r#"{"allOf": ["?"], "unevaluatedProperties": false}"#),
    (
        2019,
        2020,
        Neither,
        r#"{"anyOf": ["?", {"properties": {"a": {"type": "string"}}}], "unevaluatedProperties": false}"#,
    ),
    (
        2019,
        2020,
        Neither,
        r#"{"oneOf": [{"properties": {"a": "?"}}, {"required": ["b"]}], "unevaluatedProperties": {"type": "integer"}}"#,
    ),
    (
        2019,
        2020,
        Neither,
        r#"{"if": {"properties": {"a": "?"}}, "then": {"properties": {"b": {}}}, "unevaluatedProperties": false}"#,
    ),
    (
        2019,
        2020,
        Neither,
        r#"{"if": "?", "else": {"properties": {"a": {}}}, "unevaluatedProperties": {"type": "string"}}"#,
    ),
    (
        2019,
        2020,
        Neither,
        r#"{"if": {"required": ["a"]}, "then": "?", "else": {"properties": {"b": {}}}, "unevaluatedProperties": false}"#,
    ),
    (2019, 2020, Neither, r#"{"not": "?", "unevaluatedProperties": false}"#),
    (2019, 2020, Neither, r#"{"dependentSchemas": {"a": "?"}, "unevaluatedProperties": false}"#),
    (2019, 2020, Neither, r##"{"$ref": "#/$defs/p", "unevaluatedProperties": false, "$defs": {"p": "?"}}"##),
    (2020, 2020, Neither, r#"{"contains": "?", "unevaluatedItems": {"type": "string"}}"#),
    (2020, 2020, Neither, r#"{"contains": "?", "minContains": 0, "unevaluatedItems": false}"#),
    (2019, 2020, Neither, r#"{"anyOf": ["?", {"items": {"type": "string"}}], "unevaluatedItems": false}"#),
    (2019, 2020, Neither, r#"{"allOf": [{"unevaluatedItems": "?"}], "anyOf": ["?", {}], "unevaluatedItems": false}"#),
];
