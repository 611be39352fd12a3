//! Those who append, in every way that a client can.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::{Answer, Stress, try_rows};
use crate::support::Session;
use crate::support::random::Random;

const ENTITIES: u32 = 100;

/// How a transaction ends.
enum End {
    Commit,
    Rollback,
    /// Somebody else finishes it later.
    Prepare,
}

/// Each writer has numbered its events.
struct Keys {
    writer: u64,
    next: u64,
}

impl Keys {
    /// Some events, in the order of their entities, so that no two writers wait for each other in a circle.
    fn take(&mut self, random: &mut Random, count: u32) -> Vec<(u32, String)> {
        let mut entities: Vec<u32> = (0..count).map(|_| random.below(ENTITIES)).collect();
        entities.sort_unstable();
        let mut key = || {
            self.next += 1;
            format!("{}-{}", self.writer, self.next)
        };
        entities.into_iter().map(|entity| (entity, key())).collect()
    }
}

fn insert(events: &[(u32, String)]) -> String {
    let values: Vec<_> =
        events.iter().map(|(entity, key)| format!("({entity}, '{key}', '{{\"amount\": 1}}')")).collect();
    format!("INSERT INTO events (entity, key, payload) VALUES {}", values.join(", "))
}

fn pause(random: &mut Random) {
    let most = *random.of(&[0, 0, 5, 30, 200]);
    if most > 0 {
        std::thread::sleep(Duration::from_millis(u64::from(random.below(most))));
    }
}

impl Stress<'_> {
    pub fn write(&self, writer: u64) {
        let mut keys = Keys { writer, next: 0 };
        self.work(writer, |session, random| self.append(session, random, &mut keys));
        self.writing.fetch_sub(1, Ordering::Relaxed);
    }

    /// One transaction, with savepoints that are kept and others that are rolled back.
    fn append(&self, session: &mut Session, random: &mut Random, keys: &mut Keys) -> Answer<()> {
        let isolation = random.of(&["READ COMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"]);
        let end = match random.below(10) {
            0..6 => End::Commit,
            6 | 7 => End::Rollback,
            _ => End::Prepare,
        };
        let parts = 1 + random.below(3);
        let count = *random.of(&[1, 1, 2, 5, 20]);
        let events = keys.take(random, parts * count);
        let lost = keys.take(random, 1);
        let names = |events: &[(u32, String)]| events.iter().map(|(_, key)| key.clone()).collect::<Vec<_>>();
        self.tell(|told| told.attempted.extend(names(&events).into_iter().chain(names(&lost))));
        if parts == 1 && matches!(end, End::Commit) {
            // Without a transaction block.
            session.batch_execute(&insert(&events))?;
            self.tell(|told| told.committed.extend(names(&events)));
            return Ok(());
        }
        session.batch_execute(&format!("BEGIN ISOLATION LEVEL {isolation}"))?;
        for (number, part) in events.chunks(count as usize).enumerate() {
            match random.below(3) {
                0 => session.batch_execute(&insert(part))?,
                // The first append of a transaction can be one that is undone.
                1 => {
                    let undone: Vec<_> = lost.iter().map(|(_, key)| (part[0].0, format!("{key}-{number}"))).collect();
                    session.batch_execute(&format!(
                        "SAVEPOINT s; {}; ROLLBACK TO s; {}",
                        insert(&undone),
                        insert(part)
                    ))?;
                }
                _ => session.batch_execute(&format!("SAVEPOINT s; {}; RELEASE s", insert(part)))?,
            }
            pause(random);
        }
        match end {
            End::Commit => {
                session.batch_execute("COMMIT")?;
                self.tell(|told| told.committed.extend(names(&events)));
            }
            End::Rollback => session.batch_execute("ROLLBACK")?,
            End::Prepare => {
                let name = events[0].1.clone();
                self.prepared.lock().expect("no panic").insert(name.clone(), names(&events));
                session.batch_execute(&format!("PREPARE TRANSACTION '{name}'"))?;
            }
        }
        Ok(())
    }

    /// Finishes what others have prepared, some of it before a crash.
    pub fn finish_prepared(&self) {
        self.work_while(
            || self.writing.load(Ordering::Relaxed) > 0,
            3000,
            |session, random| {
                std::thread::sleep(Duration::from_millis(20));
                for name in try_rows(session, "SELECT gid FROM pg_prepared_xacts ORDER BY prepared")? {
                    if random.below(3) == 0 {
                        continue;
                    }
                    let is_committed = random.below(4) > 0;
                    session.batch_execute(&format!(
                        "{} PREPARED '{}'",
                        if is_committed { "COMMIT" } else { "ROLLBACK" },
                        name[0]
                    ))?;
                    if is_committed {
                        self.was_committed(&name[0]);
                    }
                }
                Ok(())
            },
        );
    }

    fn was_committed(&self, name: &str) {
        let keys = self.prepared.lock().expect("no panic").remove(name).expect("a transaction that somebody prepared");
        self.tell(|told| told.committed.extend(keys));
    }

    /// Commits all that is still prepared.
    pub fn commit_prepared(&self, session: &mut Session) {
        for name in session.rows("SELECT gid FROM pg_prepared_xacts ORDER BY prepared") {
            session.run(&format!("COMMIT PREPARED '{name}'"));
            self.was_committed(&name);
        }
    }
}
