//! The refusal to consume where positions are not given by this database: an event could appear below a position that was
//! consumed already, and never be delivered.

use super::members::Seen;
use crate::log::read::Reader;
use crate::pg::relation::Relation;
use crate::pg::report::{Class, Error, Result};
use crate::pg::sequence;
use crate::pg::spi::Session;

/// The error, unless all positions of the log are this database's own, and that of the member, too.
pub fn require(session: &Session, relation: &Relation, reader: &Reader, seen: &Seen) -> Result<()> {
    let name = relation.name();
    let refused = |message: String| Error::new(Class::State, message);
    if seen.is_subscribed && !reader.found.log.places_arrivals {
        return Err(refused(format!("cannot consume from table \"{name}\", which is filled by a subscription"))
            .detail("Its events have the publisher's positions, and arrive in another order.")
            .hint("Consume on the publisher, or begin the log anew with add_log(…, arrival => true)."));
    }
    // In this order: whoever has placed the newest event had taken its position from the sequence before.
    let newest = reader.newest(session, relation)?;
    let last = last(reader)?;
    if newest > last {
        return Err(refused(format!("sequence of the log of table \"{name}\" is behind the table"))
            .detail(format!("It has given positions up to {last}, and the newest event has {newest}."))
            .hint(format!("Set the sequence to the greatest position, with setval(…, {newest}).")));
    }
    let position = seen.member.position;
    if position > last {
        return Err(refused(format!("the consumer is ahead of the log of table \"{name}\""))
            .detail(format!("It stands at {position}, and the log has given positions up to {last}."))
            .hint("Use seek_consumer() to say from where to go on."));
    }
    Ok(())
}

/// The last position that the log has given.
pub fn last(reader: &Reader) -> Result<i64> {
    Ok(sequence::last(&Relation::open_sequence(reader.found.positions.sequence)?))
}
