//! Which guarded tables a command has touched: those that it names, those that it reaches, and those whose types it
//! changes. Nothing else is read, so nobody else's tables make a command slow, wait or fail.

use std::collections::{BTreeMap, BTreeSet};

use super::definitions::Key;
use super::running::Running;
use crate::pg::command::{Object, objects};
use crate::pg::lookup::function;
use crate::pg::oid::Oid;
use crate::pg::oid::catalogs;
use crate::pg::report::Result;
use crate::pg::role;
use crate::pg::spi::{Fetched, Kept, Parameter, Session};

thread_local! {
    /// Planning it takes longer than running it.
    static FIND: Kept = Kept::new(include_str!("touched.sql").to_string());
}

/// The oids of our trigger functions: seal, guard, pack, pack_early, validate.
#[derive(Clone, Copy)]
pub struct Functions([Oid; 5]);

impl Functions {
    /// `None` where the extension is not there, or not there any more.
    pub fn find() -> Option<Functions> {
        let find = |name| function(c"veritable", name);
        Some(Functions([find(c"seal")?, find(c"guard")?, find(c"pack")?, find(c"pack_early")?, find(c"validate")?]))
    }

    /// In this order, as parameters of a statement.
    pub fn parameters(&self) -> [Parameter<'static>; 5] {
        self.0.map(Parameter::from)
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
#[derive(Clone, Copy)]
struct Table {
    owner: Oid,
    addressed: bool,
}

/// The guarded tables that were touched.
#[derive(Default)]
pub struct Touched {
    tables: BTreeMap<u32, Table>,
    /// All relations that the command names, guarded or not.
    named: BTreeSet<u32>,
}

impl Touched {
    /// Adds those of the catalogs as they are now, or, within [`crate::pg::snapshot::Mark::during`], as they were.
    pub fn find(&mut self, session: &Session, functions: &Functions, objects: &Objects) -> Result<()> {
        let oids = |oids: &Vec<Oid>| Parameter::from(oids.clone());
        let parameters = [
            oids(&functions.0.to_vec()),
            oids(&objects.named[0]),
            oids(&objects.reached[0]),
            oids(&objects.named[1]),
            oids(&objects.reached[1]),
            oids(&objects.types),
        ];
        self.named.extend(objects.named[0].iter().map(|oid| u32::from(*oid)));
        let found = FIND.with(|find| find.query_as_caller(session, &parameters))?;
        let table = |row: Fetched| {
            let table = Table { owner: row.get(1)?, addressed: row.get(2)? };
            Some((row.get::<Oid>(0)?, table))
        };
        for (oid, table) in found.rows().filter_map(table) {
            let known = self.tables.entry(u32::from(oid)).or_insert(table);
            known.addressed |= table.addressed;
            known.owner = table.owner;
        }
        Ok(())
    }

    /// There are none.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// All of them.
    pub fn tables(&self) -> Vec<Oid> {
        self.tables.keys().map(|oid| Oid::from(*oid)).collect()
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
    pub fn may_refuse_of_type(&self, part: &Key) -> bool {
        self.named.contains(&u32::from(part.parent()))
            || self.owner(part.table()).is_some_and(|owner| role::has_privileges_of(owner, role::caller()))
    }

    /// A table's guarantee can keep the caller from a command: the command is about the table, or the table's owner has
    /// the caller's privileges and could have been the one to run it. Otherwise one role's table would block another's
    /// commands.
    pub fn may_refuse(&self, table: Oid) -> bool {
        let table = self.tables.get(&u32::from(table));
        table.is_some_and(|table| table.addressed || role::has_privileges_of(table.owner, role::caller()))
    }
}
