//! The configuration of a validation, as the arguments of its trigger hold it.

use crate::pg::report::{Class, Error, Result};
use crate::table::arguments;

const KEYS: [&str; 5] = ["document", "type", "schema", "version", "unknown"];

/// Which documents are validated, and by which schemas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arguments {
    /// The column of the document.
    pub document: String,
    /// Where the name of its schema comes from.
    pub named: Named,
    /// The column of the version that it matches, where there is one.
    pub version: Option<String>,
    /// What becomes of a document whose schema is not registered.
    pub unknown: Unknown,
}

/// Where the name of a document's schema comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// A column of the row.
    By(String),
    /// It is this one.
    As(String),
}

/// What becomes of a document whose schema is not registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// It is refused.
    Refuse,
    /// It passes.
    Allow,
}

impl Unknown {
    /// The value of an option, read in any case as PostgreSQL reads those of its own.
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
    /// Exactly one of the two is given.
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
    /// Reads the arguments of a trigger.
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
