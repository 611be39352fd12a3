//! Which guarded tables a command has touched: those that it names, those that it reaches, and those whose types it
//! changes. Nothing else is read, so nobody else's tables make a command slow, wait or fail.

use std::collections::{BTreeMap, BTreeSet};

use super::running::Running;
use crate::pg::command::{Object, objects};
use crate::pg::extension;
use crate::pg::oid::Oid;
use crate::pg::oid::catalogs;
use crate::pg::report::{Error, Result};
use crate::pg::role;
use crate::pg::spi::{Fetched, Kept, Parameter, Session};
use crate::table::feature::{self, Feature};

thread_local! {
    /// Planning it takes longer than running it.
    static FIND: Kept = Kept::new(include_str!("touched.sql").to_string());
}

/// The oids of the features' trigger functions, feature by feature in the order of the list.
pub struct Functions(Vec<Vec<Oid>>);

impl Functions {
    /// `None` where the extension is not there, or not there any more. A function that is missing while the extension is
    /// there is an error: without it, no table of its feature could be told from others.
    pub fn find() -> Result<Option<Functions>> {
        if !extension::is_installed(c"veritable") {
            return Ok(None);
        }
        feature::all().iter().map(|listed| listed.feature.oids()).collect::<Result<_>>().map(|all| Some(Functions(all)))
    }

    /// Those of the feature at this place.
    pub fn of(&self, place: usize) -> &[Oid] {
        &self.0[place]
    }

    /// Those whose triggers may fire after the ones of the feature at this place.
    pub fn followers(&self, place: usize) -> Vec<Oid> {
        self.0[place..].concat()
    }

    /// The feature that has this function.
    pub fn feature_of(&self, function: Oid) -> Option<&'static Feature> {
        self.0.iter().position(|functions| functions.contains(&function)).map(|place| feature::all()[place].feature)
    }

    /// Those of the features for which `is_meant` holds.
    pub fn of_features(&self, is_meant: impl Fn(&Feature) -> bool) -> Vec<Oid> {
        let pairs = feature::all().iter().zip(&self.0);
        pairs
            .filter(|(listed, _)| is_meant(listed.feature))
            .flat_map(|(_, functions)| functions.iter().copied())
            .collect()
    }
}

/// The objects that a command was about.
#[derive(Default)]
pub struct Objects {
    /// Relations and triggers that the command names.
    named: [Vec<Oid>; 2],
    /// Relations and triggers that it has come to otherwise.
    reached: [Vec<Oid>; 2],
    types: Vec<Oid>,
}

impl Objects {
    /// Those of a command that is about to end.
    pub fn of(session: &Session, tag: &str, running: &Running) -> Result<Objects> {
        let mut found = Objects::default();
        for object in objects(session)? {
            found.add(&object, true);
        }
        // What was dropped is named if the command is about such an object, not if it has an owner or a schema to be rid
        // of. A column is named by the ALTER TABLE that it comes with.
        let names = matches!(tag, "DROP TABLE" | "DROP FOREIGN TABLE" | "DROP INDEX" | "DROP TRIGGER");
        for object in &running.dropped {
            found.add(object, names && object.named && object.column == 0);
        }
        Ok(found)
    }

    /// Those that are named by their oids alone.
    pub fn of_relations(relations: Vec<Oid>) -> Objects {
        Objects { named: [relations, Vec::new()], ..Objects::default() }
    }

    fn add(&mut self, object: &Object, named: bool) {
        let place = match object.class {
            catalogs::RELATIONS => 0,
            catalogs::TRIGGERS => 1,
            catalogs::TYPES => return self.types.push(object.id),
            _ => return,
        };
        let known = if named { &mut self.named } else { &mut self.reached };
        known[place].push(object.id);
    }

    /// Nothing that guarded tables could depend on.
    pub fn is_empty(&self) -> bool {
        self.named.iter().chain(&self.reached).all(Vec::is_empty) && self.types.is_empty()
    }

    /// The relations that the command names.
    pub fn relations(&self) -> &[Oid] {
        &self.named[0]
    }
}

/// A guarded table that was touched.
struct Table {
    owner: Oid,
    addressed: bool,
    /// The trigger functions of ours that it has.
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
}

impl Touched {
    /// Adds those of the catalogs as they are now, or, within [`crate::pg::snapshot::Mark::during`], as they were.
    pub fn find(&mut self, session: &Session, functions: &Functions, objects: &Objects) -> Result<()> {
        let oids = |oids: &Vec<Oid>| Parameter::from(oids.clone());
        let parameters = [
            functions.of_features(|_| true).into(),
            oids(&objects.named[0]),
            oids(&objects.reached[0]),
            oids(&objects.named[1]),
            oids(&objects.reached[1]),
            oids(&objects.types),
        ];
        self.named.extend(objects.named[0].iter().map(|oid| u32::from(*oid)));
        let found = FIND.with(|find| find.query_as_caller(session, &parameters))?;
        for row in found.rows() {
            let read = |row: &Fetched| Some((row.get::<Oid>(0)?, row.get(1)?, row.get(2)?, row.get::<Vec<Oid>>(3)?));
            let (oid, owner, addressed, has) = read(&row).ok_or_else(|| Error::damaged("pg_trigger"))?;
            let table = self.tables.entry(u32::from(oid)).or_insert(Table { owner, addressed, functions: Vec::new() });
            table.addressed |= addressed;
            table.owner = owner;
            let new = has.into_iter().filter(|function| !table.functions.contains(function)).collect::<Vec<_>>();
            table.functions.extend(new);
        }
        self.places = places(functions, &self.tables);
        Ok(())
    }

    /// There are none.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// Those that have triggers of the feature at this place.
    pub fn tables_of(&self, place: usize) -> Vec<Oid> {
        self.places.get(place).cloned().unwrap_or_default()
    }

    /// The owner of one of them.
    pub fn owner(&self, table: Oid) -> Option<Oid> {
        self.tables.get(&u32::from(table)).map(|table| table.owner)
    }

    /// The command is about the table.
    pub fn is_addressed(&self, table: Oid) -> bool {
        self.tables.get(&u32::from(table)).is_some_and(|table| table.addressed)
    }

    /// A part of a type is gone because the command names the type, or by the doing of somebody whose privileges the
    /// table's owner has: not because something that the type is made of was dropped from under it.
    pub fn may_refuse_of_type(&self, row_type: Oid, table: Oid) -> bool {
        self.named.contains(&u32::from(row_type))
            || self.owner(table).is_some_and(|owner| role::has_privileges_of(owner, role::caller()))
    }

    /// A table's guarantee can keep the caller from a command: the command is about the table, or the table's owner has
    /// the caller's privileges and could have been the one to run it. Otherwise one role's table would block another's
    /// commands.
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
