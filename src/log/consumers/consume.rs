//! `consume()`: the next events of a member, whose position moves in the same transaction.

use super::members::{self, Member, Name};
use super::own_positions;
use crate::log::read::{Reader, Span, batch_size, source};
use crate::log::{settled, trees};
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::role;
use crate::pg::spi;

sql_function! {
    /// `consume(anyelement, name, integer, integer, boolean) → set of anyelement`
    veritable_consume = consume
}

fn consume(call: &Call) -> Result<Answer> {
    let target = source(call)?;
    let consumer = call.name(1).ok_or_else(|| Error::null_argument("consumer"))?;
    let member = call.small_integer(2).ok_or_else(|| Error::null_argument("member"))?;
    let max = batch_size(call, 3)?;
    let wait = call.boolean(4).ok_or_else(|| Error::null_argument("wait"))?;
    let mut rows = call.rows();
    let relation = Relation::open(target, Lock::AccessShare)?;
    let reader = Reader::of(&relation, "consume")?;
    let name = Name { target, consumer: &consumer, member };
    spi::connect(|session| {
        let seen = match name.look(session, relation.with_partitions())? {
            Some(seen) => seen,
            None if members::exists(session, target, &consumer)? => return Err(no_member(&name)),
            None => return Err(members::missing(&consumer)),
        };
        require_role(&relation, &consumer, &seen.member)?;
        if seen.origin != reader.found.log.origin {
            return Err(trees::changed(&relation));
        }
        own_positions::require(session, &relation, &reader, &seen)?;
        let mut settled = settled::of(session, target, &reader.found)?;
        // Nothing to read, however far another transaction is moving the member: no lock, and nothing to write.
        if seen.member.position >= settled {
            return Ok(());
        }
        let Some(locked) = name.lock(session, wait)? else { return Ok(()) };
        require_role(&relation, &consumer, &locked)?;
        if locked.position != seen.member.position {
            // The call may have waited.
            settled = settled::of(session, target, &reader.found)?;
        }
        let span = Span { after: locked.position, settled };
        let examined = match name.share(&locked) {
            None => reader.read(session, &relation, span, max, &mut rows)?,
            Some(share) => reader.read_share(session, &relation, span, share, max, &mut rows)?,
        };
        if examined > locked.position { name.move_to(session, examined) } else { Ok(()) }
    })?;
    Ok(Answer::NULL)
}

/// The error, unless the caller may consume: a member of the consumer's role, or of the table's owner.
fn require_role(relation: &Relation, consumer: &str, member: &Member) -> Result<()> {
    let is_granted =
        || role::named(&member.role).is_some_and(|granted| role::has_privileges_of(role::caller(), granted));
    if relation.is_owned_by_caller() || is_granted() {
        return Ok(());
    }
    Err(Error::new(Class::Privilege, format!("permission denied for consumer \"{consumer}\""))
        .detail(format!("Only members of role \"{}\" and of the owner of the table may consume.", member.role)))
}

/// The error of a number that no member of the consumer has.
fn no_member(name: &Name) -> Error {
    Error::new(Class::UndefinedObject, format!("consumer \"{}\" has no member {}", name.consumer, name.member))
        .hint("Members are numbered from 0. The view veritable.consumers shows them.")
}
