//! `veritable.validate()`: refuses a row whose document does not match its schema.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use veritable_schema::{Formats, Shown};

use super::arguments::{Arguments, Unknown};
use super::document::{self, shortened};
use super::feature::{FEATURE, VALIDATE};
use super::known::{self, Entry, EventSchema};
use super::layout::Layout;
use super::register::NAME_BYTES_MAX;
use super::registry;
use super::settings;
use crate::pg::cache::{self, Cache, Derived};
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::row::Row;
use crate::pg::trigger::{Event, Firing};
use crate::table::moves;

sql_function! {
    /// `veritable.validate()`: BEFORE INSERT OR UPDATE FOR EACH ROW.
    veritable_validate = validate
}

/// The maximum number of schemas that are searched one by one.
const SCHEMAS_MAX: usize = 8;

/// A validation, ready for the rows of one relation.
struct Checker {
    relation: Oid,
    layout: Layout,
    schemas: Schemas,
}

/// The schemas that a table's rows used recently, so that most rows need no registry lookup. The holder drops this
/// value when the registry changes.
pub struct Schemas {
    registry: Oid,
    /// Not owned, so that only the registry's cache, which has a bound, keeps schemas: each partition has a checker.
    newest: RefCell<Vec<(String, Formats, Weak<EventSchema>)>>,
}

thread_local! {
    /// The checkers by the oids of their triggers, because a table may have several.
    static CHECKERS: Cache<Checker> = Cache::default();
}

impl Derived for Checker {
    fn depends_on(&self, relation: Oid) -> bool {
        relation == self.relation || relation == self.schemas.registry
    }
}

impl Schemas {
    /// An empty cache.
    pub fn new() -> Result<Schemas> {
        Ok(Schemas { registry: registry::table()?, newest: RefCell::default() })
    }

    fn newest(&self, name: &str) -> Result<Entry> {
        let formats = settings::formats();
        let known = |(other, asserted, _): &&(String, Formats, _)| other == name && *asserted == formats;
        if let Some(schema) = self.newest.borrow().iter().find(known).and_then(|(_, _, schema)| schema.upgrade()) {
            return Ok(Entry::Schema(schema));
        }
        let entry = known::look_up(self.registry, name, None)?;
        if let Entry::Schema(schema) = &entry {
            let mut newest = self.newest.borrow_mut();
            newest.retain(|(_, _, schema)| schema.strong_count() > 0);
            if newest.len() == SCHEMAS_MAX {
                newest.remove(0);
            }
            newest.push((name.to_string(), formats, Rc::downgrade(schema)));
        }
        Ok(entry)
    }
}

fn validate(call: &Call) -> Result<Answer> {
    let firing = call.firing()?;
    if !firing.is_before_row() {
        return Err(FEATURE.misplaced(VALIDATE));
    }
    // A statement may be long, and its transaction takes no more locks that would deliver invalidations.
    cache::accept_changes();
    let checker = Checker::of(&firing)?;
    match firing.event() {
        // Its schema may have a newer version by now, or be retired; the row was valid when it came.
        Event::Insert if moves::stays_under(&firing)? => Ok(firing.pass_row()),
        Event::Insert => {
            let mut row = firing.row(&checker.layout.descriptor);
            if checker.check(&mut row)? { Ok(row.into_answer()) } else { Ok(firing.pass_row()) }
        }
        Event::Update => {
            let mut row = firing.new_row(&checker.layout.descriptor);
            let is_same = checker.layout.is_same(&row, &firing.row(&checker.layout.descriptor));
            if !is_same && checker.check_update(&mut row)? { Ok(row.into_answer()) } else { Ok(firing.pass_update()) }
        }
        _ => Err(FEATURE.misplaced(VALIDATE)),
    }
}

impl Checker {
    fn of(firing: &Firing) -> Result<Rc<Checker>> {
        CHECKERS.with(|checkers| {
            checkers.get(firing.trigger_oid(), || {
                let relation = firing.relation();
                Ok(Checker {
                    relation: relation.oid(),
                    schemas: Schemas::new()?,
                    layout: Layout::of(&relation, &Arguments::parse(&firing.arguments())?)?,
                })
            })
        })
    }

    /// Refuses a row whose document does not match its schema. Returns whether the row has changed, because it may get a version.
    fn check(&self, row: &mut Row) -> Result<bool> {
        match matching(&self.schemas, &self.layout, row, || self.may_read())? {
            Some(version) => self.layout.set_version(row, version),
            None => Ok(false),
        }
    }

    /// Checks a row of an UPDATE. The caller of an INSERT knows the row's contents; the caller of an UPDATE may not. In
    /// that case the error says nothing about a schema that the row names.
    fn check_update(&self, row: &mut Row) -> Result<bool> {
        self.check(row)
            .map_err(|error| if self.layout.is_by_row() && !self.may_read() { unnamed(&error) } else { error })
    }

    fn may_read(&self) -> bool {
        Relation::open(self.relation, Lock::Held).is_ok_and(|relation| is_readable(&relation))
    }
}

/// The error without the details of the schema that the row names.
fn unnamed(error: &Error) -> Error {
    let message = match error.class() {
        Class::Check => "document does not match its event schema",
        Class::Limit => "document cannot be validated within the limits",
        _ => "event schema of the document cannot be used",
    };
    Error::new(error.class(), message).detail("You do not have permission to read the table.")
}

/// Whether the caller may read the relation, or a table of which it is a partition.
fn is_readable(relation: &Relation) -> bool {
    let open = |oid| Relation::open(oid, Lock::AccessShare);
    relation.is_readable() || relation.ancestors().into_iter().any(|oid| open(oid).is_ok_and(|root| root.is_readable()))
}

/// The version that the row's document matches; `None` without a document, or if its schema need not be registered.
pub fn matching(schemas: &Schemas, layout: &Layout, row: &Row, may_show: impl FnOnce() -> bool) -> Result<Option<i64>> {
    let Some(document) = row.bytes(layout.document) else { return Ok(None) };
    let document = &*document;
    let Some((name, schema)) = schema_for(schemas, layout, row)? else { return Ok(None) };
    document::check_size(document)?;
    if document::is_valid(&schema.validator, document, document.len())? {
        return Ok(Some(schema.version));
    }
    let shown = if may_show() { Shown::Values } else { Shown::Masked };
    let message = format!("document does not match event schema \"{name}\" version {}", schema.version);
    Err(Error::new(Class::Check, message).detail(document::detail(&schema.validator, document, shown)))
}

/// The schema for the row's document, with its name; `None` if the schema need not be registered.
fn schema_for(schemas: &Schemas, layout: &Layout, row: &Row) -> Result<Option<(String, Rc<EventSchema>)>> {
    let refused = |message: String| Err(Error::new(Class::Check, message));
    let Some(name) = layout.name(row) else {
        return match layout.unknown {
            Unknown::Allow => Ok(None),
            Unknown::Refuse => Err(Error::new(Class::Check, "document has no event schema")
                .detail("The column that names its schema is null.")),
        };
    };
    // No registered name is longer, and an invented name must not be cached.
    let found = if name.len() <= NAME_BYTES_MAX { schemas.newest(&name)? } else { Entry::Unknown };
    let newest = match found {
        Entry::Schema(newest) => newest,
        // Retiring a name retires all its versions.
        Entry::Retired => return refused(format!("event schema \"{name}\" is retired")),
        Entry::Unknown if layout.unknown == Unknown::Allow => return Ok(None),
        Entry::Unknown => {
            let message = format!("event schema \"{}\" does not exist", shortened(name, NAME_BYTES_MAX));
            return Err(Error::new(Class::Check, message).hint(
                "register_schema() registers it; with unknown => 'allow', add_validation() lets such documents pass.",
            ));
        }
    };
    let schema = match layout.version(row) {
        Some(version) if version != newest.version => match known::look_up(schemas.registry, &name, Some(version))? {
            Entry::Schema(schema) => schema,
            _ => return refused(format!("event schema \"{name}\" version {version} does not exist")),
        },
        _ => newest,
    };
    Ok(Some((name, schema)))
}
