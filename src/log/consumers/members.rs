//! The members of consumers, as rows of `veritable.consumer_members`.

use crate::log::read::Share;
use crate::log::trees::as_extension;
use crate::pg::oid::Oid;
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::{Fetched, Kept, Parameter, Session};

thread_local! {
    static LOOK: Kept = Kept::new(
        "SELECT m.\"position\", m.members, m.role::pg_catalog.text, t.origin,
                EXISTS (SELECT FROM pg_catalog.pg_subscription_rel s WHERE s.srrelid = ANY ($4))
         FROM veritable.consumer_members m JOIN veritable.trees t ON t.target = m.target
         WHERE m.target = $1 AND m.consumer = $2::pg_catalog.name AND m.member = $3"
            .to_string(),
    );
    static LOCK: Kept = Kept::new(lock(""));
    static LOCK_FREE: Kept = Kept::new(lock(" SKIP LOCKED"));
    // Neither column is in an index, so that the move is a HOT update.
    static MOVE: Kept = Kept::new(
        "UPDATE veritable.consumer_members SET \"position\" = $4, moved_at = pg_catalog.clock_timestamp()
         WHERE target = $1 AND consumer = $2::pg_catalog.name AND member = $3"
            .to_string(),
    );
}

fn lock(wait: &str) -> String {
    format!(
        "SELECT m.\"position\", m.members, m.role::pg_catalog.text FROM veritable.consumer_members m
         WHERE m.target = $1 AND m.consumer = $2::pg_catalog.name AND m.member = $3 FOR UPDATE{wait}"
    )
}

/// The name of a member.
#[derive(Clone, Copy)]
pub struct Name<'n> {
    /// The table of the log.
    pub target: Oid,
    /// The consumer.
    pub consumer: &'n str,
    /// The number of the member, from zero.
    pub member: i32,
}

/// A member.
pub struct Member {
    /// The last position that the member has examined.
    pub position: i64,
    /// The number of members that the consumer has.
    pub members: i32,
    /// The role whose members may consume.
    pub role: String,
}

/// A member as it was seen, without a lock.
pub struct Seen {
    /// The member.
    pub member: Member,
    /// The origin that the table of the log has claimed.
    pub origin: String,
    /// Whether a subscription applies changes to the table, or to a partition of it.
    pub is_subscribed: bool,
}

impl Name<'_> {
    /// The member as the transaction sees it. `tables` are the table of the log and its partitions.
    pub fn look(&self, session: &Session, tables: Vec<Oid>) -> Result<Option<Seen>> {
        let [target, consumer, member] = self.parameters();
        as_extension(|| {
            LOOK.with(|look| {
                let found = look.query(session, &[target, consumer, member, tables.into()])?;
                let seen =
                    |row: Fetched| Some(Seen { member: read(&row)?, origin: row.get(3)?, is_subscribed: row.get(4)? });
                found.rows().next().map(|row| seen(row).ok_or_else(|| Error::damaged(CATALOG))).transpose()
            })
        })
    }

    /// The member as it is now, locked until the end of the transaction. Without waiting, `None` where another transaction has
    /// the lock. In REPEATABLE READ, a member that was moved meanwhile is a serialization failure, which PostgreSQL raises.
    pub fn lock(&self, session: &Session, wait: bool) -> Result<Option<Member>> {
        let lock = |lock: &Kept| {
            let found = lock.query(session, &self.parameters())?;
            found.rows().next().map(|row| read(&row).ok_or_else(|| Error::damaged(CATALOG))).transpose()
        };
        as_extension(|| if wait { LOCK.with(lock) } else { LOCK_FREE.with(lock) })
    }

    fn parameters(&self) -> [Parameter<'static>; 3] {
        [self.target.into(), self.consumer.into(), self.member.into()]
    }

    /// Moves the member, which is locked.
    pub fn move_to(&self, session: &Session, position: i64) -> Result<()> {
        as_extension(|| {
            MOVE.with(|update| {
                let [target, consumer, member] = self.parameters();
                update.run(session, &[target, consumer, member, position.into()]).map(drop)
            })
        })
    }

    /// The part of the entities that belongs to the member.
    pub fn share(&self, of: &Member) -> Option<Share> {
        let member = u64::try_from(self.member).ok()?;
        (of.members > 1).then(|| Share { member, members: of.members.unsigned_abs().into() })
    }
}

fn read(row: &Fetched) -> Option<Member> {
    Some(Member { position: row.get(0)?, members: row.get(1)?, role: row.get(2)? })
}

const CATALOG: &str = "veritable.consumer_members";

/// The positions of all members of a consumer, in the order of their numbers, and the role; the members are locked.
///
/// A statement that waits for a lock does not see the rows that the other session has added meanwhile. Whoever changes the members
/// changes the first one, too. So the first one is locked by a statement of its own, and the next statement sees what there is.
pub fn lock_all(session: &Session, target: Oid, consumer: &str) -> Result<(Vec<i64>, String)> {
    if (Name { target, consumer, member: 0 }).lock(session, true)?.is_none() {
        return Err(missing(consumer));
    }
    let all = as_extension(|| {
        let found = session.query(
            "SELECT \"position\", role::pg_catalog.text FROM veritable.consumer_members
             WHERE target = $1::pg_catalog.oid AND consumer = $2::pg_catalog.name ORDER BY member FOR UPDATE",
            &[target.into(), consumer.into()],
        )?;
        let member = |row: Fetched| Some((row.get(0)?, row.get(1)?));
        found.rows().map(|row| member(row).ok_or_else(|| Error::damaged(CATALOG))).collect::<Result<Vec<_>>>()
    })?;
    let Some((_, role)) = all.first() else { return Err(missing(consumer)) };
    let role = String::clone(role);
    Ok((all.into_iter().map(|(position, _)| position).collect(), role))
}

/// Adds members to a consumer: with the numbers from `from` up to the number of members. Refuses those that are there already:
/// another session may have added the consumer meanwhile.
pub fn add(session: &Session, target: Oid, consumer: &str, from: i32, of: &Member) -> Result<()> {
    let added = as_extension(|| {
        session.run(
            "INSERT INTO veritable.consumer_members (target, consumer, member, members, role, \"position\", moved_at)
             SELECT $1, $2::pg_catalog.name, m, $4, $5::pg_catalog.name, $6, pg_catalog.clock_timestamp()
             FROM pg_catalog.generate_series($3, $4 - 1) AS m
             ON CONFLICT DO NOTHING",
            &[
                target.into(),
                consumer.into(),
                from.into(),
                of.members.into(),
                of.role.as_str().into(),
                of.position.into(),
            ],
        )
    })?;
    if added == u64::try_from(of.members - from).unwrap_or(0) { Ok(()) } else { Err(exists_already(consumer)) }
}

/// Moves all members of a consumer, which are locked, to one position.
pub fn move_all(session: &Session, target: Oid, consumer: &str, position: i64) -> Result<()> {
    as_extension(|| {
        session.run(
            "UPDATE veritable.consumer_members SET \"position\" = $3, moved_at = pg_catalog.clock_timestamp()
             WHERE target = $1::pg_catalog.oid AND consumer = $2::pg_catalog.name",
            &[target.into(), consumer.into(), position.into()],
        )
    })
    .map(drop)
}

/// Changes the number of members, which are locked: those beyond it go, and the others know it.
pub fn resize(session: &Session, target: Oid, consumer: &str, members: i32) -> Result<()> {
    delete(session, target, consumer, members)?;
    as_extension(|| {
        session.run(
            "UPDATE veritable.consumer_members SET members = $3
             WHERE target = $1::pg_catalog.oid AND consumer = $2::pg_catalog.name",
            &[target.into(), consumer.into(), members.into()],
        )
    })
    .map(drop)
}

/// Deletes the members of a consumer from this number on.
pub fn delete(session: &Session, target: Oid, consumer: &str, from: i32) -> Result<()> {
    as_extension(|| {
        session.run(
            "DELETE FROM veritable.consumer_members
             WHERE target = $1::pg_catalog.oid AND consumer = $2::pg_catalog.name AND member >= $3",
            &[target.into(), consumer.into(), from.into()],
        )
    })
    .map(drop)
}

/// Whether the log has the consumer.
pub fn exists(session: &Session, target: Oid, consumer: &str) -> Result<bool> {
    as_extension(|| {
        let found = session.query(
            "SELECT FROM veritable.consumer_members
             WHERE target = $1::pg_catalog.oid AND consumer = $2::pg_catalog.name LIMIT 1",
            &[target.into(), consumer.into()],
        )?;
        Ok(!found.is_empty())
    })
}

/// The error of a consumer that exists already.
pub fn exists_already(consumer: &str) -> Error {
    Error::new(Class::Duplicate, format!("consumer \"{consumer}\" exists already"))
        .hint("Use seek_consumer() to move it, and alter_consumer() to change the number of its members.")
}

/// The error of a consumer that does not exist.
pub fn missing(consumer: &str) -> Error {
    Error::new(Class::UndefinedObject, format!("consumer \"{consumer}\" does not exist"))
        .hint("Use add_consumer() to add it.")
}
