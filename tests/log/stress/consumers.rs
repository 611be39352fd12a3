//! Those who follow: consumers, which keep what they got in the same transaction, and a reader that knows its own place.

use std::time::Duration;

use super::{Answer, GROUPS, Stress, try_rows};
use crate::support::Session;
use crate::support::random::Random;

/// Consumes a batch, and keeps it. Gives the number of events.
fn take(session: &mut Session, group: &str, member: u32, max: u32, wait: bool) -> Answer<usize> {
    let taken = try_rows(
        session,
        &format!(
            "INSERT INTO {group} (member, position, entity, seq, key)
             SELECT {member}, position, entity, seq, key
             FROM consume(NULL::events, '{group}', member => {member}, max => {max}, wait => {wait})
             RETURNING position"
        ),
    )?;
    Ok(taken.len())
}

/// Consumes all that there is for a member.
pub fn drain(session: &mut Session, group: &str, member: u32) {
    while take(session, group, member, 1000, true).expect("a batch") > 0 {}
}

impl Stress<'_> {
    pub fn consume(&self, group: &str, member: u32) {
        self.work(100 + u64::from(member), |session, random| self.take_some(session, random, group, member));
    }

    /// One transaction of a consumer: one batch or two, which it may give back as a whole or in part.
    fn take_some(&self, session: &mut Session, random: &mut Random, group: &str, member: u32) -> Answer<()> {
        let isolation =
            random.of(&["READ COMMITTED", "READ COMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"]);
        let mut max = || *random.of(&[1, 10, 100, 1000]);
        let (first, second) = (max(), max());
        session.batch_execute(&format!("BEGIN ISOLATION LEVEL {isolation}"))?;
        let count = take(session, group, member, first, true)?;
        match random.below(6) {
            0 => {
                session.batch_execute("SAVEPOINT s")?;
                take(session, group, member, second, true)?;
                session.batch_execute("ROLLBACK TO s")?;
            }
            1 => drop(take(session, group, member, second, false)?),
            2 => std::thread::sleep(Duration::from_millis(u64::from(random.below(50)))),
            _ => {}
        }
        session.batch_execute(if random.below(8) == 0 { "ROLLBACK" } else { "COMMIT" })?;
        if count == 0 {
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// Consumes as any member, beside the one who usually does.
    pub fn intrude(&self) {
        self.work(4000, |session, random| {
            let (group, members) = *random.of(&GROUPS);
            let member = random.below(members);
            let wait = random.below(2) == 0;
            take(session, group, member, 50, wait)?;
            std::thread::sleep(Duration::from_millis(u64::from(random.below(100))));
            Ok(())
        });
    }

    fn read_some(&self, session: &mut Session, max: u32) -> Answer<usize> {
        let mut after = 0;
        self.tell(|told| after = told.read.last().map_or(0, |(position, _)| *position));
        let rows = try_rows(
            session,
            &format!("SELECT position, key FROM read_events(NULL::events, after => {after}, max => {max})"),
        )?;
        let count = rows.len();
        let read = rows.into_iter().map(|row| (row[0].parse().expect("a position"), row[1].clone()));
        self.tell(|told| told.read.extend(read));
        Ok(count)
    }

    pub fn read(&self) {
        self.work(5000, |session, random| {
            // Old snapshots do not matter.
            let isolation = random.of(&["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"]);
            session
                .batch_execute(&format!("BEGIN ISOLATION LEVEL {isolation} READ ONLY; SELECT count(*) FROM alone"))?;
            for _ in 0..random.below(20) {
                if self.read_some(session, *random.of(&[1, 10, 1000]))? == 0 {
                    std::thread::sleep(Duration::from_millis(5));
                }
            }
            session.batch_execute("COMMIT")
        });
    }

    pub fn read_to_the_end(&self, session: &mut Session) {
        while self.read_some(session, 1000).expect("a batch") > 0 {}
    }
}
