//! The configuration of a validation, stored in the arguments of its trigger.

use crate::pg::report::{Class, Error, Result};
use crate::table::arguments;

const KEYS: [&str; 5] = ["document", "type", "schema", "version", "unknown"];

/// The documents to validate, and the source of their schemas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arguments {
    /// The column of the document.
    pub document: String,
    /// The source of the schema's name.
    pub named: Named,
    /// The column of the matching schema version, if there is one.
    pub version: Option<String>,
    /// The treatment of a document whose schema is not registered.
    pub unknown: Unknown,
}

/// The source of the name of a document's schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// A column of the row.
    By(String),
    /// A fixed name.
    As(String),
}

/// The treatment of a document whose schema is not registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// Refuse the document.
    Refuse,
    /// Accept the document.
    Allow,
}

impl Unknown {
    /// Parses the value of an option in any case, as PostgreSQL parses its own options.
    pub fn parse(text: &str) -> Result<Unknown> {
        match text.to_ascii_lowercase().as_str() {
            "refuse" => Ok(Unknown::Refuse),
            "allow" => Ok(Unknown::Allow),
            _ => Err(Error::new(Class::Argument, format!("unrecognized value of \"unknown\": \"{text}\""))
                .hint("Available values: refuse, allow.")),
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Unknown::Refuse => "refuse",
            Unknown::Allow => "allow",
        }
    }
}

impl Named {
    /// The source from the one argument that is given; both or none is an error.
    pub fn one_of(column: Option<String>, name: Option<String>) -> Result<Named> {
        match (column, name) {
            (Some(column), None) => Ok(Named::By(column)),
            (None, Some(name)) => Ok(Named::As(name)),
            _ => Err(Error::new(Class::Argument, "exactly one of \"type\" and \"schema\" must be given")
                .hint("type is a column that names the schema of each row; schema is the name of one for all rows.")),
        }
    }
}

impl Arguments {
    /// Parses the arguments of a trigger.
    pub fn parse(arguments: &[String]) -> Result<Arguments> {
        let arguments = arguments::Arguments::parse("validation", &KEYS, arguments)?;
        Ok(Arguments {
            document: arguments.required("document")?,
            named: Named::one_of(arguments.optional("type")?, arguments.optional("schema")?)?,
            version: arguments.optional("version")?,
            unknown: arguments.optional("unknown")?.map_or(Ok(Unknown::Refuse), |text| Unknown::parse(&text))?,
        })
    }

    /// The arguments for a trigger.
    pub fn render(&self) -> Vec<String> {
        let named = match &self.named {
            Named::By(column) => format!("type={column}"),
            Named::As(name) => format!("schema={name}"),
        };
        let version = self.version.iter().map(|column| format!("version={column}"));
        [format!("document={}", self.document), named]
            .into_iter()
            .chain(version)
            .chain([format!("unknown={}", self.unknown.as_str())])
            .collect()
    }
}
