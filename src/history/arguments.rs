//! The configuration of a history, stored in the arguments of its triggers. The history's table is not among them: a
//! constraint trigger names it, so that PostgreSQL itself follows its names.

use crate::pg::report::{Class, Error, Result};
use crate::table::feature::Renamed;
use crate::table::{arguments, columns};

const KEYS: [&str; 11] =
    ["key", "ignore", "valid", "operation", "recorded", "by", "seq", "column", "as", "retired", "format"];

/// The only form of events there is.
const FORMAT: &str = "1";

/// The columns of a table with a history, and those of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arguments {
    /// The columns of the primary key.
    pub key: Vec<String>,
    /// The columns whose changes alone are no event.
    pub ignore: Vec<String>,
    /// The column of the period during which a row is valid, if as-of queries ask for that.
    pub valid: Option<String>,
    /// The columns of the history that say what was done, when it was recorded, and by whom; and the place in the chain.
    pub own: Own,
    /// The columns whose name in the history is another: an event keeps the names that it was recorded with.
    pub renamed: Vec<(String, String)>,
    /// The columns of the history whose column of the table is gone.
    pub retired: Vec<String>,
}

/// The columns that a history has beside those of its table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    /// The column of the operation: insert, update or delete.
    pub operation: String,
    /// The column of the time of recording.
    pub recorded: String,
    /// The column of the session user.
    pub by: String,
    /// The column of the place in the chain of the row.
    pub seq: String,
}

impl Arguments {
    /// Parses and checks the arguments of a trigger.
    pub fn parse(arguments: &[String]) -> Result<Arguments> {
        let arguments = arguments::Arguments::parse("history", &KEYS, arguments)?;
        if arguments.required("format")? != FORMAT {
            return Err(Error::new(Class::Unsupported, "history format is not supported by this version of veritable"));
        }
        let (columns, names) = (arguments.all("column"), arguments.all("as"));
        if columns.len() != names.len() {
            return Err(Error::new(Class::Argument, "each history trigger argument \"column\" needs an \"as\""));
        }
        let arguments = Arguments {
            key: arguments.all("key"),
            ignore: arguments.all("ignore"),
            valid: arguments.optional("valid")?,
            own: Own {
                operation: arguments.required("operation")?,
                recorded: arguments.required("recorded")?,
                by: arguments.required("by")?,
                seq: arguments.required("seq")?,
            },
            renamed: columns.into_iter().zip(names).collect(),
            retired: arguments.all("retired"),
        };
        arguments.check()?;
        Ok(arguments)
    }

    /// Checks what can be checked without the table.
    pub fn check(&self) -> Result<()> {
        if self.key.is_empty() {
            return Err(Error::new(Class::Argument, "history trigger argument \"key\" is missing"));
        }
        columns::distinct(self.key.iter().chain(&self.ignore))?;
        columns::distinct(self.own.names())?;
        columns::distinct(self.renamed.iter().map(|(column, _)| column))?;
        columns::distinct(self.renamed.iter().map(|(_, name)| name).chain(&self.retired).chain(self.own.names()))
    }

    /// The name in the history of a column of the table.
    pub fn recorded_as<'a>(&'a self, column: &'a String) -> &'a String {
        self.renamed.iter().find(|(name, _)| name == column).map_or(column, |(_, name)| name)
    }

    /// The configuration after columns of the table got other names, or were dropped. A column that the history has not was
    /// never recorded.
    pub fn after(mut self, renamed: &[Renamed], has: impl Fn(&String) -> bool) -> Arguments {
        let gone = renamed.iter().filter(|(_, now)| now.is_none()).map(|(was, _)| (was, self.recorded_as(was)));
        // A column that was never recorded can have the former name of another one.
        let is_of_other =
            |was: &String, name: &String| self.renamed.iter().any(|(column, of)| of == name && column != was);
        let gone = gone.filter(|(was, name)| has(name) && !self.retired.contains(name) && !is_of_other(was, name));
        let gone: Vec<_> = gone.map(|(_, name)| name.clone()).collect();
        let now = |name: &String| renamed.iter().find(|(was, _)| was == name).map(|(_, now)| now.clone());
        let moved = renamed.iter().filter(|(was, _)| self.renamed.iter().all(|(column, _)| column != was));
        let moved: Vec<_> = moved.filter_map(|(was, now)| Some((now.clone()?, was.clone()))).collect();
        self.renamed = std::mem::take(&mut self.renamed)
            .into_iter()
            .filter_map(|(column, name)| match now(&column) {
                Some(None) => None,
                Some(Some(now)) => Some((now, name)),
                None => Some((column, name)),
            })
            .chain(moved)
            .filter(|(column, name)| column != name)
            .collect();
        self.retired.extend(gone);
        let follow = |name: String| now(&name).unwrap_or(Some(name));
        self.key = self.key.into_iter().filter_map(follow).collect();
        self.ignore = self.ignore.into_iter().filter_map(follow).collect();
        self.valid = self.valid.and_then(follow);
        self
    }

    /// The arguments for a trigger.
    pub fn render(&self) -> Vec<String> {
        let key = self.key.iter().map(|column| ("key", column));
        let ignore = self.ignore.iter().map(|column| ("ignore", column));
        let valid = self.valid.iter().map(|column| ("valid", column));
        let own = ["operation", "recorded", "by", "seq"].into_iter().zip(self.own.names());
        let renamed = self.renamed.iter().flat_map(|(column, name)| [("column", column), ("as", name)]);
        let retired = self.retired.iter().map(|name| ("retired", name));
        let pairs = key.chain(ignore).chain(valid).chain(own).chain(renamed).chain(retired);
        std::iter::once(format!("format={FORMAT}")).chain(pairs.map(|(key, value)| format!("{key}={value}"))).collect()
    }
}

impl Own {
    /// The names, in the order of the columns.
    pub fn names(&self) -> [&String; 4] {
        [&self.operation, &self.recorded, &self.by, &self.seq]
    }
}
