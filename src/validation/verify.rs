//! `verify_validation()`: a row for each document that does not match what its row claims (`claims`).
//!
//! The triggers of the table are checked as well (`problems`).

use super::arguments::{Arguments, Named};
use super::claims::{Claims, Judgement};
use super::feature::FEATURE;
use super::layout::Layout;
use super::problems;
use crate::pg::acting::Acting;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::line::pinned::Pinned;
use crate::pg::quote;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Error, Result, number};
use crate::pg::spi::{self, Fetched, Session};
use crate::table::faults::Faults;
use crate::table::{scan, topology, verification};

sql_function! {
    /// `verify_validation(regclass) → set of faults`
    veritable_verify_validation = verify_validation
}

fn verify_validation(call: &Call) -> Result<Answer> {
    verification::answer(call, &FEATURE, &mut verify)
}

/// Verifies the documents of an open table as its owner; the caller's privileges have been checked.
pub fn verify(relation: &Relation, faults: &mut Faults) -> Result<()> {
    verification::as_its_owner(relation, |acting| verify_table(relation, acting, faults))
}

fn verify_table(relation: &Relation, acting: &Acting, faults: &mut Faults) -> Result<()> {
    let target = relation.oid();
    faults.tables += 1;
    let tables = topology::with_leaves(relation)?;
    let is_hidden = verification::report_hidden(&FEATURE, faults, target, &tables)?;
    if !FEATURE.is_on(relation)? {
        if !is_hidden {
            return Err(FEATURE.missing(&relation.name()));
        }
        faults.unread(target, "The validation cannot be read without its triggers.");
        return Ok(());
    }
    for problem in problems::of(relation)? {
        faults.unguarded(target, &problem);
    }
    verification::without_indexes(acting);
    let _pinned = Pinned::new();
    let mut verified = Vec::new();
    verify_columns(relation, &mut verified, faults)?;
    for table in tables.into_iter().filter(|table| *table != target) {
        // A partition may validate more columns than the table above.
        verify_columns(&Relation::open(table, Lock::AccessShare)?, &mut verified.clone(), faults)?;
    }
    Ok(())
}

/// Verifies each validated column of a relation, but not those in `verified`, and adds their names to that list.
fn verify_columns(relation: &Relation, verified: &mut Vec<String>, faults: &mut Faults) -> Result<()> {
    for trigger in FEATURE.triggers(relation)? {
        let found = Arguments::parse(&trigger.arguments)
            .and_then(|arguments| Ok((Layout::of(relation, &arguments)?, arguments)));
        let Some((layout, arguments)) = verification::configuration(&FEATURE, faults, relation.oid(), found)? else {
            continue;
        };
        if !verified.contains(&arguments.document) {
            spi::connect(|session| verify_documents(session, relation, &layout, &arguments, faults))?;
            verified.push(arguments.document);
        }
    }
    Ok(())
}

/// The positions of the document, the text of its name, and its version in the query; the key follows.
const DOCUMENT: usize = 0;
const NAME: usize = 1;
const VERSION: usize = 2;
const KEY: usize = 3;

fn verify_documents(
    session: &Session,
    relation: &Relation,
    layout: &Layout,
    arguments: &Arguments,
    faults: &mut Faults,
) -> Result<()> {
    let column = |name: &String| format!("t.{}", quote::identifier(name));
    let or_null = |name: Option<&String>| name.map_or("NULL::pg_catalog.text".to_string(), column);
    let named = match &arguments.named {
        Named::By(name) => Some(name),
        Named::As(_) => None,
    };
    let key = key_of(session, relation)?;
    let document = column(&arguments.document);
    let select: Vec<_> =
        [document.clone(), or_null(named), or_null(arguments.version.as_ref())].into_iter().chain(key).collect();
    let sql = format!(
        "SELECT {} FROM {} WHERE {document} IS NOT NULL",
        select.join(", "),
        topology::from_clause(relation, "t")
    );
    let mut claims = Claims::new()?;
    let mut may_be_older = 0;
    let cursor = session.cursor(&sql, &[], true)?;
    scan::each(&cursor, |row| {
        let stored = row.jsonb(DOCUMENT).ok_or_else(|| Error::damaged("a row of the table"))?;
        faults.rows += 1;
        // The output function of an integer type writes the version: no cast is looked up.
        let version = row.text(VERSION).map(|text| text.parse::<i64>()).transpose();
        let version = version.map_err(|_| Error::damaged("a row of the table"))?;
        match claims.judge(layout.name_of(row.text(NAME)), version, &stored, arguments.unknown)? {
            Judgement::Matches => {}
            Judgement::MayBeOlder => may_be_older += 1,
            Judgement::Fault(fault, detail) => {
                let key = (KEY..select.len()).map(|position| row.text(position)).collect();
                faults.put(relation.oid(), Some(key), Some(arguments.document.clone()), fault, &detail);
            }
        }
        Ok(())
    })?;
    if may_be_older > 0 {
        faults.notice(format!(
            "no version of its event schema accepts {} in column \"{}\" of table \"{}\", stored maybe before the first version",
            number(may_be_older, "document"),
            arguments.document,
            relation.name()
        ));
    }
    Ok(())
}

/// The SQL expressions that name a row: its primary key, or else its place in the table.
fn key_of(session: &Session, relation: &Relation) -> Result<Vec<String>> {
    let found = session.query_as_caller(
        "SELECT a.attname::pg_catalog.text
         FROM pg_catalog.pg_constraint c
         CROSS JOIN LATERAL pg_catalog.unnest(c.conkey) WITH ORDINALITY AS k (number, place)
         JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number
         WHERE c.conrelid = $1 AND c.contype = 'p'
         ORDER BY k.place",
        &[relation.oid().into()],
    )?;
    let name = |row: Fetched| row.get::<String>(0).ok_or_else(|| Error::damaged("pg_constraint"));
    let names: Vec<_> = found.rows().map(name).collect::<Result<_>>()?;
    if !names.is_empty() {
        return Ok(names.iter().map(|name| format!("t.{}", quote::identifier(name))).collect());
    }
    let partition = relation.is_partitioned().then(|| "t.tableoid::pg_catalog.regclass".to_string());
    Ok(partition.into_iter().chain(["t.ctid".to_string()]).collect())
}
