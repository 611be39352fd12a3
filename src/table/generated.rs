//! Functions in SQL that are generated for a table, return rows of the table, and belong to the owner of the table.
//!
//! The first line of such a function's text is a comment with the configuration from which the function was generated.
//! A dump keeps the line, and so the function is found again, and can be generated anew when a name changes. The text
//! is a string, not a parsed body: the table's columns can still be dropped and have other types. The text names
//! everything with its schema, and arguments by number, because a column may have the name of an argument.

use crate::pg::acting::as_owner_of;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::oid::Oid;
use crate::pg::quote;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::role;
use crate::pg::spi::{Fetched, Kept, Session};
use crate::pg::text::NAME_LENGTH;
use crate::pg::types::type_name;

sql_function! {
    /// `veritable.generated_value(text, text) → text[]`
    veritable_generated_value = generated_value
}

/// An argument of a generated function.
pub struct Parameter {
    /// The name of the argument.
    pub name: String,
    /// The type of the argument.
    pub type_id: Oid,
    /// The default in SQL.
    pub default: Option<String>,
}

/// A function to be generated.
pub struct Generated {
    /// The schema of the function.
    pub schema: String,
    /// The name of the function.
    pub name: String,
    /// The arguments, which the body names `$1`, `$2`, ….
    pub parameters: Vec<Parameter>,
    /// The table whose rows the function returns.
    pub table: Oid,
    /// What the function is: "as of".
    pub kind: &'static str,
    /// The configuration, as keys with values.
    pub configuration: Vec<(&'static str, String)>,
    /// The query, without the line of the configuration.
    pub body: String,
    /// The number of rows that the planner expects if it does not inline the function.
    pub rows: u32,
    /// The comment on the function.
    pub comment: String,
}

/// A generated function that exists.
#[derive(Clone)]
pub struct Found {
    /// The function.
    pub oid: Oid,
    /// The schema of the function.
    pub schema: String,
    /// The name of the function.
    pub name: String,
    /// The function in SQL: its qualified name and the types of its arguments.
    pub signature: String,
    /// The names of the arguments.
    pub names: Vec<String>,
    /// The number of arguments with defaults.
    pub defaults: i16,
    /// What the function is: "as of".
    pub kind: String,
    /// The configuration, as keys with values.
    pub configuration: Vec<(String, String)>,
    /// The text of the function, with the line of the configuration.
    pub text: String,
    /// Whether nothing else of the function is of another making: it runs as its caller, without settings, and its defaults
    /// are constants.
    pub is_plain: bool,
}

/// The beginning of the first line of a generated function.
const MARK: &str = "-- veritable ";

thread_local! {
    /// Kept because it runs after each command on a guarded table.
    static LOOK: Kept = Kept::new(
        "SELECT FROM pg_catalog.pg_class c
         JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.refobjid = c.reltype
                                    AND d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
         JOIN pg_catalog.pg_proc p ON p.oid = d.objid
         WHERE c.oid = $1 AND pg_catalog.starts_with(p.prosrc, $2)
         LIMIT 1"
            .to_string(),
    );
}

/// The default name of a function: the name of the table, cut if it must be, followed by `label`.
pub fn default_name(table: &str, label: &str) -> String {
    let room = (NAME_LENGTH - 1).saturating_sub(label.len());
    format!("{}{label}", &table[..table.floor_char_boundary(room)])
}

/// The generated functions of a table, in the order of their names and arguments.
///
/// Any role can write a function that looks like one of these. Those of the table's owner count.
pub fn find(session: &Session, table: Oid) -> Result<Vec<Found>> {
    find_of(session, table, None)
}

/// The functions of another owner that look like generated functions of a table, or else those of the table's owner.
pub fn find_of(session: &Session, table: Oid, owner: Option<Oid>) -> Result<Vec<Found>> {
    let found = session.query(
        "SELECT p.oid, n.nspname::pg_catalog.text, p.proname::pg_catalog.text, p.oid::pg_catalog.regprocedure::pg_catalog.text,
                COALESCE(p.proargnames, '{}'), p.pronargdefaults, p.prosrc,
                NOT p.prosecdef AND p.proconfig IS NULL AND NOT p.proisstrict AND NOT p.proleakproof
                AND p.provolatile = 's' AND p.prosupport = 0 AND p.prosqlbody IS NULL
                AND COALESCE(pg_catalog.pg_get_expr(p.proargdefaults, 0) ~ '^(''infinity''::[a-z ]+(, |$))*$', true)
         FROM pg_catalog.pg_class c
         JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.refobjid = c.reltype
                                    AND d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
         JOIN pg_catalog.pg_proc p ON p.oid = d.objid AND p.prorettype = c.reltype
         JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
         JOIN pg_catalog.pg_language l ON l.oid = p.prolang
         WHERE c.oid = $1 AND p.proretset AND l.lanname = 'sql' AND pg_catalog.starts_with(p.prosrc, $2)
           AND p.proowner = COALESCE($3, c.relowner)
         ORDER BY 2, 3, 4",
        &[table.into(), MARK.into(), owner.into()],
    )?;
    let mut all = Vec::new();
    for row in found.rows() {
        all.extend(Found::read(&row).ok_or_else(|| Error::damaged("pg_proc"))?);
    }
    Ok(all)
}

/// Whether a function of any owner looks like a generated function of the table.
pub fn are_there(session: &Session, table: Oid) -> Result<bool> {
    LOOK.with(|look| Ok(!look.query_as_caller(session, &[table.into(), MARK.into()])?.is_empty()))
}

/// The tables that have generated functions, and their owners.
pub fn tables(session: &Session) -> Result<Vec<(Oid, Oid)>> {
    let found = session.query(
        "SELECT DISTINCT c.oid, c.relowner
         FROM pg_catalog.pg_proc p
         JOIN pg_catalog.pg_class c ON c.reltype = p.prorettype AND c.relowner = p.proowner
         WHERE p.proretset AND pg_catalog.starts_with(p.prosrc, $1)
         ORDER BY c.oid",
        &[MARK.into()],
    )?;
    let table = |row: Fetched| Some((row.get(0)?, row.get(1)?));
    found.rows().map(|row| table(row).ok_or_else(|| Error::damaged("pg_proc"))).collect()
}

/// Gives a function, as the caller, to the owner of its table. Who has written it is not trusted: it is created anew, so that
/// nothing of it but its name and its privileges stays.
pub fn give(session: &Session, found: &Found, function: &Generated) -> Result<()> {
    let owner = session.query(
        "SELECT pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(relowner)) FROM pg_catalog.pg_class WHERE oid = $1",
        &[function.table.into()],
    )?;
    let owner: String = owner.rows().next().and_then(|row| row.get(0)).ok_or_else(|| Error::damaged("pg_class"))?;
    session.run(&format!("ALTER FUNCTION {} OWNER TO {owner}", found.signature), &[])?;
    as_owner_of(function.table, |_| create(session, function))?
}

/// Creates a function, as the caller, and gives it to the owner of the table. An earlier function with the same signature is
/// replaced if it was generated for the same table, else the name is taken.
///
/// The session's `search_path` must be PostgreSQL's own.
pub fn create(session: &Session, function: &Generated) -> Result<()> {
    let signature = function.signature();
    match existing(session, function)? {
        None => {}
        Some(former) if former.is_replaceable_by(function) => {}
        Some(former) => drop(session, &former)?,
    }
    session.run(&function.definition()?, &[])?;
    if let Some(owner) = other_owner(session, function.table)? {
        session.run(&format!("ALTER FUNCTION {signature} OWNER TO {owner}"), &[])?;
    }
    session.run(&format!("COMMENT ON FUNCTION {signature} IS {}", quote::literal(&function.comment)), &[])?;
    Ok(())
}

/// Drops a generated function. PostgreSQL refuses if other objects depend on it.
pub fn drop(session: &Session, function: &Found) -> Result<()> {
    session.run(&format!("DROP FUNCTION {}", function.signature), &[]).map(|_| ())
}

/// The function of the same signature, if it is generated for the same table. Another function is an error.
fn existing(session: &Session, function: &Generated) -> Result<Option<Found>> {
    let signature = function.signature();
    let other = session.query(
        "SELECT f::pg_catalog.oid FROM pg_catalog.to_regprocedure($1) AS f WHERE f IS NOT NULL",
        &[signature.as_str().into()],
    )?;
    let Some(row) = other.rows().next() else { return Ok(None) };
    let oid: Oid = row.get(0).ok_or_else(|| Error::damaged("pg_proc"))?;
    let own = find(session, function.table)?.into_iter().find(|found| found.oid == oid);
    own.filter(|own| own.kind == function.kind).map(Some).ok_or_else(|| {
        Error::new(Class::DuplicateFunction, format!("function {signature} already exists"))
            .hint("Give another name, or drop the function.")
    })
}

/// The owner of the table in SQL, unless the owner is the caller.
fn other_owner(session: &Session, table: Oid) -> Result<Option<String>> {
    let owner = session.query(
        "SELECT pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(relowner))
         FROM pg_catalog.pg_class WHERE oid = $1 AND relowner <> $2",
        &[table.into(), role::caller().into()],
    )?;
    Ok(owner.rows().next().and_then(|row| row.get(0)))
}

impl Generated {
    /// The function in SQL: its qualified name and the types of its arguments, as `regprocedure` writes them.
    pub fn signature(&self) -> String {
        let types: Vec<_> = self.parameters.iter().map(|parameter| type_name(parameter.type_id)).collect();
        format!("{}({})", self.qualified_name(), types.join(","))
    }

    /// The text of the function: the line of the configuration, and the query.
    pub fn text(&self) -> String {
        let pairs: Vec<_> =
            self.configuration.iter().map(|(key, value)| format!(" {key}={}", escaped(value))).collect();
        format!("{MARK}{}:{}\n{}", self.kind, pairs.concat(), self.body)
    }

    fn qualified_name(&self) -> String {
        format!("{}.{}", quote::identifier(&self.schema), quote::identifier(&self.name))
    }

    /// PostgreSQL replaces a query by such a function's own query, and plans both as one: the function is not strict, has no
    /// settings and does not act as its owner.
    fn definition(&self) -> Result<String> {
        let parameter = |parameter: &Parameter| {
            let default = parameter.default.as_ref().map_or(String::new(), |default| format!(" DEFAULT {default}"));
            format!("{} {}{default}", quote::identifier(&parameter.name), type_name(parameter.type_id))
        };
        let parameters: Vec<_> = self.parameters.iter().map(parameter).collect();
        let table = Relation::open(self.table, Lock::AccessShare)?.qualified_name();
        Ok(format!(
            "CREATE OR REPLACE FUNCTION {}({}) RETURNS SETOF {table} LANGUAGE sql STABLE PARALLEL SAFE ROWS {} AS {}",
            self.qualified_name(),
            parameters.join(", "),
            self.rows.max(1),
            quote::literal(self.text())
        ))
    }
}

impl Found {
    /// Reads a row of [`find`]; the inner `None` is a function whose first line is another comment.
    fn read(row: &Fetched) -> Option<Option<Found>> {
        let text: String = row.get(6)?;
        let Some((kind, configuration)) = marked(&text) else { return Some(None) };
        Some(Some(Found {
            oid: row.get(0)?,
            schema: row.get(1)?,
            name: row.get(2)?,
            signature: row.get(3)?,
            names: row.get(4)?,
            defaults: row.get(5)?,
            kind,
            configuration,
            text,
            is_plain: row.get(7)?,
        }))
    }

    /// The values of a key.
    pub fn values<'f>(&'f self, key: &'f str) -> impl Iterator<Item = &'f str> {
        self.configuration.iter().filter(move |(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// Whether the function is the one that would be generated now.
    pub fn is(&self, function: &Generated) -> bool {
        self.is_plain
            && self.text == function.text()
            && self.signature == function.signature()
            && self.is_replaceable_by(function)
    }

    /// Whether `CREATE OR REPLACE` can put the function in the place of this one: PostgreSQL lets arguments keep their names
    /// and defaults only.
    fn is_replaceable_by(&self, function: &Generated) -> bool {
        let defaults = function.parameters.iter().filter(|parameter| parameter.default.is_some()).count();
        self.names.iter().eq(function.parameters.iter().map(|parameter| &parameter.name))
            && usize::try_from(self.defaults) == Ok(defaults)
    }
}

/// The kind and the configuration in the first line of a generated function.
fn marked(text: &str) -> Option<(String, Vec<(String, String)>)> {
    let (kind, pairs) = text.lines().next()?.strip_prefix(MARK)?.split_once(':')?;
    let pair = |pair: &str| pair.split_once('=').and_then(|(key, value)| Some((key.to_string(), unescaped(value)?)));
    Some((kind.to_string(), pairs.split(' ').filter(|pair| !pair.is_empty()).map(pair).collect::<Option<_>>()?))
}

/// The values of a key. This function must not fail, because any user may have written the text.
fn generated_value(call: &Call) -> Result<Answer> {
    let (text, key) = (call.text(0)?.unwrap_or_default(), call.text(1)?.unwrap_or_default());
    let pairs = marked(text).map_or(Vec::new(), |(_, configuration)| configuration);
    Ok(pairs.into_iter().filter(|(name, _)| name == key).map(|(_, value)| value).collect::<Vec<_>>().into())
}

/// A value without spaces and control characters, each of which is written as `%` and the hexadecimal digits of its bytes.
fn escaped(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for character in value.chars() {
        if character == '%' || character.is_whitespace() || character.is_control() {
            character.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| escaped.push_str(&format!("%{byte:02X}")));
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// The value that [`escaped`] has written; `None` if it has written no such value.
fn unescaped(value: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::with_capacity(value.len()), value.bytes());
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                (digit(rest.next()?)? * 16 + digit(rest.next()?)?) as u8
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}
