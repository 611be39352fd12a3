//! Verification of a table that events were pruned from: each run in force stands for its events, as one edge of the chain.
//!
//! The passes are those of [`Table`], over events and runs. What keeps both together is the key of the
//! entity. Two entities with one key are read together, and told apart in the second pass.
//!
//! The runs are believed as far as the chain of `veritable.prunings` is intact. What is wrong there is a fault of the table, and
//! the rows that it is about do not count: a forged run acquits nobody.

use std::collections::HashSet;

use veritable_core::chain::{Anchor, Balance, BalanceKey, LinkHash, Run, Walk};

use super::intact::Sought;
use super::layout::Layout;
use super::passes::{BROKEN_MAX, Table};
use super::prune::prunings::{self, as_extension};
use super::relied;
use super::verdict::Verdict;
use crate::pg::contents::has_rows;
use crate::pg::oid::Oid;
use crate::pg::random;
use crate::pg::relation::name_of;
use crate::pg::report::{Error, Result, number};
use crate::pg::spi::{Fetched, Parameter, Session};
use crate::table::{aggregates, scan};

/// The runs of a table.
pub struct Pruned {
    target: Oid,
    genesis: LinkHash,
    /// The rows of `veritable.prunings` that do not count, as [`relied::place`] writes them; `None` if none counts.
    distrusted: Option<Vec<String>>,
}

/// The events and runs of one entity, while they are read in order.
struct Walker {
    entity: Vec<Option<String>>,
    walk: Walk,
    balance: Balance,
    /// The last seq of the runs so far.
    until: i64,
    /// Whether an event was in the place of a run: then the chain does not balance, and the walk alone can judge.
    is_put_back: bool,
    has_fault: bool,
    has_events: bool,
}

/// What the second pass has read.
#[derive(Default)]
struct Read {
    /// The number of keys.
    keys: u64,
    amount: Amount,
}

/// What was pruned with runs.
#[derive(Clone, Copy, Default)]
pub struct Amount {
    /// The number of events.
    events: u64,
    /// The number of faults that these events had.
    faults: u64,
}

impl Pruned {
    /// The runs of a table; `None` if nothing was pruned from this chain.
    pub fn of(session: &Session, target: Oid, genesis: LinkHash, verdict: &mut Verdict) -> Result<Option<Pruned>> {
        // The extension's own tables are verified before this one is there.
        if prunings::table().is_err() || !prunings::has_any(session, target, &genesis)? {
            return Ok(None);
        }
        let mut pruned = Pruned { target, genesis, distrusted: Some(Vec::new()) };
        if let Err(doubt) = relied::verify(session, target, &genesis)? {
            verdict.forged(target, &doubt.detail);
            pruned.distrusted = doubt.rows;
        }
        Ok(Some(pruned))
    }

    /// The runs in force that count, as a query: parameters 1, 2 and 4 are the first, second and last of [`Pruned::parameters`].
    fn in_force(&self) -> String {
        let condition = match &self.distrusted {
            None => "AND false",
            Some(none) if none.is_empty() => "",
            Some(_) => "AND pg_catalog.concat_ws(E'\\x01', p.about, p.series, p.seq) <> ALL ($4)",
        };
        prunings::in_force(&format!("{} {condition}", prunings::of_chain("$1", "$2")))
    }

    fn parameters<'p>(&'p self, third: Parameter<'p>) -> [Parameter<'p>; 4] {
        let distrusted = self.distrusted.clone().unwrap_or_default();
        [self.target.into(), self.genesis.as_bytes().as_slice().into(), third, distrusted.into()]
    }

    /// Events and runs, as a query with the columns event, key, place, first, last, before, through, entity, faults. The stored key
    /// of a run is in no line, and may be of another type of a column: it is not asked.
    fn events_and_runs(&self, table: &Table) -> String {
        format!(
            "SELECT {event} AS event, veritable.entity_key({event}) AS key, {seq} AS place, NULL::pg_catalog.int8 AS first,
                    NULL::pg_catalog.int8 AS last, NULL::pg_catalog.bytea AS before, NULL::pg_catalog.bytea AS through,
                    NULL::pg_catalog.text[] AS entity, NULL::pg_catalog.int8 AS faults
             FROM {from} {condition}
             UNION ALL
             SELECT NULL::{row_type}, veritable.entity_key($1::pg_catalog.oid::pg_catalog.regclass, r.entity), r.first, r.first, r.last, r.before, r.through,
                    pg_catalog.array_replace(r.entity, NULL, ''), r.faults
             FROM ({in_force}) AS r",
            event = table.alias,
            seq = table.seq,
            from = table.from,
            condition = table.condition,
            row_type = table.row_type,
            in_force = self.in_force(),
        )
    }

    /// Verifies all chains of the table.
    pub fn verify(&self, session: &Session, table: &Table, key: [u8; 16], verdict: &mut Verdict) -> Result<()> {
        aggregates::require_own(session, &["intact_pruned"])?;
        let sum = "veritable.intact_pruned(u.event, $3, u.first, u.last, u.before, u.through, $2)";
        let all = self.events_and_runs(table);
        let parameters = self.parameters(key.as_slice().into());
        let counts = session.query_as_caller(
            &format!(
                "SELECT pg_catalog.count(*) FILTER (WHERE g.events > 0),
                        pg_catalog.count(*) FILTER (WHERE g.events IS NULL),
                        COALESCE(pg_catalog.sum(g.events), 0)::pg_catalog.int8,
                        pg_catalog.count(*) FILTER (WHERE g.events < 0 OR g.events = 0 AND g.given > 0),
                        COALESCE(pg_catalog.sum(g.pruned), 0)::pg_catalog.text,
                        COALESCE(pg_catalog.sum(g.faults), 0)::pg_catalog.text
                 FROM (SELECT {sum} AS events, pg_catalog.count(u.event) AS given,
                              pg_catalog.sum(u.last::pg_catalog.numeric - u.first + 1) AS pruned,
                              pg_catalog.sum(u.faults) AS faults
                       FROM ({all}) AS u GROUP BY u.key) AS g"
            ),
            &parameters,
        )?;
        let counts = counts.rows().next().and_then(|row| {
            let count = |position| row.get::<i64>(position).and_then(|count| u64::try_from(count).ok());
            let sum = |position| Some(row.get::<String>(position)?.parse().unwrap_or(u64::MAX));
            Some(([count(0)?, count(1)?, count(2)?, count(3)?], Amount { events: sum(4)?, faults: sum(5)? }))
        });
        let Some(([intact, broken, events, 0], pruned)) = counts else {
            return Err(Error::damaged("the counts of chains"));
        };
        if broken == 0 {
            verdict.faults.groups += intact;
            verdict.faults.rows += events;
            return self.tell(session, pruned, verdict);
        }
        let keys = self.broken(
            session,
            &format!("SELECT u.key FROM ({all}) AS u GROUP BY u.key HAVING {sum} IS NULL"),
            &parameters,
        )?;
        if keys.is_some() {
            verdict.faults.groups += intact;
            verdict.faults.rows += events;
        }
        let Read { keys: read, .. } = self.name_faults(session, table, keys.map(Sought::new), key, verdict)?;
        if read < broken {
            let broken = number(broken, "chain");
            verdict.broken(self.target, &format!("{broken} found broken, and {read} could be read again."));
        }
        self.tell(session, pruned, verdict)
    }

    /// The keys of the broken chains; `None` if there are too many to keep.
    fn broken(&self, session: &Session, sql: &str, parameters: &[Parameter]) -> Result<Option<HashSet<u64>>> {
        let cursor = session.cursor(sql, parameters, true)?;
        let (mut broken, mut too_many) = (HashSet::new(), false);
        scan::each(&cursor, |row| {
            let key: i64 = row.get(0).ok_or_else(|| Error::damaged("the keys of chains"))?;
            too_many |= broken.len() > BROKEN_MAX;
            if !too_many {
                broken.insert(key.cast_unsigned());
            }
            Ok(())
        })?;
        Ok((!too_many).then_some(broken))
    }

    /// Verifies the chain of one entity, and returns whether anything of it was pruned.
    pub fn verify_entity(
        &self,
        session: &Session,
        table: &Table,
        values: &[String],
        verdict: &mut Verdict,
    ) -> Result<bool> {
        let key = table.layout.entity_key(&table.layout.row_of_entity(values)?);
        let sought = Sought::new(HashSet::from([key.cast_unsigned()]));
        let read = self.name_faults(session, table, Some(sought), random::bytes()?, verdict)?;
        self.tell(session, read.amount, verdict)?;
        Ok(read.keys > 0)
    }

    /// The second pass: reads events and runs in order, and reports their faults.
    fn name_faults(
        &self,
        session: &Session,
        table: &Table,
        sought: Option<Sought>,
        key: [u8; 16],
        verdict: &mut Verdict,
    ) -> Result<Read> {
        let key = BalanceKey::new(&key);
        let condition = if sought.is_some() { "WHERE veritable.is_sought_key(u.key, $3)" } else { "" };
        let cursor = session.cursor(
            &format!(
                "SELECT u.event, u.key, u.first, u.last, u.before, u.through, u.entity, u.faults FROM ({}) AS u {condition}
                 ORDER BY u.key, u.place, u.first IS NULL",
                self.events_and_runs(table)
            ),
            &self.parameters(sought.as_ref().map_or(0, |sought| sought.number).into()),
            true,
        )?;
        let (mut walkers, mut current, mut read, mut unnamed) = (Vec::new(), None, Read::default(), 0);
        scan::each(&cursor, |fetched| {
            let found: Option<i64> = fetched.get(1);
            if found.is_none() {
                return Err(Error::damaged("the keys of chains"));
            }
            if current != found {
                current = found;
                read.keys += 1;
                unnamed += self.end(&mut walkers, verdict);
            }
            read.amount.add(self.step(table, fetched, &key, &mut walkers, verdict)?);
            Ok(())
        })?;
        unnamed += self.end(&mut walkers, verdict);
        // The filter calls a function that SQL finds by name. The call must have reached this library's function.
        if sought.as_ref().is_some_and(|sought| !sought.was_asked()) && has_rows(self.target)? {
            return Err(Error::damaged("veritable.is_sought_key()"));
        }
        if unnamed > 0 {
            let unnamed = number(unnamed, "chain");
            verdict.broken(self.target, &format!("{unnamed} found broken, and no event could be named."));
        }
        Ok(read)
    }

    /// Takes an event or a run, and returns what was pruned with the run.
    fn step(
        &self,
        table: &Table,
        fetched: &Fetched,
        key: &BalanceKey,
        walkers: &mut Vec<Walker>,
        verdict: &mut Verdict,
    ) -> Result<Amount> {
        let layout = &table.layout;
        let anchor = Anchor::genesis(layout.genesis);
        if let Some(event) = fetched.composite(0) {
            let row = event.row(&layout.descriptor);
            let walker = Self::walker(layout, walkers, layout.entity_texts(&row))?;
            let (event, has_fault) = table.judge(&row, &mut walker.walk, verdict)?;
            walker.balance.add(key, &anchor, &event);
            walker.is_put_back |= event.seq.is_some_and(|seq| seq <= walker.until);
            walker.has_fault |= has_fault;
            verdict.faults.rows += 1;
            verdict.faults.groups += u64::from(!std::mem::replace(&mut walker.has_events, true));
            return Ok(Amount::default());
        }
        let hash = |position| fetched.bytes(position).and_then(|bytes| LinkHash::from_bytes(&bytes));
        let places = fetched.get(2).zip(fetched.get(3));
        let run = places.and_then(|places| Run::new(places, hash(4)?, hash(5)?));
        let (Some(run), Some(entity)) = (run, fetched.get::<Vec<String>>(6)) else {
            return Ok(Amount::default());
        };
        let entity = entity.into_iter().map(Some).collect();
        let walker = Self::walker(layout, walkers, entity)?;
        let mut faults = Vec::new();
        walker.walk.run(&run, &mut faults);
        walker.balance.add_run(key, &anchor, &run);
        walker.until = walker.until.max(run.last());
        walker.has_fault |= !faults.is_empty();
        faults.iter().for_each(|fault| verdict.fault(self.target, &walker.entity, fault, None));
        Ok(Amount::of(&run, fetched.get(7)))
    }

    /// The walker of an entity. Values that are equal by their types can have other texts.
    fn walker<'w>(
        layout: &Layout,
        walkers: &'w mut Vec<Walker>,
        entity: Vec<Option<String>>,
    ) -> Result<&'w mut Walker> {
        let mut place = walkers.iter().position(|walker| walker.entity == entity);
        if place.is_none() {
            for (number, walker) in walkers.iter().enumerate() {
                if is_same(layout, &walker.entity, &entity)? {
                    place = Some(number);
                    break;
                }
            }
        }
        let place = place.unwrap_or_else(|| {
            walkers.push(Walker {
                entity,
                walk: Walk::new(layout.genesis),
                balance: Balance::new(),
                until: 0,
                is_put_back: false,
                has_fault: false,
                has_events: false,
            });
            walkers.len() - 1
        });
        Ok(&mut walkers[place])
    }

    /// Ends the chains of one key, and returns the number of those that do not add up and have no fault.
    fn end(&self, walkers: &mut Vec<Walker>, verdict: &mut Verdict) -> u64 {
        let mut unnamed = 0;
        for mut walker in walkers.drain(..) {
            let mut faults = Vec::new();
            walker.walk.end(&mut faults);
            faults.iter().for_each(|fault| verdict.fault(self.target, &walker.entity, fault, None));
            let is_named = walker.has_fault || !faults.is_empty();
            unnamed += u64::from(!is_named && !walker.is_put_back && walker.balance.intact().is_none());
        }
        unnamed
    }

    /// Passes the last hash of each run in force that counts to `each`, with the number of its events. Returns what was pruned with
    /// all of them.
    pub fn each_end(&self, session: &Session, mut each: impl FnMut(&LinkHash, u64)) -> Result<Amount> {
        let sql = format!("SELECT r.first, r.last, r.through, r.faults FROM ({}) AS r", self.in_force());
        let cursor = as_extension(|| session.cursor(&sql, &self.parameters(0_i64.into()), true))?;
        let mut all = Amount::default();
        scan::each(&cursor, |row| {
            let (first, last) = row.get::<i64>(0).zip(row.get::<i64>(1)).unwrap_or_default();
            if let Some(through) = row.bytes(2).and_then(|bytes| LinkHash::from_bytes(&bytes))
                && let Some(run) = Run::new((first, last), through, through)
            {
                let pruned = Amount::of(&run, row.get(3));
                each(&through, pruned.events);
                all.add(pruned);
            }
            Ok(())
        })?;
        Ok(all)
    }

    /// Tells how many events were pruned, how many faults they had, and the last who did it.
    pub fn tell(&self, session: &Session, pruned: Amount, verdict: &mut Verdict) -> Result<()> {
        let Amount { events: count, faults } = pruned;
        if count == 0 {
            return Ok(());
        }
        let (at, by) = as_extension(|| {
            let found = session.query_as_caller(
                "SELECT pg_catalog.to_char(p.at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'), p.by::pg_catalog.text
                 FROM veritable.prunings p
                 WHERE p.target = $1::pg_catalog.oid AND p.genesis = $2 AND p.action IN ('detach', 'delete')
                 ORDER BY p.at DESC LIMIT 1",
                &[self.target.into(), self.genesis.as_bytes().as_slice().into()],
            )?;
            let row = found.rows().next();
            let text = |position| row.as_ref().and_then(|row| row.get::<String>(position)).unwrap_or_default();
            Ok((text(0), text(1)))
        })?;
        let (events, table) = (number(count, "event"), name_of(self.target));
        let was = if count == 1 { "was" } else { "were" };
        let with = if faults == 0 { String::new() } else { format!(" with {}", number(faults, "fault")) };
        let sentence =
            format!("Of table \"{table}\", {events} {was} pruned{with}. The last pruning was at {at} UTC by \"{by}\".");
        verdict.faults.note(&[(count, "pruned event"), (faults, "pruned fault")], sentence);
        Ok(())
    }
}

impl Amount {
    /// What was pruned with a run, which had this number of faults.
    fn of(run: &Run, faults: Option<i64>) -> Amount {
        let faults = faults.and_then(|faults| u64::try_from(faults).ok()).unwrap_or_default();
        Amount { events: (run.last() - run.first()) as u64 + 1, faults }
    }

    fn add(&mut self, more: Amount) {
        self.events = self.events.saturating_add(more.events);
        self.faults = self.faults.saturating_add(more.faults);
    }
}

/// Whether texts name one entity, by the equality of its types.
fn is_same(layout: &Layout, one: &[Option<String>], other: &[Option<String>]) -> Result<bool> {
    let texts = |values: &[Option<String>]| values.iter().cloned().collect::<Option<Vec<String>>>();
    let (Some(one), Some(other)) = (texts(one), texts(other)) else { return Ok(false) };
    let _pinned = crate::pg::line::pinned::Pinned::new();
    Ok(one.len() == other.len() && layout.is_same_entity(&layout.row_of_entity(&one)?, &layout.row_of_entity(&other)?))
}
