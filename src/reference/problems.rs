//! Problems of a reference's triggers on both tables, and ways around them: each a sentence, for a row `unguarded`.

use super::feature::{FEATURE, GUARD, kit};
use super::find::Reference;
use super::triggers::counterpart;
use crate::pg::relation::{Lock, Relation, exists};
use crate::pg::report::Result;
use crate::pg::trigger::TriggerInfo;
use crate::table::feature::Part;
use crate::table::{problems, triggers};

/// The problems of a reference that a table makes.
pub fn of(child: &Relation, reference: &Reference) -> Result<Vec<String>> {
    let name = &reference.arguments.name;
    let mut found = of_triggers(child, reference, reference.kit())?;
    let Some(other) = reference.other.filter(|other| exists(*other)) else {
        found.push(format!("Reference \"{name}\" has lost its other table."));
        return Ok(found);
    };
    let parent = Relation::open(other, Lock::AccessShare)?;
    if let Err(error) = parent.require_plain(FEATURE.participle) {
        found.push(format!("Reference \"{name}\" does not work: {}.", error.message()));
    }
    match counterpart(&parent, child.oid(), reference)? {
        None => found.push(format!("Nothing guards reference \"{name}\" on table \"{}\".", parent.name())),
        Some(guards) => {
            found.extend(of_triggers(&parent, &guards, kit(GUARD, reference.deferral))?);
            if guards.arguments != reference.arguments {
                found.push(format!("Reference \"{name}\" has other columns on table \"{}\".", parent.name()));
            }
        }
    }
    found.extend(problems::hidden_triggers(&FEATURE, &[parent.oid()])?);
    if parent.oid() != child.oid() {
        found.extend(problems::rules(&[parent.oid()])?);
    }
    Ok(found)
}

/// The problems of guards on a table to which no reference belongs. Those of other guards are reported with the reference.
pub fn of_guards(parent: &Relation, guards: &Reference) -> Result<Vec<String>> {
    let name = &guards.arguments.name;
    let child = guards.other.filter(|other| exists(*other));
    let is_made = match child {
        Some(child) => counterpart(&Relation::open(child, Lock::AccessShare)?, parent.oid(), guards)?.is_some(),
        None => false,
    };
    let without = format!("Triggers guard reference \"{name}\", which no table makes.");
    Ok(if is_made { Vec::new() } else { vec![without] })
}

fn of_triggers(relation: &Relation, reference: &Reference, kit: &[Part]) -> Result<Vec<String>> {
    let functions = FEATURE.oids()?;
    let mut found = Vec::new();
    let arguments = reference.arguments.render();
    let mut rest: Vec<&TriggerInfo> = reference.triggers.iter().collect();
    let mut take = |part: &Part| {
        let fits = |trigger: &&TriggerInfo| functions[part.function] == trigger.function && (part.fits)(trigger);
        rest.iter().position(fits).map(|place| rest.remove(place))
    };
    for part in kit {
        match take(part) {
            None => found.push(format!(
                "No trigger on \"{}\" {}, for reference \"{}\".",
                relation.name(),
                part.role,
                reference.arguments.name
            )),
            Some(trigger) => found.extend(triggers::problem_of(relation, trigger, part.role, &arguments)),
        }
    }
    found.extend(rest.into_iter().map(|trigger| {
        format!("The trigger \"{}\" on \"{}\" is not one of a reference's.", trigger.name, relation.name())
    }));
    if reference.function != GUARD {
        found.extend(problems::rules(&[relation.oid()])?);
        if let Err(error) = relation.require_plain(FEATURE.participle) {
            found.push(format!("Reference \"{}\" does not work: {}.", reference.arguments.name, error.message()));
        }
    }
    Ok(found)
}
