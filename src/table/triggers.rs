//! The triggers of a feature on a table: finding, judging, creating and dropping them.

use super::feature::{Feature, Part};
use crate::pg::acting::as_owner_of;
use crate::pg::oid::Oid;
use crate::pg::quote;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::Session;
use crate::pg::trigger::{TriggerInfo, forget_parent};

/// The configuration of a table's feature, and the problems of its triggers.
pub struct Attached {
    /// The arguments that most of the triggers have.
    pub arguments: Vec<String>,
    /// One sentence for each problem; empty if all triggers are in place.
    pub problems: Vec<String>,
}

impl Feature {
    /// The triggers of the relation that execute functions of the feature.
    pub fn triggers(&self, relation: &Relation) -> Result<Vec<TriggerInfo>> {
        let functions = self.oids()?;
        Ok(relation.triggers().into_iter().filter(|trigger| functions.contains(&trigger.function)).collect())
    }

    /// Whether the relation has a trigger of the feature, in its place or not.
    pub fn is_on(&self, relation: &Relation) -> Result<bool> {
        Ok(!self.triggers(relation)?.is_empty())
    }

    /// The feature's state on the relation; `None` unless the relation has a trigger in the place of one of the parts.
    pub fn attached(&self, relation: &Relation) -> Result<Option<Attached>> {
        let (functions, triggers) = (self.oids()?, self.triggers(relation)?);
        let found = |part: &Part| {
            let is_it = |trigger: &&TriggerInfo| trigger.function == functions[part.function] && (part.fits)(trigger);
            triggers.iter().find(is_it)
        };
        let parts: Vec<_> = self.parts.iter().map(|part| (part.role, found(part))).collect();
        let Some(arguments) = agreed(&parts) else { return Ok(None) };
        let problem = |(role, trigger): (&str, Option<&TriggerInfo>)| match trigger {
            None => Some(format!("No trigger{} {role}.", on(relation))),
            Some(trigger) => problem_of(relation, trigger, role, arguments),
        };
        let problems = parts.iter().copied().filter_map(problem).collect();
        Ok(Some(Attached { arguments: arguments.clone(), problems }))
    }

    /// The feature's state on the relation, or the error that the relation does not have the feature.
    pub fn required(&self, relation: &Relation) -> Result<Attached> {
        self.attached(relation)?.ok_or_else(|| self.missing(&relation.name()))
    }

    /// The partitioned table from which the relation has its triggers; `None` if they are the relation's own.
    pub fn root_of(&self, relation: &Relation) -> Result<Option<Relation>> {
        let first = self.oids()?[0];
        let of = |relation: &Relation| relation.triggers().into_iter().find(|trigger| trigger.function == first);
        if of(relation).is_none_or(|trigger| !trigger.clone) {
            return Ok(None);
        }
        for ancestor in relation.ancestors() {
            let ancestor = Relation::open(ancestor, Lock::AccessShare)?;
            if of(&ancestor).is_some_and(|trigger| !trigger.clone) {
                return Ok(Some(ancestor));
            }
        }
        Ok(None)
    }

    /// Refuses a relation that has its triggers from a partitioned table. `how` gives the call for that table,
    /// whose name it gets as a text in SQL.
    pub fn refuse_partition(&self, relation: &Relation, how: impl FnOnce(&str) -> String) -> Result<()> {
        let Some(root) = self.root_of(relation)? else { return Ok(()) };
        let (name, root_name) = (relation.name(), root.name());
        let message = format!("\"{name}\" is a partition of {} \"{root_name}\"", self.noun());
        Err(Error::new(Class::WrongObject, message).hint(how(&root.literal())))
    }

    /// Checks that each trigger of the feature has the right firing time, and that no trigger exists twice.
    pub fn check_placement(&self, relation: &Relation) -> Result<()> {
        let (functions, triggers) = (self.oids()?, self.triggers(relation)?);
        let fits =
            |part: &Part, trigger: &TriggerInfo| functions[part.function] == trigger.function && (part.fits)(trigger);
        for trigger in &triggers {
            if !self.parts.iter().any(|part| fits(part, trigger)) {
                let function = functions.iter().position(|function| *function == trigger.function);
                return Err(self.misplaced(function.unwrap_or_default()));
            }
        }
        Ok(())
    }

    /// Whether the relation has the trigger of a part twice.
    pub fn has_twice(&self, relation: &Relation) -> Result<bool> {
        let (functions, triggers) = (self.oids()?, self.triggers(relation)?);
        let count = |part: &Part| {
            let is_it = |trigger: &&TriggerInfo| trigger.function == functions[part.function] && (part.fits)(trigger);
            triggers.iter().filter(is_it).count()
        };
        Ok(self.parts.iter().any(|part| count(part) > 1))
    }

    /// The triggers, enabled or disabled, that fire after the trigger of this name and could change a row that it has
    /// seen. The triggers of the feature itself and of later features do not.
    pub fn late(&self, relation: &Relation, name: &str) -> Result<Vec<TriggerInfo>> {
        let Some(late) = &self.late else { return Ok(Vec::new()) };
        let followers = self.followers()?;
        let is_late = |trigger: &TriggerInfo| {
            let changes = trigger.before_insert_row() || late.on_update && trigger.before_update_row();
            trigger.name.as_str() > name && changes && !followers.contains(&trigger.function)
        };
        Ok(relation.triggers().into_iter().filter(is_late).collect())
    }

    /// Refuses a relation with a trigger that fires after the trigger of this name.
    pub fn check_late(&self, relation: &Relation, name: &str) -> Result<()> {
        match self.late(relation, name)?.first() {
            Some(late) => Err(self.fires_too_late(&late.name, &relation.name())),
            None => Ok(()),
        }
    }

    /// The error of a trigger that fires after those of the feature.
    pub fn fires_too_late(&self, trigger: &str, table: &str) -> Error {
        let ours = self.parts[0].name;
        let harm = self.late.as_ref().map_or("change rows", |late| late.harm);
        Error::new(Class::State, format!("trigger \"{trigger}\" of table \"{table}\" could {harm}"))
            .detail(format!(
                "BEFORE triggers fire in the order of their names, and \"{trigger}\" sorts after \"{ours}\"."
            ))
            .hint(format!("Rename the trigger so that its name sorts before \"{ours}\"."))
    }
}

/// The place of a trigger, as worded in problems: a partition is named.
fn on(relation: &Relation) -> String {
    if relation.is_partition() { format!(" on partition \"{}\"", relation.name()) } else { String::new() }
}

/// The problem of a feature's trigger that does not fire always, or has other arguments than it should.
pub fn problem_of(relation: &Relation, trigger: &TriggerInfo, role: &str, arguments: &[String]) -> Option<String> {
    let what = if !trigger.enabled() {
        "is disabled"
    } else if trigger.conditional && !trigger.refers() {
        "has a condition or a list of columns"
    } else if trigger.arguments != arguments {
        "has other arguments than the others"
    } else {
        return None;
    };
    Some(format!("The trigger \"{}\"{}, which {role}, {what}.", trigger.name, on(relation)))
}

/// The arguments of a feature's triggers, which are all the same. If one trigger was altered, the others outvote it.
fn agreed<'t>(parts: &[(&str, Option<&'t TriggerInfo>)]) -> Option<&'t Vec<String>> {
    let all: Vec<_> = parts.iter().filter_map(|(_, trigger)| trigger.map(|trigger| &trigger.arguments)).collect();
    let votes = |arguments: &Vec<String>| all.iter().filter(|other| **other == arguments).count();
    let most = all.iter().map(|arguments| votes(arguments)).max()?;
    all.iter().copied().find(|arguments| votes(arguments) == most)
}

impl Part {
    /// Creates the trigger with the name `name` on a table, given by its SQL name.
    pub fn create(
        &self,
        session: &Session,
        feature: &Feature,
        table: &str,
        name: &str,
        arguments: &[String],
    ) -> Result<()> {
        self.create_referring(session, feature, table, name, arguments, None)
    }

    /// Creates the trigger as [`Part::create`] does. `other` is the SQL name of the table that the trigger names.
    pub fn create_referring(
        &self,
        session: &Session,
        feature: &Feature,
        table: &str,
        name: &str,
        arguments: &[String],
        other: Option<&str>,
    ) -> Result<()> {
        let list = arguments.iter().map(quote::literal).collect::<Vec<_>>().join(", ");
        let (name, Part { timing, rows, .. }) = (quote::identifier(name), self);
        let function = feature.functions[self.function].name.to_str().unwrap_or_default();
        let (constraint, from) = match other {
            Some(other) => ("CONSTRAINT ", format!(" FROM {other}")),
            None => ("", String::new()),
        };
        session.run(
            &format!(
                "CREATE {constraint}TRIGGER {name} {timing} ON {table}{from} {rows}
                 EXECUTE FUNCTION veritable.{function}({list})"
            ),
            &[],
        )?;
        if self.always {
            session.run(&format!("ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}"), &[])?;
        }
        Ok(())
    }
}

/// Creates the triggers of a feature on a table anew, with the names and arguments that `change` gives. Partitions get
/// those that PostgreSQL clones.
pub fn rearm(
    session: &Session,
    feature: &Feature,
    table: Oid,
    change: impl Fn(&TriggerInfo) -> Result<(String, Vec<String>)>,
) -> Result<()> {
    let relation = Relation::open(table, Lock::AccessShare)?;
    let (functions, name) = (feature.oids()?, relation.qualified_name());
    let own: Vec<_> = feature.triggers(&relation)?.into_iter().filter(|trigger| !trigger.clone).collect();
    std::mem::drop(relation);
    for trigger in own {
        let fits = |part: &&Part| functions[part.function] == trigger.function && (part.fits)(&trigger);
        let Some(part) = feature.parts.iter().find(fits) else { continue };
        let (new_name, arguments) = change(&trigger)?;
        let other = match trigger.referenced {
            Some(other) => Some(Relation::open(other, Lock::AccessShare)?.qualified_name()),
            None => None,
        };
        drop(session, &name, [trigger.name.clone()])?;
        part.create_referring(session, feature, &name, &new_name, &arguments, other.as_deref())?;
        let state = trigger.state_sql();
        session.run(&format!("ALTER TABLE {name} {state} TRIGGER {}", quote::identifier(&new_name)), &[])?;
    }
    Ok(())
}

/// Drops from each of `tables` that is no longer a partition the triggers of a function that name another table.
pub fn drop_former_clones(session: &Session, tables: &[Oid], function: Oid) -> Result<()> {
    let clones = session.query(
        "SELECT t.oid, t.tgrelid, t.tgname::pg_catalog.text
         FROM pg_catalog.pg_trigger t
         JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
         WHERE t.tgrelid = ANY ($1) AND t.tgfoid = $2 AND t.tgparentid <> 0 AND NOT c.relispartition",
        &[tables.to_vec().into(), function.into()],
    )?;
    for row in clones.rows() {
        let (Some(oid), Some(table), Some(name)) = (row.get(0), row.get(1), row.get::<String>(2)) else {
            return Err(Error::damaged("pg_trigger"));
        };
        forget_parent(oid);
        let table_name = Relation::open(table, Lock::AccessShare)?.qualified_name();
        as_owner_of(table, |_| drop(session, &table_name, [name]))??;
    }
    Ok(())
}

/// Drops triggers of a table by name.
pub fn drop(session: &Session, table: &str, names: impl IntoIterator<Item = String>) -> Result<()> {
    for name in names {
        session.run(&format!("DROP TRIGGER {} ON {table}", quote::identifier(name)), &[])?;
    }
    Ok(())
}
