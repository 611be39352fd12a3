//! The records of erasures: `veritable.erasures`, a chained table that the extension alone writes.
//!
//! A record names its event by the event's hash, so it tells nothing of an entity once the event itself is gone. It counts for the
//! table that it is about, which it follows when the table is renamed, or restored with it: nobody says what was erased from a
//! table of others.

use std::collections::BTreeMap;

use crate::pg::acting::as_owner_of;
use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::Session;
use crate::pg::{database, role};
use crate::table::journal;

/// The records that are kept before they are written.
const KEPT_MAX: usize = 10_000;

/// The erased values of one event.
pub struct Erased {
    /// The seq of the event.
    pub seq: Option<i64>,
    /// The hash of the event.
    pub event: Vec<u8>,
    /// The columns of the values.
    pub columns: Vec<String>,
    /// Those of the columns whose values were not what was sealed.
    pub altered: Vec<String>,
}

/// The seqs and the hashes of events, as texts.
type Events = (Vec<Option<String>>, Vec<String>);

/// The records of one erasure.
pub struct Records {
    table: Oid,
    target: Oid,
    about: String,
    series: String,
    by: String,
    acting: String,
    /// The events by the columns that were erased, and those that were altered.
    kept: BTreeMap<(Vec<String>, Vec<String>), Events>,
    count: usize,
}

/// The newest record of an erasure. Its hash pins all records before it.
pub struct Newest {
    /// The series of the record.
    pub series: String,
    /// The place of the record in the series.
    pub seq: i64,
    /// The hash of the record, in hexadecimal digits.
    pub hash: String,
}

impl Records {
    /// The records of an erasure from a table, by the acting role.
    pub fn begin(target: &Relation) -> Result<Records> {
        let table = table()?;
        if !journal::is_sealed(&Relation::open(table, Lock::AccessShare)?) {
            return Err(Error::new(Class::State, "the triggers of veritable.erasures are disabled")
                .detail("An erasure that is not recorded would be a fault."));
        }
        Ok(Records {
            table,
            target: target.oid(),
            about: target.stable_name(),
            series: String::new(),
            by: role::session(),
            acting: role::acting(),
            kept: BTreeMap::new(),
            count: 0,
        })
    }

    /// Adds a record, and writes what is kept if that is much.
    pub fn add(&mut self, session: &Session, erased: Erased) -> Result<()> {
        let (seqs, events) = self.kept.entry((erased.columns, erased.altered)).or_default();
        seqs.push(erased.seq.map(|seq| seq.to_string()));
        events.push(erased.event.iter().map(|byte| format!("{byte:02x}")).collect());
        self.count += 1;
        if self.count >= KEPT_MAX { self.write(session) } else { Ok(()) }
    }

    /// Writes all records that are kept.
    pub fn write(&mut self, session: &Session) -> Result<()> {
        self.count = 0;
        for ((columns, altered), (seqs, events)) in std::mem::take(&mut self.kept) {
            if self.series.is_empty() {
                self.series = journal::free_series(self.table, &self.about, &database::identity());
            }
            let parameters = [
                self.target.into(),
                self.about.as_str().into(),
                self.series.as_str().into(),
                seqs.into(),
                events.into(),
                columns.into(),
                altered.into(),
                self.by.as_str().into(),
                self.acting.as_str().into(),
            ];
            let insert = || {
                session.run(
                    "INSERT INTO veritable.erasures
                         (target, about, series, event_seq, event, columns, altered, at, by, acting)
                     SELECT $1::pg_catalog.regclass, $2, $3, e.seq::pg_catalog.int8,
                            pg_catalog.decode(e.event, 'hex'), $6, $7, pg_catalog.clock_timestamp(),
                            $8::pg_catalog.name, $9::pg_catalog.name
                     FROM ROWS FROM (pg_catalog.unnest($4), pg_catalog.unnest($5)) WITH ORDINALITY AS e (seq, event, place)
                     ORDER BY e.place",
                    &parameters,
                )
            };
            as_owner_of(self.table, |_| journal::while_recording(insert))??;
        }
        Ok(())
    }
}

impl Records {
    /// The newest record, if any was written.
    pub fn newest(self, session: &Session) -> Result<Option<Newest>> {
        if self.series.is_empty() {
            return Ok(None);
        }
        let read = || {
            let found = session.query(
                "SELECT seq, pg_catalog.encode(event_hash, 'hex') FROM veritable.erasures
                 WHERE about = $1 AND series = $2 ORDER BY seq DESC LIMIT 1",
                &[self.about.as_str().into(), self.series.as_str().into()],
            )?;
            let newest = found.rows().next().and_then(|row| Some((row.get(0)?, row.get(1)?)));
            newest.ok_or_else(|| Error::damaged("veritable.erasures"))
        };
        let (seq, hash) = as_owner_of(self.table, |_| read())??;
        Ok(Some(Newest { series: self.series, seq, hash }))
    }
}

/// The oid of the table of the records.
pub fn table() -> Result<Oid> {
    journal::table_of_extension(c"erasures")
}

/// The columns that were erased from an event, and those of them that were altered before.
pub type Record = (Vec<String>, Vec<String>);

/// What the records of a table are found by.
pub struct About {
    /// The table and its partitions, each of which may have been a chained table of its own.
    tables: Vec<Oid>,
    /// Its name: a table that was dropped and restored is found by it.
    name: String,
}

impl About {
    /// A chained table.
    pub fn of(table: &Relation) -> About {
        About { tables: table.with_partitions(), name: table.stable_name() }
    }
}

/// The records of these events of a table, by the hashes in hexadecimal digits. Reads as the owner of the records, under the
/// active snapshot.
pub fn of(session: &Session, about: &About, events: Vec<String>) -> Result<BTreeMap<String, Record>> {
    let mut found: BTreeMap<String, Record> = BTreeMap::new();
    as_owner_of(table()?, |acting| {
        // An index that lacks a record only leads to a fault.
        acting.set(c"enable_indexscan", c"on");
        let records = session.query_as_caller(
            "SELECT pg_catalog.encode(r.event, 'hex'), r.columns, r.altered
             FROM pg_catalog.unnest($1) AS e (event)
             JOIN veritable.erasures r ON r.event = pg_catalog.decode(e.event, 'hex')
             WHERE r.target::pg_catalog.oid = ANY ($2)
                OR r.about = $3 AND NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = r.target)",
            &[events.into(), about.tables.clone().into(), about.name.as_str().into()],
        )?;
        for row in records.rows() {
            let (Some(event), Some(columns), Some(altered)) = (row.get::<String>(0), row.get(1), row.get(2)) else {
                return Err(Error::damaged("veritable.erasures"));
            };
            let record = found.entry(event).or_default();
            record.0.extend::<Vec<String>>(columns);
            record.1.extend::<Vec<String>>(altered);
        }
        Ok(())
    })??;
    Ok(found)
}
