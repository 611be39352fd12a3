//! Generated functions that follow their table: a maker generates its functions anew after a name or a type has changed.

use std::sync::OnceLock;

use super::feature::Renamed;
use super::generated::{self, Found, Generated};
use crate::pg::oid::Oid;
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::Session;

/// What generates functions of one kind.
pub struct Maker {
    /// The kind of the functions: "as of".
    pub kind: &'static str,
    /// The function that drops the functions, for a HINT: "drop_as_of".
    pub drop: &'static str,
    /// Generates the functions anew.
    pub make: Make,
}

/// Generates the functions of a table as they should be now, in place of those found, after columns were renamed or dropped.
/// `None` if that cannot be told.
pub type Make = fn(&Session, Oid, &[Found], &[Renamed]) -> Result<Option<Vec<Generated>>>;

static ALL: OnceLock<&[Maker]> = OnceLock::new();

/// Registers the makers when the library is loaded.
pub fn register(makers: &'static [Maker]) {
    // A process loads the library once.
    let _ = ALL.set(makers);
}

/// Lets the generated functions of a table follow it. The caller acts as the owner of the table, with PostgreSQL's own
/// `search_path`.
pub fn follow(session: &Session, table: Oid, renamed: &[Renamed]) -> Result<()> {
    let mut found = generated::find(session, table)?;
    for maker in ALL.get().copied().unwrap_or_default() {
        let (own, others): (Vec<_>, Vec<_>) = found.into_iter().partition(|found| found.kind == maker.kind);
        found = others;
        if !own.is_empty()
            && let Some(made) = (maker.make)(session, table, &own, renamed)?
        {
            replace(session, &own, &made)?;
        }
    }
    Ok(())
}

/// Gives the generated functions of a table, as the caller, to the owner of the table, whose former owner has them. A function
/// of the former owner that only looks like one stays where it is, and functions of one name belong together.
pub fn give(session: &Session, table: Oid, former: Oid) -> Result<()> {
    let found = generated::find_of(session, table, Some(former))?;
    for maker in ALL.get().copied().unwrap_or_default() {
        let own: Vec<&Found> = found.iter().filter(|found| found.kind == maker.kind).collect();
        for named in own.chunk_by(|one, other| (&one.schema, &one.name) == (&other.schema, &other.name)) {
            let named: Vec<Found> = named.iter().copied().cloned().collect();
            let made = (maker.make)(session, table, &named, &[])?.unwrap_or_default();
            let found = |made: &Generated| named.iter().find(|found| found.signature == made.signature());
            let pairs: Vec<_> = made.iter().filter_map(|made| Some((found(made)?, made))).collect();
            pairs.iter().try_for_each(|(found, made)| generated::give(session, found, made))?;
            if !pairs.is_empty() {
                break;
            }
        }
    }
    Ok(())
}

/// Refuses what would leave generated functions of the table without what they read. `doing` words it: "end the chain of".
pub fn refuse(session: &Session, table: Oid, name: &str, doing: &str) -> Result<()> {
    let Some(found) = generated::find(session, table)?.into_iter().next() else { return Ok(()) };
    let error = Error::new(Class::State, format!("cannot {doing} table \"{name}\""))
        .detail(format!("Function {} is generated for the table.", found.signature));
    let makers = ALL.get().copied().unwrap_or_default();
    let maker = makers.iter().find(|maker| maker.kind == found.kind);
    Err(match maker {
        Some(maker) => error.hint(format!("Use {}() first.", maker.drop)),
        None => error,
    })
}

/// Puts the made functions in the place of those found, if any of them differs.
fn replace(session: &Session, found: &[Found], made: &[Generated]) -> Result<()> {
    let stays = |found: &&Found| made.iter().any(|made| made.signature() == found.signature);
    found.iter().filter(|found| !stays(found)).try_for_each(|gone| generated::drop(session, gone))?;
    let is_there = |made: &&Generated| found.iter().any(|found| found.is(made));
    made.iter().filter(|made| !is_there(made)).try_for_each(|made| generated::create(session, made))
}
