//! What is wrong with a schema, and what is wrong with a document.

/// What is wrong with a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where in the schema, as a JSON Pointer.
    pub location: String,
    /// What is wrong there.
    pub message: String,
}

/// Whether the texts about a document may show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// They may.
    Values,
    /// No value and no property name of the document, but for the names that the schema says itself.
    Masked,
}

/// What is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violations {
    /// How many things there are.
    pub total: usize,
    /// The first of them.
    pub first: Vec<Violation>,
}

/// A thing that is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Where in the document, as a JSON Pointer; masked, `*` stands for a name.
    pub instance_location: String,
    /// Where in the schema, as a JSON Pointer; in another schema, its URI, `#` and the JSON Pointer.
    pub keyword_location: String,
    /// The keyword.
    pub keyword: String,
    /// A sentence. It is short: `…` stands for what is left out.
    pub message: String,
}
