//! Keywords and formats that describe a schema and refuse nothing, where the schema's draft does not define them.
//!
//! A keyword without effect is refused because its author may expect one. Nobody expects documents to be refused by one of
//! these. So what tools read as an assertion is not in the lists: `nullable`, `byte`.

use serde_json::{Map, Value};

/// Annotations of some draft, and the place for definitions of later drafts, to which references lead in any draft.
const OF_DRAFTS: [&str; 7] = ["$comment", "$defs", "contentSchema", "deprecated", "examples", "readOnly", "writeOnly"];

/// Annotations that editors and generators define.
const OF_TOOLS: [&str; 30] = [
    // Editors: hints, completions and messages.
    "allowComments",
    "allowTrailingCommas",
    "defaultSnippets",
    "deprecationMessage",
    "doNotSuggest",
    "enumDescriptions",
    "errorMessage",
    "markdownDeprecationMessage",
    "markdownDescription",
    "markdownEnumDescriptions",
    "patternErrorMessage",
    "suggestSortText",
    // Forms.
    "enumNames",
    "propertyOrder",
    // Generators of code.
    "existingJavaType",
    "javaEnumNames",
    "javaEnums",
    "javaInterfaces",
    "javaName",
    "javaType",
    "goJSONSchema",
    "tsAdditionalProperties",
    "tsEnumNames",
    "tsType",
    // OpenAPI and AsyncAPI.
    "example",
    "externalDocs",
    "xml",
    // Generators of documentation.
    "meta:enum",
    "meta:license",
    "meta:status",
];

/// Formats that say how a generator stores a number, or how a form shows a text. A value out of the range of such a number is
/// not refused: `minimum` and `maximum` do that.
const FORMATS: [&str; 16] = [
    "decimal", "double", "float", "int", "int128", "int16", "int32", "int64", "int8", "password", "uint", "uint128",
    "uint16", "uint32", "uint64", "uint8",
];

/// Whether a keyword of the schema with these members is a known annotation.
pub(crate) fn is_keyword(keyword: &str, members: &Map<String, Value>) -> bool {
    match keyword {
        // It says which branch a reader looks at; without branches, an author may expect it to find some.
        "discriminator" => ["oneOf", "anyOf"].iter().any(|union| members.contains_key(*union)),
        _ => keyword.starts_with("x-") || OF_DRAFTS.contains(&keyword) || OF_TOOLS.contains(&keyword),
    }
}

/// Whether a format is a known annotation.
pub(crate) fn is_format(format: &str) -> bool {
    FORMATS.contains(&format)
}
