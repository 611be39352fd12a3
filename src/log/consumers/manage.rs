//! `add_consumer()`, `alter_consumer()`, `seek_consumer()` and `drop_consumer()`: for the owner of the table. The journal tells
//! of each.

use std::rc::Rc;

use super::members::{self, Member};
use super::{own_positions, shares};
use crate::log::read::Reader;
use crate::log::{settled, trees};
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result, notice_with_hint, number};
use crate::pg::role;
use crate::pg::spi::{self, Session};
use crate::table::journal;

sql_function! {
    /// `add_consumer(regclass, name, integer, bigint, name) → void`
    veritable_add_consumer = add
}
sql_function! {
    /// `alter_consumer(regclass, name, integer) → void`
    veritable_alter_consumer = alter
}
sql_function! {
    /// `seek_consumer(regclass, name, bigint) → void`
    veritable_seek_consumer = seek
}
sql_function! {
    /// `drop_consumer(regclass, name) → void`
    veritable_drop_consumer = drop_consumer
}

/// The most members of a consumer.
const MEMBERS_MAX: i32 = 1024;

/// The table of a log, for its owner.
struct Owned {
    target: Oid,
    relation: Relation,
    reader: Rc<Reader>,
    consumer: String,
}

impl Owned {
    /// The log and the consumer that the first two arguments name.
    fn of(call: &Call, hint: impl Fn(&str) -> String) -> Result<Owned> {
        let target = call.oid(0).ok_or_else(|| Error::null_argument("target"))?;
        let consumer = call.name(1).ok_or_else(|| Error::null_argument("consumer"))?;
        let relation = Relation::open_owned(target, Lock::AccessShare)?;
        let reader = Reader::for_owner(&relation, hint)?;
        Ok(Owned { target, relation, reader, consumer })
    }

    /// The position to begin after: a given one that the log has reached, or by default what is settled now.
    fn position(&self, session: &Session, given: Option<i64>, argument: &str) -> Result<i64> {
        let Some(position) = given else { return settled::of(session, self.target, &self.reader.found) };
        if position < 0 {
            return Err(Error::new(Class::Argument, format!("argument \"{argument}\" must not be negative")));
        }
        let last = own_positions::last(&self.reader)?;
        if position > last {
            return Err(Error::new(Class::Argument, format!("position {position} is beyond the log"))
                .detail(format!("The log has given positions up to {last}."))
                .hint("Use NULL for what is settled now."));
        }
        Ok(position)
    }

    /// Records what was done; `detail` is the rest of a JSON object.
    fn record(&self, session: &Session, action: &str, detail: &str) -> Result<()> {
        let detail = format!("{{\"consumer\": {}{detail}}}", journal::json_string(&self.consumer));
        journal::record(session, &self.relation.stable_name(), action, None, Some(&detail))
    }
}

fn members_of(call: &Call) -> Result<i32> {
    match call.small_integer(2) {
        None => Err(Error::null_argument("members")),
        Some(members @ 1..=MEMBERS_MAX) => Ok(members),
        Some(_) => Err(Error::new(Class::Argument, format!("a consumer has 1 to {MEMBERS_MAX} members"))),
    }
}

fn add(call: &Call) -> Result<Answer> {
    let owned = Owned::of(call, |root| format!("SELECT add_consumer({root}, …);"))?;
    let members = members_of(call)?;
    let role = call.name(4).ok_or_else(|| Error::null_argument("role"))?;
    let consumer = owned.consumer.as_str();
    if consumer.is_empty() {
        return Err(Error::new(Class::Argument, "the name of a consumer must not be empty"));
    }
    if role::named(&role).is_none() {
        return Err(Error::new(Class::UndefinedObject, format!("role \"{role}\" does not exist")));
    }
    spi::connect(|session| {
        trees::claim(session, &owned.relation, &owned.reader.found)?;
        shares::check(session, &owned.relation, &owned.reader.found.arguments, members)?;
        if members::exists(session, owned.target, consumer)? {
            return Err(members::exists_already(consumer));
        }
        let position = owned.position(session, call.integer(3), "after")?;
        let detail =
            format!(", \"members\": {members}, \"position\": {position}, \"role\": {}", journal::json_string(&role));
        members::add(session, owned.target, consumer, 0, &Member { position, members, role })?;
        owned.record(session, "add_consumer", &detail)
    })?;
    Ok(Answer::VOID)
}

fn alter(call: &Call) -> Result<Answer> {
    let owned = Owned::of(call, |root| format!("SELECT alter_consumer({root}, …);"))?;
    let members = members_of(call)?;
    let (target, consumer) = (owned.target, owned.consumer.as_str());
    spi::connect(|session| {
        let (positions, role) = members::lock_all(session, target, consumer)?;
        let before = positions.len() as i32;
        if members == before {
            return Ok(());
        }
        shares::check(session, &owned.relation, &owned.reader.found.arguments, members)?;
        let least = positions.iter().copied().min().unwrap_or_default();
        let moved = positions.iter().filter(|position| **position > least).count() as u64;
        // Each entity may have another member from now on, which must not miss what its former member has not consumed.
        members::move_all(session, target, consumer, least)?;
        members::resize(session, target, consumer, members)?;
        if members > before {
            members::add(session, target, consumer, before, &Member { position: least, members, role })?;
        }
        owned.record(session, "alter_consumer", &format!(", \"members\": {members}, \"position\": {least}"))?;
        if moved > 0 {
            notice_with_hint(
                format!("{} of consumer \"{consumer}\" moved back to position {least}", number(moved, "member")),
                "Events after that position that these members have consumed come again.",
            );
        }
        Ok(())
    })?;
    Ok(Answer::VOID)
}

fn seek(call: &Call) -> Result<Answer> {
    let owned = Owned::of(call, |root| format!("SELECT seek_consumer({root}, …);"))?;
    let (target, consumer) = (owned.target, owned.consumer.as_str());
    spi::connect(|session| {
        members::lock_all(session, target, consumer)?;
        let position = owned.position(session, call.integer(2), "position")?;
        members::move_all(session, target, consumer, position)?;
        owned.record(session, "seek_consumer", &format!(", \"position\": {position}"))
    })?;
    Ok(Answer::VOID)
}

fn drop_consumer(call: &Call) -> Result<Answer> {
    let owned = Owned::of(call, |root| format!("SELECT drop_consumer({root}, …);"))?;
    let (target, consumer) = (owned.target, owned.consumer.as_str());
    spi::connect(|session| {
        let (positions, _) = members::lock_all(session, target, consumer)?;
        members::delete(session, target, consumer, 0)?;
        let list = positions.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
        owned.record(session, "drop_consumer", &format!(", \"positions\": [{list}]"))
    })?;
    Ok(Answer::VOID)
}
