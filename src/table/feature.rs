//! What a feature is to those who know all of them: the layer that the features share, and the event triggers.
//!
//! Each feature describes itself as data, in its own folder; `src/features.rs` lists them. Nothing outside of a feature's
//! folder and that list names a feature.

use std::ffi::CStr;
use std::sync::OnceLock;

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
    /// What a table with it is: "chained".
    pub participle: &'static str,
    /// What its `add_…` function does: "chain".
    pub verb: &'static str,
    /// Its trigger functions.
    pub functions: &'static [Function],
    /// The triggers that a table of the feature has.
    pub parts: &'static [Part],
    /// What a trigger of somebody else's could do that fires after those of the feature. `None` where that harms nothing.
    pub late: Option<Late>,
    /// What inheritance does to the guarantee.
    pub inheritance: Inheritance,
}

/// What the event triggers ask of a feature.
pub struct Ddl {
    /// The query of what the guarantee depends on: see [`Kind`] and `src/ddl/definitions.rs`.
    pub definitions: &'static str,
    /// Why a definition has to stay as it is, and what to do instead.
    pub reason: fn(Kind) -> Reason,
    /// Checks that the configuration can be read, as most of the triggers have it.
    pub check_configuration: fn(&Relation) -> Result<()>,
    /// Checks triggers of the feature that somebody created without its `add_…` function.
    pub check_by_hand: fn(&Relation) -> Result<()>,
    /// What a new column of a table is told about, as message and HINT, where the guarantee does not cover it.
    pub on_new_column: Option<NoticeOfColumn>,
    /// What a partition has of the guarantee beyond the row triggers that PostgreSQL clones.
    pub partitions: Option<&'static Partitions>,
}

/// A feature in the list of all.
pub struct Listed {
    /// The feature.
    pub feature: &'static Feature,
    /// What the event triggers ask of it.
    pub ddl: &'static Ddl,
}

/// Message and HINT about a new column, given the column as messages say it and the name of its table.
pub type NoticeOfColumn = fn(column: &str, table: &str) -> (String, &'static str);

/// A trigger function of a feature's, in the schema `veritable`.
pub struct Function {
    /// Its name.
    pub name: &'static CStr,
    /// How it must be fired, as its error says it.
    pub usage: &'static str,
}

/// A trigger of a feature's, as it has to be.
pub struct Part {
    /// The name that it gets, or how its name begins where a table can have several.
    pub name: &'static str,
    /// The place of its function in [`Feature::functions`].
    pub function: usize,
    /// Before `ON table`: `BEFORE INSERT`.
    pub timing: &'static str,
    /// After it: `FOR EACH ROW`.
    pub rows: &'static str,
    /// Whether it fires as `ALWAYS`, also where changes of another server are applied.
    pub always: bool,
    /// Whether a trigger fires at the times of this one.
    pub fits: fn(&TriggerInfo) -> bool,
    /// What it does, as problems say it: "seals inserted rows".
    pub role: &'static str,
}

/// What a BEFORE row trigger could do that fires after those of the feature.
pub struct Late {
    /// As its error says it: "change rows after they are sealed".
    pub harm: &'static str,
    /// Whether those for UPDATE can do it, too, not only those for INSERT.
    pub on_update: bool,
}

/// What inheritance does to a guarantee. Each gives the DETAIL of the refusal.
pub enum Inheritance {
    /// Children that are not partitions break it: triggers do not fire for their rows.
    NoChildren(Option<&'static str>),
    /// Any parent or child breaks it, partitions too: of a child, and of a parent.
    None(&'static str, &'static str),
}

/// Why a definition has to stay as it is.
pub struct Reason {
    /// A sentence, where it says more than the message.
    pub detail: Option<&'static str>,
    /// What to do instead.
    pub hint: &'static str,
}

/// What the event triggers do about the partitions of a feature's tables.
pub struct Partitions {
    /// Refuses that a partition leaves a table with what the guarantee covers.
    pub refuse_to_detach: fn(partition: Oid, table: Oid) -> Result<()>,
    /// Checks a new partition.
    pub check: fn(&Relation) -> Result<()>,
    /// Gives new partitions what PostgreSQL does not clone.
    pub guard: fn(&Session, &[Oid]) -> Result<()>,
    /// Takes that from tables that are partitions no more.
    pub unguard: fn(&Session, &[Oid]) -> Result<()>,
    /// DETAIL and HINT of refusing to drop a partition.
    pub dropped: (&'static str, &'static str),
}

/// Two features that no table can have both.
pub struct Exclusion {
    /// Their names.
    pub features: [&'static str; 2],
    /// Why not.
    pub detail: &'static str,
    /// What to do instead.
    pub hint: &'static str,
}

/// What a definition is of, in the order in which violations are reported.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A trigger of the feature.
    Trigger,
    /// Another trigger, which fires after those of the feature.
    LateTrigger,
    /// A column that the feature depends on.
    Column,
    /// The index by which rows are found.
    Index,
    /// A column's being NOT NULL.
    NotNull,
    /// A part of the type of a column.
    Type,
    /// A column that is left out by its name. It may go.
    ExcludedColumn,
    /// A column that the feature does not read. It may come and go.
    OtherColumn,
    /// A partition. They may come and go.
    Partition,
    /// That the configuration can be read, for each trigger that has one.
    Configuration,
}

/// All features and exclusions, as [`register`] was given them.
static ALL: OnceLock<(&[Listed], &[Exclusion])> = OnceLock::new();

/// Makes the features known, when the library is loaded. They come in the order in which their BEFORE row triggers fire.
pub fn register(features: &'static [Listed], exclusions: &'static [Exclusion]) {
    // A library is loaded once for each process.
    let _ = ALL.set((features, exclusions));
}

/// All features, in the order in which their BEFORE row triggers fire.
pub fn all() -> &'static [Listed] {
    ALL.get().map_or(&[], |(features, _)| features)
}

/// The error of a trigger function that is not there, with the extension or without it.
fn no_function(name: &CStr) -> Error {
    if !extension::is_installed(c"veritable") {
        return Error::new(Class::State, "extension veritable is not installed in this database");
    }
    let name = name.to_str().unwrap_or_default();
    Error::new(Class::Corrupted, format!("function veritable.{name}() of extension veritable is missing"))
        .hint("Undo what was done to the function; otherwise nothing guards the tables that have its triggers.")
}

impl Feature {
    /// What a table is called that has it.
    pub fn noun(&self) -> String {
        format!("{} table", self.participle)
    }

    /// The oids of its trigger functions, in their order.
    pub fn oids(&self) -> Result<Vec<Oid>> {
        self.functions
            .iter()
            .map(|function| lookup::function(c"veritable", function.name).ok_or_else(|| no_function(function.name)))
            .collect()
    }

    /// The functions whose triggers may fire after those of this feature: its own, and those of the features behind it.
    pub fn followers(&self) -> Result<Vec<Oid>> {
        let place = all().iter().position(|other| other.feature.name == self.name).unwrap_or_default();
        all()[place..].iter().try_fold(Vec::new(), |mut all, listed| {
            all.extend(listed.feature.oids()?);
            Ok(all)
        })
    }

    /// The error of a function of the feature's that is fired otherwise than it must be.
    pub fn misplaced(&self, function: usize) -> Error {
        let Function { name, usage } = &self.functions[function];
        Error::new(
            Class::TriggerProtocol,
            format!("veritable.{}() must be fired {usage}", name.to_str().unwrap_or_default()),
        )
    }

    /// The error of a table that does not have the feature.
    pub fn missing(&self, table: &str) -> Error {
        Error::new(Class::State, format!("table \"{table}\" is not {}", self.participle))
            .hint(format!("Use add_{}() to {} it.", self.name, self.verb))
    }

    /// The error of a table that has the feature.
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
