//! The guarded tables that a command has touched: tables that it names or reaches, and tables whose types it changes.
//! No other table is read, so other roles' tables cannot make a command slow, wait or fail.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::running::Running;
use crate::pg::command::{Object, objects};
use crate::pg::extension;
use crate::pg::oid::Oid;
use crate::pg::oid::catalogs;
use crate::pg::relation::{self, Lock, exists};
use crate::pg::report::{Error, Result};
use crate::pg::role;
use crate::pg::spi::{Fetched, Kept, Parameter, Session};
use crate::table::feature;

thread_local! {
    /// Kept because planning takes longer than running.
    static FIND: Kept = Kept::new(include_str!("touched.sql").to_string());
}

/// The oids of the features' trigger functions, feature by feature in the order of the list.
pub struct Functions(Vec<Vec<Oid>>);

impl Functions {
    /// Finds the functions; `None` if the extension is not installed, or no longer. A missing function of an installed
    /// extension is an error: without the function, the feature's tables cannot be recognized.
    pub fn find() -> Result<Option<Functions>> {
        if !extension::is_installed(c"veritable") {
            return Ok(None);
        }
        feature::all().iter().map(|listed| listed.feature.oids()).collect::<Result<_>>().map(|all| Some(Functions(all)))
    }

    /// The functions of the feature at this place.
    pub fn of(&self, place: usize) -> &[Oid] {
        &self.0[place]
    }

    /// All functions.
    pub fn all(&self) -> Vec<Oid> {
        self.0.concat()
    }
}

/// The objects that a command was about.
#[derive(Default)]
pub struct Objects {
    /// Relations that the command names, and triggers and rules.
    named: [Vec<Oid>; 2],
    /// Relations that the command has reached otherwise, and triggers and rules.
    reached: [Vec<Oid>; 2],
    types: Vec<Oid>,
    /// Schemas that the command has altered: no guarantee depends on them, but the names of its tables do.
    schemas: Vec<Oid>,
    /// The kinds and names of all.
    names: Vec<String>,
}

impl Objects {
    /// The objects of a command that is about to end.
    pub fn of(session: &Session, tag: &str, running: &Running) -> Result<Objects> {
        let mut found = Objects::default();
        for object in objects(session)? {
            found.add(&object, true);
        }
        // A dropped object is named if the command drops such objects, not if the command drops an owner or a schema.
        // ALTER TABLE itself names the table of a dropped column.
        let names =
            matches!(tag, "DROP TABLE" | "DROP FOREIGN TABLE" | "DROP INDEX" | "DROP TRIGGER" | "DROP SEQUENCE");
        for object in &running.dropped {
            found.add(object, names && object.named && object.column == 0);
        }
        Ok(found)
    }

    /// The objects named by their oids alone.
    pub fn of_relations(relations: Vec<Oid>) -> Objects {
        Objects { named: [relations, Vec::new()], ..Objects::default() }
    }

    fn add(&mut self, object: &Object, named: bool) {
        self.names.push(object.name.clone());
        let place = match object.class {
            catalogs::RELATIONS => 0,
            catalogs::TRIGGERS | catalogs::RULES => 1,
            catalogs::TYPES => return self.types.push(object.id),
            catalogs::SCHEMAS => return self.schemas.push(object.id),
            _ => return,
        };
        let known = if named { &mut self.named } else { &mut self.reached };
        known[place].push(object.id);
    }

    /// Whether no object is one that guarded tables could depend on.
    pub fn is_empty(&self) -> bool {
        self.named.iter().chain(&self.reached).all(Vec::is_empty) && self.types.is_empty()
    }

    /// The schemas of the objects.
    pub fn schemas(&self) -> &[Oid] {
        &self.schemas
    }

    /// The kinds and names of all objects, also of those that no guarantee depends on.
    pub fn names(&self) -> &[String] {
        &self.names
    }
}

/// A guarded table that was touched.
struct Table {
    owner: Oid,
    addressed: bool,
    named: bool,
    /// The extension's trigger functions on the table.
    functions: Vec<Oid>,
}

/// The guarded tables that were touched.
#[derive(Default)]
pub struct Touched {
    tables: BTreeMap<u32, Table>,
    /// The tables of each feature.
    places: Vec<Vec<Oid>>,
    /// All relations that the command names, guarded or not.
    named: BTreeSet<u32>,
    /// Whether the tables of the first moment have been found.
    begun: bool,
    /// The tables that the user has been told of.
    told: RefCell<BTreeSet<u32>>,
}

impl Touched {
    /// Adds the touched tables of the present catalogs or, within [`crate::pg::snapshot::Mark::during`], of that moment.
    /// A command is about the tables that have become parents or children of its tables since the first moment.
    pub fn find(&mut self, session: &Session, functions: &Functions, objects: &Objects) -> Result<()> {
        let oids = |oids: &Vec<Oid>| Parameter::from(oids.clone());
        let parameters = [
            functions.all().into(),
            oids(&objects.named[0]),
            oids(&objects.reached[0]),
            oids(&objects.named[1]),
            oids(&objects.reached[1]),
            oids(&objects.types),
        ];
        self.named.extend(objects.named[0].iter().map(|oid| u32::from(*oid)));
        let found = FIND.with(|find| find.query_as_caller(session, &parameters))?;
        for row in found.rows() {
            let (oid, owner, [is_about, is_related, is_named, only_refers], has) =
                Touched::row(&row).ok_or_else(|| Error::damaged("pg_trigger"))?;
            // A table that another session is defining is not waited for because a command is about the table that it names:
            // that session may wait for this one. pg_restore with several jobs does so.
            if only_refers && exists(oid) && !relation::is_free(oid, Lock::AccessShare) {
                continue;
            }
            let has_come = self.begun && is_related && !self.tables.contains_key(&u32::from(oid));
            let new = Table { owner, addressed: false, named: false, functions: Vec::new() };
            let table = self.tables.entry(u32::from(oid)).or_insert(new);
            table.addressed |= is_about || has_come;
            table.named |= is_named;
            table.owner = owner;
            let new = has.into_iter().filter(|function| !table.functions.contains(function)).collect::<Vec<_>>();
            table.functions.extend(new);
        }
        self.begun = true;
        self.places = places(functions, &self.tables);
        Ok(())
    }

    /// Whether no guarded table was touched.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// The touched tables with triggers of the feature at this place.
    pub fn tables_of(&self, place: usize) -> Vec<Oid> {
        self.places.get(place).cloned().unwrap_or_default()
    }

    /// All touched tables.
    pub fn tables(&self) -> Vec<Oid> {
        self.tables.keys().map(|oid| Oid::from(*oid)).collect()
    }

    fn row(row: &Fetched) -> Option<(Oid, Oid, [bool; 4], Vec<Oid>)> {
        Some((row.get(0)?, row.get(1)?, [row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?], row.get(6)?))
    }

    /// Whether the user is told of a table for the first time.
    pub fn is_told_first(&self, table: Oid) -> bool {
        self.told.borrow_mut().insert(u32::from(table))
    }

    /// The owner of a touched table.
    pub fn owner(&self, table: Oid) -> Option<Oid> {
        self.tables.get(&u32::from(table)).map(|table| table.owner)
    }

    /// Whether the command names the table, or an index, trigger or rule of it.
    pub fn is_named(&self, table: Oid) -> bool {
        self.tables.get(&u32::from(table)).is_some_and(|table| table.named)
    }

    /// Whether the command is about the table: the command names it, or a table above it.
    pub fn is_addressed(&self, table: Oid) -> bool {
        self.tables.get(&u32::from(table)).is_some_and(|table| table.addressed)
    }

    /// Whether a table may refuse the loss of a part of a type. The command names the type, or the table's owner has
    /// the caller's privileges. It may not refuse if another object was only dropped from under the type.
    pub fn may_refuse_of_type(&self, row_type: Oid, table: Oid) -> bool {
        self.named.contains(&u32::from(row_type))
            || self.owner(table).is_some_and(|owner| role::has_privileges_of(owner, role::caller()))
    }

    /// Whether a table's guarantee may refuse the caller's command if the command changes or drops a column of a type with
    /// this owner: a superuser who drops types of the table's own owner acts on what is the owner's alone.
    pub fn may_refuse_of_column(&self, table: Oid, type_owner: Oid) -> bool {
        self.may_refuse(table) || self.owner(table) == Some(type_owner)
    }

    /// Whether a table's guarantee may refuse the caller's command. The command is about the table, or the table's
    /// owner has the caller's privileges and could have run the command. Otherwise one role's table could block another
    /// role's commands.
    pub fn may_refuse(&self, table: Oid) -> bool {
        let table = self.tables.get(&u32::from(table));
        table.is_some_and(|table| table.addressed || role::has_privileges_of(table.owner, role::caller()))
    }
}

fn places(functions: &Functions, tables: &BTreeMap<u32, Table>) -> Vec<Vec<Oid>> {
    let has = |place: usize, table: &Table| table.functions.iter().any(|oid| functions.of(place).contains(oid));
    let of = |place| {
        let tables = tables.iter().filter(|(_, table)| has(place, table));
        tables.map(|(oid, _)| Oid::from(*oid)).collect()
    };
    (0..feature::all().len()).map(of).collect()
}
