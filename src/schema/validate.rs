//! `veritable.validate()`: refuses a row whose document does not match its schema.

use std::rc::Rc;

use pgrx::pg_sys;
use veritable_schema::Shown;

use super::arguments::{Arguments, Unknown};
use super::document;
use super::layout::Layout;
use super::registry::{self, Entry};
use super::triggers::MISPLACED;
use crate::pg::cache::{Cache, Derived};
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::row::Row;
use crate::pg::trigger::{Event, Firing};

sql_function! {
    /// `veritable.validate()`: BEFORE INSERT OR UPDATE FOR EACH ROW.
    veritable_validate / pg_finfo_veritable_validate = validate
}

/// A validation, ready for the rows of one relation.
struct Checker {
    relation: pg_sys::Oid,
    registry: pg_sys::Oid,
    layout: Layout,
}

thread_local! {
    /// By the oids of their triggers: a table may have several.
    static CHECKERS: Cache<Checker> = Cache::default();
}

impl Derived for Checker {
    fn depends_on(&self, relation: pg_sys::Oid) -> bool {
        relation == self.relation || relation == self.registry
    }
}

fn validate(call: &Call) -> Result<Answer> {
    let firing = call.firing()?;
    if !firing.is_before_row() {
        return Err(Error::new(Class::TriggerProtocol, MISPLACED));
    }
    let checker = Checker::of(&firing)?;
    match firing.event() {
        Event::Insert => {
            let mut row = firing.row(&checker.layout.descriptor);
            if checker.check(&mut row)? { Ok(row.into_answer()) } else { Ok(firing.pass_insert()) }
        }
        Event::Update => {
            let mut row = firing.new_row(&checker.layout.descriptor);
            let is_same = checker.layout.is_same(&row, &firing.row(&checker.layout.descriptor));
            if !is_same && checker.check(&mut row)? { Ok(row.into_answer()) } else { Ok(firing.pass_update()) }
        }
        _ => Err(Error::new(Class::TriggerProtocol, MISPLACED)),
    }
}

impl Checker {
    fn of(firing: &Firing) -> Result<Rc<Checker>> {
        CHECKERS.with(|checkers| {
            checkers.get(firing.trigger_oid(), || {
                let relation = firing.relation();
                Ok(Checker {
                    relation: relation.oid(),
                    registry: registry::table()?,
                    layout: Layout::of(&relation, &Arguments::parse(&firing.arguments())?)?,
                })
            })
        })
    }

    /// The error, unless the row's document matches its schema. Whether the row has changed: it may be given a version.
    fn check(&self, row: &mut Row) -> Result<bool> {
        let may_show = || Relation::open(self.relation, Lock::Held).is_ok_and(|relation| relation.is_readable());
        match matching(self.registry, &self.layout, row, may_show)? {
            Some(version) => self.layout.set_version(row, version),
            None => Ok(false),
        }
    }
}

/// The version that the row's document matches; none where there is no document, or its schema need not be registered.
pub fn matching(
    registry: pg_sys::Oid,
    layout: &Layout,
    row: &Row,
    may_show: impl FnOnce() -> bool,
) -> Result<Option<i64>> {
    let Some(document) = row.bytes(layout.document) else { return Ok(None) };
    let (name, version) = (layout.name(row), layout.version(row));
    let Some(name) = name else {
        return match layout.unknown {
            Unknown::Allow => Ok(None),
            Unknown::Refuse => Err(Error::new(Class::Check, "document has no event schema")
                .detail("The column that names its schema is null.")),
        };
    };
    let newest = registry::look_up(registry, &name, None)?;
    // A name that has ended has ended for all its versions.
    let entry = match (newest, version) {
        (Entry::Schema(newest), Some(version)) if newest.version != version => {
            registry::look_up(registry, &name, Some(version))?
        }
        (newest, _) => newest,
    };
    let refused = |message: String| Error::new(Class::Check, message);
    match entry {
        Entry::Schema(schema) => {
            document::check_size(document)?;
            if document::is_valid(&schema.validator, document)? {
                return Ok(Some(schema.version));
            }
            let shown = if may_show() { Shown::Values } else { Shown::Masked };
            let message = format!("document does not match event schema \"{name}\" version {}", schema.version);
            Err(refused(message).detail(document::detail(&schema.validator, document, shown)))
        }
        Entry::Retired => Err(refused(format!("event schema \"{name}\" is retired"))),
        Entry::Unknown => match (layout.unknown, version) {
            (Unknown::Allow, _) => Ok(None),
            (Unknown::Refuse, Some(version)) => {
                Err(refused(format!("event schema \"{name}\" version {version} does not exist")))
            }
            (Unknown::Refuse, None) => Err(refused(format!("event schema \"{name}\" does not exist")).hint(
                "register_schema() registers it; with unknown => 'allow', add_validation() lets such documents pass.",
            )),
        },
    }
}
