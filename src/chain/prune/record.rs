//! Rows of `veritable.prunings`, and the entry in the journal about each pruning.

use veritable_core::chain::LinkHash;

use super::prunings::{self, OF_CHAIN, as_extension, in_force};
use super::runs::{Amount, Run};
use crate::chain::arguments::Arguments;
use crate::pg::oid::Oid;
use crate::pg::relation::Relation;
use crate::pg::report::{Error, Result};
use crate::pg::spi::{Kept, Parameter, Session};
use crate::pg::{database, role};
use crate::table::{journal, keepers};

thread_local! {
    static WRITE: Kept = Kept::new(
        "WITH written AS (
             INSERT INTO veritable.prunings
                    (target, key, about, series, action, partition, genesis, log, entity, first, last, before, through, faults, at, by,
                     acting)
             SELECT $1::pg_catalog.oid, r.key, $2, $3, $4, $5, $6, $16, r.entity::pg_catalog.text[], r.first, r.last, r.before, r.through,
                    r.faults, pg_catalog.clock_timestamp(), $7::pg_catalog.name, $8::pg_catalog.name
             FROM (SELECT pg_catalog.unnest($9::pg_catalog.int8[]), pg_catalog.unnest($10::pg_catalog.text[]),
                          pg_catalog.unnest($11::pg_catalog.int8[]), pg_catalog.unnest($12::pg_catalog.int8[]),
                          pg_catalog.unnest($13::pg_catalog.bytea[]), pg_catalog.unnest($14::pg_catalog.bytea[]),
                          pg_catalog.unnest($15::pg_catalog.int8[])) AS r (key, entity, first, last, before, through, faults)
             RETURNING seq)
         SELECT pg_catalog.min(seq), pg_catalog.max(seq), pg_catalog.count(*) FROM written"
            .to_string(),
    );
}

/// What a pruning writes, or what takes one back.
pub struct Record {
    target: Oid,
    about: String,
    series: String,
    action: &'static str,
    /// The stable name of the partition.
    partition: Option<String>,
    genesis: LinkHash,
    /// The origin of the log.
    log: Option<String>,
    by: String,
    acting: String,
    /// The seqs of the first row and of the last.
    seqs: Option<(i64, i64)>,
}

impl Record {
    /// A record about the chain of `root`. Call this as the role that prunes.
    pub fn begin(
        root: &Relation,
        arguments: &Arguments,
        action: &'static str,
        partition: Option<&Relation>,
    ) -> Result<Record> {
        let about = root.stable_name();
        Ok(Record {
            target: root.oid(),
            series: journal::free_series(prunings::table()?, &about, &database::identity()),
            about,
            action,
            partition: partition.map(Relation::stable_name),
            genesis: arguments.genesis()?,
            log: arguments.log.as_ref().map(|log| log.origin.clone()),
            by: role::session(),
            acting: role::acting(),
            seqs: None,
        })
    }

    /// Writes rows about these runs.
    pub fn write(&mut self, session: &Session, runs: &[Run]) -> Result<()> {
        let bytes =
            |hash: fn(&Run) -> &LinkHash| runs.iter().map(|run| hash(run).as_bytes().to_vec()).collect::<Vec<_>>();
        let numbers = |number: fn(&Run) -> i64| runs.iter().map(number).collect::<Vec<_>>();
        let entities: Vec<String> = runs.iter().map(|run| array_of(&run.entity)).collect();
        let parameters: [Parameter; 16] = [
            self.target.into(),
            self.about.as_str().into(),
            self.series.as_str().into(),
            self.action.into(),
            self.partition.as_deref().into(),
            self.genesis.as_bytes().as_slice().into(),
            self.by.as_str().into(),
            self.acting.as_str().into(),
            numbers(|run| run.key).into(),
            entities.into(),
            numbers(|run| run.first).into(),
            numbers(|run| run.last).into(),
            bytes(|run| &run.before).into(),
            bytes(|run| &run.through).into(),
            numbers(|run| run.faults.cast_signed()).into(),
            self.log.as_deref().into(),
        ];
        let seqs = as_extension(|| {
            journal::recording(|| {
                let written = WRITE.with(|write| write.query(session, &parameters))?;
                let row = written.rows().next();
                let seqs = row.and_then(|row| Some((row.get::<i64>(0)?, row.get::<i64>(1)?, row.get::<i64>(2)?)));
                seqs.filter(|(.., count)| *count == runs.len() as i64)
                    .ok_or_else(|| Error::damaged("veritable.prunings"))
            })
        })?;
        self.seqs = Some((self.seqs.map_or(seqs.0, |(first, _)| first), seqs.1));
        Ok(())
    }

    /// Takes back all runs in force of a chain that ends, and returns their number.
    pub fn take_back_all(&mut self, session: &Session) -> Result<u64> {
        let sql = format!(
            "INSERT INTO veritable.prunings
                    (target, key, about, series, action, genesis, entity, first, last, before, through, at, by, acting)
             SELECT $1::pg_catalog.oid, r.key, $3, $4, $5, $2, r.entity, r.first, r.last, r.before, r.through,
                    pg_catalog.clock_timestamp(), $6::pg_catalog.name, $7::pg_catalog.name
             FROM ({}) AS r",
            in_force(OF_CHAIN),
        );
        let parameters: [Parameter; 7] = [
            self.target.into(),
            self.genesis.as_bytes().as_slice().into(),
            self.about.as_str().into(),
            self.series.as_str().into(),
            self.action.into(),
            self.by.as_str().into(),
            self.acting.as_str().into(),
        ];
        as_extension(|| journal::recording(|| session.run(&sql, &parameters)))
    }

    /// Writes the entry in the journal, for the role that prunes.
    pub fn end(&self, session: &Session, amount: Amount) -> Result<()> {
        let partition = self.partition.as_ref().map(|name| format!("\"partition\": {}, ", journal::json_string(name)));
        let seqs = self.seqs.map(|(first, last)| format!(", \"first_seq\": {first}, \"last_seq\": {last}"));
        let Amount { runs, events, faults } = amount;
        let detail = format!(
            "{{\"action\": \"{}\", {}\"runs\": {runs}, \"events\": {events}, \"faults\": {faults}{}}}",
            self.action,
            partition.unwrap_or_default(),
            seqs.unwrap_or_default(),
        );
        journal::record(session, &self.about, "prune", None, Some(&detail))?;
        keepers::follow(session, self.target)
    }
}

/// The text of a `text[]`.
pub fn array_of(members: &[Option<String>]) -> String {
    let mut text = String::from("{");
    for (place, member) in members.iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        match member {
            None => text.push_str("NULL"),
            Some(member) => {
                text.push('"');
                for character in member.chars() {
                    if matches!(character, '"' | '\\') {
                        text.push('\\');
                    }
                    text.push(character);
                }
                text.push('"');
            }
        }
    }
    text.push('}');
    text
}
