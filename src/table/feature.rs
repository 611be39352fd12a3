//! A feature, as described to the layers that know all features: this folder and the event triggers.
//!
//! Each feature describes itself as data, in its own folder; `src/features.rs` lists the features. No other code names
//! a feature.

use std::ffi::CStr;
use std::sync::OnceLock;

use super::faults::Faults;
use crate::pg::extension;
use crate::pg::lookup;
use crate::pg::oid::Oid;
use crate::pg::relation::Relation;
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::Session;
use crate::pg::trigger::TriggerInfo;

/// A guarantee that a table can have.
pub struct Feature {
    /// The guarantee, as in `add_chain` and `veritable.chains`: "chain".
    pub name: &'static str,
    /// The adjective for a table with the guarantee: "chained".
    pub participle: &'static str,
    /// The verb for the feature's `add_…` function: "chain".
    pub verb: &'static str,
    /// The function that verifies tables with the guarantee: "verify_chain".
    pub verified_by: &'static str,
    /// The nouns for what verification counts: the rows of a table, and the groups of these rows, if there are any.
    pub counts: (&'static str, Option<&'static str>),
    /// The trigger functions of the feature.
    pub functions: &'static [Function],
    /// The triggers that a table of the feature has.
    pub parts: &'static [Part],
    /// The keys among the triggers' arguments that name columns which the triggers fill in.
    pub fills: &'static [&'static str],
    /// The harm that another trigger could do if it fired after the feature's triggers. `None` if there is no harm.
    pub late: Option<Late>,
    /// The reason why a table with the guarantee has no children but partitions: triggers do not fire for rows of children.
    /// `None` if the feature's own checks are stricter.
    pub no_children: Option<&'static str>,
}

/// The callbacks of a feature for the event triggers.
pub struct Ddl {
    /// The query for the definitions that the guarantee depends on: see [`Kind`] and `src/ddl/definitions.rs`.
    pub definitions: &'static str,
    /// The reason why a definition must not change, and the alternative.
    pub reason: fn(Kind) -> Reason,
    /// Checks that the configuration in the majority of the triggers can be read.
    pub check_configuration: fn(&Relation) -> Result<()>,
    /// Checks all that the feature's `add_…` function demands of the table as the table is now, except triggers and index.
    pub check: fn(&Relation) -> Result<()>,
    /// Lets the configuration follow columns that have other names, or are gone; does nothing where it cannot.
    pub follow: fn(&Session, Oid, &[Renamed]) -> Result<()>,
    /// Brings what belongs to the table up to date with the table, after each command that has touched it. The owner is the
    /// former one of the table, if the command has given it to another.
    pub adopt: Option<Adopt>,
    /// Verifies the rows, as the owner of the table.
    pub verify: fn(&Relation, &mut Faults) -> Result<()>,
    /// Whether an index of the feature holds values as text. PostgreSQL does not write the index anew when a part of a type
    /// has another name, so a command must not change such parts while the table has rows.
    pub indexes_text: bool,
    /// The notice, as message and HINT, about a new column that the guarantee does not cover.
    pub on_new_column: Option<NoticeOfColumn>,
    /// The rules for partitions, beyond the row triggers that PostgreSQL clones.
    pub partitions: Option<&'static Partitions>,
    /// The rules for tables that have lost another, if triggers of the feature name other tables.
    pub lost: Option<&'static Lost>,
}

/// A guarantee of a table that has lost its other table: its name, and whether the table depends on the other.
pub type Bereft = (String, bool);

/// The event triggers' rules for a table whose triggers name another table that a command has dropped. PostgreSQL drops the
/// triggers that name it, and leaves the others.
pub struct Lost {
    /// The guarantees of the table that have lost their other table.
    pub find: fn(&Relation) -> Result<Vec<Bereft>>,
    /// Drops the other triggers of these guarantees.
    pub clear: fn(&Session, Oid) -> Result<()>,
}

/// A feature in the list of all features.
pub struct Listed {
    /// The feature.
    pub feature: &'static Feature,
    /// The feature's callbacks for the event triggers.
    pub ddl: &'static Ddl,
}

/// Brings what belongs to a table up to date: see [`Ddl::adopt`].
pub type Adopt = fn(&Session, Oid, former_owner: Option<Oid>) -> Result<()>;

/// A former name of a column, and its present name, if the column is still there.
pub type Renamed = (String, Option<String>);

/// The message and HINT about a new column, from the column as named in messages and the table's name.
pub type NoticeOfColumn = fn(column: &str, table: &str) -> (String, &'static str);

/// A trigger function of a feature, in the schema `veritable`.
pub struct Function {
    /// The name of the function.
    pub name: &'static CStr,
    /// The required way of firing, as worded in the error.
    pub usage: &'static str,
}

/// A trigger of a feature, as the feature requires it.
pub struct Part {
    /// The name of the trigger, or the start of the name if a table can have several.
    pub name: &'static str,
    /// The place of the trigger's function in [`Feature::functions`].
    pub function: usize,
    /// The clause before `ON table`: `BEFORE INSERT`.
    pub timing: &'static str,
    /// The clause after `ON table`: `FOR EACH ROW`.
    pub rows: &'static str,
    /// Whether the trigger fires as `ALWAYS`, even for changes that are applied from another server.
    pub always: bool,
    /// Whether the trigger never fires, and only names another table: `AFTER DELETE … FROM other FOR EACH ROW WHEN (false)`.
    /// PostgreSQL keeps the reference through renames, dumps it, and clones it to partitions.
    pub refers: bool,
    /// Whether another trigger fires at the times of this one.
    pub fits: fn(&TriggerInfo) -> bool,
    /// The work of the trigger, as worded in problems: "seals inserted rows".
    pub role: &'static str,
}

/// The harm that a BEFORE row trigger could do if it fired after the feature's triggers.
pub struct Late {
    /// The harm, as worded in the error: "change rows after they are sealed".
    pub harm: &'static str,
    /// Whether triggers for UPDATE can do the harm, too, not only triggers for INSERT.
    pub on_update: bool,
}

/// The reason why a definition must not change.
pub struct Reason {
    /// A sentence, if there is more to say than the message says.
    pub detail: Option<&'static str>,
    /// The alternative for the user.
    pub hint: &'static str,
}

/// A partition that a command detaches from a table.
pub struct Departure {
    /// The partition.
    pub partition: Oid,
    /// The table that it was a partition of.
    pub table: Oid,
    /// The tables with lower bounds of a range, beside the partition and beside the tables above it.
    pub below: Vec<Oid>,
}

/// What is done with a new partition of a table that has rows. Returns whether the table needs no verification because of them.
pub type Attached = fn(&Session, partition: Oid, table: Oid) -> Result<bool>;

/// The event triggers' rules for the partitions of a feature's tables.
pub struct Partitions {
    /// Refuses to detach a partition with contents that the guarantee covers. This is also asked before a command that commits
    /// midway: at its end, such a partition can only be finalized.
    pub refuse_to_detach: fn(&Departure) -> Result<()>,
    /// Records what leaves the table with a partition that was detached; instead of [`Partitions::refuse_to_detach`], which is then
    /// only asked before a command that commits midway.
    pub detached: Option<fn(&Session, &Departure) -> Result<()>>,
    /// Takes in a new partition with rows, or refuses it, if the guarantee depends on how rows come.
    pub attached: Option<Attached>,
    /// Refuses to add a partition that is itself partitioned by these columns (`None`: an expression), if PostgreSQL would
    /// refuse without saying what to do.
    pub refuse_key: fn(table: &Relation, key: &[Option<String>]) -> Result<()>,
    /// Adds to new partitions the triggers that PostgreSQL does not clone.
    pub guard: fn(&Session, &[Oid]) -> Result<()>,
    /// Removes these triggers from tables that are no longer partitions.
    pub unguard: fn(&Session, &[Oid]) -> Result<()>,
    /// The DETAIL and HINT of the refusal to drop a partition.
    pub dropped: (&'static str, &'static str),
}

/// Two features that exclude each other on one table.
pub struct Exclusion {
    /// The names of the features.
    pub features: [&'static str; 2],
    /// The reason of the exclusion.
    pub detail: &'static str,
    /// The alternative for the user.
    pub hint: &'static str,
}

/// The kind of a definition, in the order in which violations are reported.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A trigger of the feature.
    Trigger,
    /// A column of the table.
    Column,
    /// A column that the configuration names and needs, and whose values no verification of the rows can check.
    Place,
    /// The sequence that fills such a column.
    Sequence,
    /// The index that finds rows.
    Index,
    /// A part of the type of a column.
    Type,
    /// The rows of the table, which a command may have rewritten.
    Rows,
    /// A partition. Partitions may be added and removed.
    Partition,
    /// A readable configuration, for each trigger that has one.
    Configuration,
}

/// All features and exclusions, set by [`register`].
static ALL: OnceLock<(&[Listed], &[Exclusion])> = OnceLock::new();

/// Registers the features when the library is loaded, in the firing order of their BEFORE row triggers.
pub fn register(features: &'static [Listed], exclusions: &'static [Exclusion]) {
    // A process loads the library once.
    let _ = ALL.set((features, exclusions));
}

/// All features, in the firing order of their BEFORE row triggers.
pub fn all() -> &'static [Listed] {
    ALL.get().map_or(&[], |(features, _)| features)
}

/// The error of a missing trigger function, with the extension installed or not.
fn no_function(name: &CStr) -> Error {
    if !extension::is_installed(c"veritable") {
        return Error::new(Class::State, "extension veritable is not installed in this database");
    }
    let name = name.to_str().unwrap_or_default();
    Error::new(Class::Corrupted, format!("function veritable.{name}() of extension veritable is missing"))
        .hint("Undo what was done to the function; otherwise nothing guards the tables that have its triggers.")
}

impl Feature {
    /// The noun for a table with the feature.
    pub fn noun(&self) -> String {
        format!("{} table", self.participle)
    }

    /// The oids of the feature's trigger functions, in their order.
    pub fn oids(&self) -> Result<Vec<Oid>> {
        self.functions
            .iter()
            .map(|function| lookup::function(c"veritable", function.name).ok_or_else(|| no_function(function.name)))
            .collect()
    }

    /// The functions whose triggers may fire after those of this feature: its own, and those of later features.
    pub fn followers(&self) -> Result<Vec<Oid>> {
        let place = all().iter().position(|other| other.feature.name == self.name).unwrap_or_default();
        all()[place..].iter().try_fold(Vec::new(), |mut all, listed| {
            all.extend(listed.feature.oids()?);
            Ok(all)
        })
    }

    /// The columns of the relation that triggers of later features fill in.
    pub fn filled_later(&self, relation: &Relation) -> Result<Vec<String>> {
        let place = all().iter().position(|other| other.feature.name == self.name).unwrap_or_default();
        let mut columns = Vec::new();
        for Listed { feature, .. } in &all()[place..] {
            for trigger in feature.triggers(relation)? {
                let pairs = trigger.arguments.iter().filter_map(|argument| argument.split_once('='));
                columns
                    .extend(pairs.filter(|(key, _)| feature.fills.contains(key)).map(|(_, column)| column.to_string()));
            }
        }
        Ok(columns)
    }

    /// The error of a feature's function that is fired in a wrong way.
    pub fn misplaced(&self, function: usize) -> Error {
        let Function { name, usage } = &self.functions[function];
        Error::new(
            Class::TriggerProtocol,
            format!("veritable.{}() must be fired {usage}", name.to_str().unwrap_or_default()),
        )
    }

    /// The error of a table without the feature.
    pub fn missing(&self, table: &str) -> Error {
        Error::new(Class::State, format!("table \"{table}\" is not {}", self.participle))
            .hint(format!("Use add_{}() to {} it.", self.name, self.verb))
    }

    /// The error of a table that already has the feature.
    pub fn duplicate(&self, table: &str) -> Error {
        Error::new(Class::Duplicate, format!("table \"{table}\" is already {}", self.participle))
    }

    /// Refuses a table with a feature that excludes this one.
    pub fn check_exclusions(&self, relation: &Relation) -> Result<()> {
        let exclusions = ALL.get().map_or(&[][..], |(_, exclusions)| exclusions);
        for Exclusion { features: [one, other], detail, hint } in exclusions {
            let other = match self.name {
                name if name == *one => other,
                name if name == *other => one,
                _ => continue,
            };
            let excluded = all().iter().map(|listed| listed.feature).find(|feature| feature.name == *other);
            if let Some(excluded) = excluded
                && excluded.is_on(relation)?
            {
                let message = format!("{} \"{}\" cannot be {}", excluded.noun(), relation.name(), self.participle);
                return Err(Error::new(Class::Unsupported, message).detail(*detail).hint(*hint));
            }
        }
        Ok(())
    }
}
