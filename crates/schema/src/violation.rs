//! The problems of a schema, and the violations in a document.

/// A problem of a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The place in the schema, as a JSON Pointer.
    pub location: String,
    /// The problem at that place.
    pub message: String,
}

/// The setting for showing a document in texts about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// The texts may show the document.
    Values,
    /// No value and no property name of the document, except the names in the schema itself.
    Masked,
}

/// The violations in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violations {
    /// The number of violations.
    pub total: usize,
    /// The first violations.
    pub first: Vec<Violation>,
}

/// A violation in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The place in the document, as a JSON Pointer; masked, `*` stands for a name.
    pub instance_location: String,
    /// The place in the schema, as a JSON Pointer; in another schema, its URI, `#` and the JSON Pointer.
    pub keyword_location: String,
    /// The keyword.
    pub keyword: String,
    /// A short sentence: `…` stands for omitted text.
    pub message: String,
}
