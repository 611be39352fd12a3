//! Chains with another configuration: `alter_chain()`, and configurations that follow renamed and dropped columns.
//!
//! A configuration can change as long as every line stays the same. The first events still link to the configuration at
//! the beginning, which the triggers keep as `founded`, and the journal tells of each alteration.

use veritable_core::chain::Configuration;

use super::arguments::Arguments;
use super::feature::FEATURE;
use super::triggers::{self, Chain};
use super::{partitions, prune, requirements, verify};
use crate::pg::acting::as_owner_of;
use crate::pg::command;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::{self, Session};
use crate::table::columns::Columns;
use crate::table::faults::Faults;
use crate::table::feature::Renamed;
use crate::table::triggers::rearm;
use crate::table::{journal, makers, topology};

sql_function! {
    /// `alter_chain(regclass, name[], name) → void`
    veritable_alter_chain = alter_chain
}

fn alter_chain(call: &Call) -> Result<Answer> {
    let target = call.oid(0).ok_or_else(|| Error::null_argument("target"))?;
    let exclude = call.given_names(1)?;
    let recorded = call.name(2);
    spi::connect(|session| {
        let _own = command::own_commands();
        let (former, about) = open(target)?;
        let mut present = former.clone();
        if let Some(exclude) = exclude {
            present.exclude = exclude;
        }
        if let Some(recorded) = recorded {
            // No column has an empty name.
            present.recorded = Some(recorded).filter(|name| !name.is_empty());
        }
        present.check()?;
        {
            let relation = Relation::open(target, Lock::Held)?;
            let columns = Columns::of(&relation);
            present.exclude.iter().try_for_each(|name| columns.find(name).map(|_| ()))?;
            requirements::check(&relation, &present)?;
        }
        let altered = present.altered_from(&former, prune::has_events(target, &former)?)?;
        if altered == former {
            return Ok(());
        }
        rewrite(session, target, &altered)?;
        check_lines(&Relation::open(target, Lock::Held)?)?;
        makers::follow(session, target, &[])?;
        journal::record(session, &about, "alter_chain", None, Some(&alteration(&altered)?))
    })?;
    Ok(Answer::VOID)
}

/// Locks a chained table that the caller owns, and returns its configuration and its name. The chain must be intact, so that
/// an alteration cannot hide what was done before.
fn open(target: Oid) -> Result<(Arguments, String)> {
    let relation = Relation::open_owned(target, Lock::AccessExclusive)?;
    let chain = Chain::required(&relation)?;
    FEATURE.refuse_partition(&relation, |root| format!("SELECT alter_chain({root}, …);"))?;
    if relation.hides_rows() {
        return Err(relation
            .hidden_rows()
            .hint("Disable it for the owner while the chain is altered: ALTER TABLE … NO FORCE ROW LEVEL SECURITY."));
    }
    let mut faults = Faults::first();
    verify::verify(&relation, &mut faults)?;
    let name = relation.name();
    let refused = |detail| {
        let verify = format!("SELECT * FROM verify_chain({});", relation.literal());
        Err(Error::new(Class::State, format!("chain of table \"{name}\" has faults")).detail(detail).hint(verify))
    };
    match (chain.problems.into_iter().next(), faults.count()) {
        (Some(problem), _) => refused(problem),
        (None, 0) => Ok((chain.arguments, relation.stable_name())),
        (None, _) => refused(faults.sentences(relation.is_readable())),
    }
}

/// Refuses a configuration under which the rows are no longer the chain that they were.
fn check_lines(relation: &Relation) -> Result<()> {
    let mut faults = Faults::first();
    verify::verify(relation, &mut faults)?;
    if faults.count() == 0 {
        return Ok(());
    }
    Err(Error::new(Class::State, format!("cannot alter the chain of table \"{}\"", relation.name()))
        .detail(format!("Its events would no longer be what was sealed. {}", faults.sentences(relation.is_readable())))
        .hint("A column can be excluded if no event has a value in it, and hold the recorded time if its times increase. Use drop_chain() and add_chain(…, reseal => true) to begin a new chain."))
}

/// Lets the configuration of a chain follow columns that have other names or are gone. The caller verifies that the lines
/// stay the same, and acts as the owner of the table. Does nothing for a partition, whose root has the configuration.
pub fn follow(session: &Session, table: Oid, renamed: &[Renamed]) -> Result<()> {
    let (former, about) = {
        let relation = Relation::open(table, Lock::AccessShare)?;
        if triggers::root_of(&relation)?.is_some() {
            return Ok(());
        }
        // Arguments that cannot be read are reported by the checks that follow.
        let Ok(Some(chain)) = Chain::of(&relation) else { return Ok(()) };
        (chain.arguments, relation.stable_name())
    };
    let altered = former.clone().after(renamed).altered_from(&former, prune::has_events(table, &former)?)?;
    if altered == former {
        return Ok(());
    }
    rewrite(session, table, &altered)?;
    journal::record_for_caller(session, &about, "alter_chain", Some(&alteration(&altered)?))
}

/// Gives all triggers of the chain these arguments. Their names and states stay.
pub fn rewrite(session: &Session, table: Oid, arguments: &Arguments) -> Result<()> {
    let rendered = arguments.render();
    let below = topology::below(session, table)?;
    // The triggers against TRUNCATE of the partitions are not clones.
    partitions::unguard(session, &below)?;
    rearm(session, &FEATURE, table, |trigger| Ok((trigger.name.clone(), rendered.clone())))?;
    partitions::guard(session, &below)
}

/// Line 0 at the beginning of the chain that `about` had with this configuration when it was dropped, as the journal tells, if
/// the chain had been altered. Not all callers may read the journal, so its owner does.
pub fn founded_before_drop(session: &Session, about: &str, present: &Arguments) -> Result<Option<String>> {
    let line = present.present_line()?;
    let read = || -> Result<Option<String>> {
        let found = session.query(
            "WITH dropped AS (
                 SELECT detail -> 'founded' AS line FROM veritable.journal
                 WHERE about = $1 AND action = 'drop_chain' AND detail -> 'configuration' = $2::jsonb
                 ORDER BY at DESC LIMIT 1)
             SELECT ARRAY(SELECT jsonb_array_elements_text(line -> 'entity')),
                    ARRAY(SELECT jsonb_array_elements_text(line -> 'exclude')),
                    line ->> 'seq', line ->> 'previous', line ->> 'hash', line ->> 'recorded', line ->> 'identity',
                    ARRAY(SELECT jsonb_array_elements_text(line -> 'erasable'))
             FROM dropped WHERE jsonb_typeof(line) = 'object'",
            &[about.into(), line.as_str().into()],
        )?;
        let Some(row) = found.rows().next() else { return Ok(None) };
        let lists = [0, 1, 7].map(|position| row.get::<Vec<String>>(position).unwrap_or_default());
        let names = [2, 3, 4].map(|position| row.get::<String>(position).unwrap_or_default());
        let (recorded, identity): (Option<String>, Option<String>) = (row.get(5), row.get(6));
        let configuration = Configuration {
            entity: &lists[0],
            erasable: &lists[2],
            exclude: &lists[1],
            hash: &names[2],
            identity: identity.as_deref(),
            previous: &names[1],
            recorded: recorded.as_deref(),
            seq: &names[0],
        };
        Ok(Some(configuration.line()?))
    };
    let founded = as_owner_of(journal::table()?, |_| read())??;
    Ok(founded.filter(|founded| *founded != line))
}

/// The detail of an entry in the journal about a configuration: line 0 at the beginning, and the present one.
pub fn alteration(arguments: &Arguments) -> Result<String> {
    Ok(format!("{{\"founded\": {}, \"configuration\": {}}}", arguments.line()?, arguments.present_line()?))
}
