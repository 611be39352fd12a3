//! `inclusion_proof()` and `consistency_proof()`.

use veritable_log::checkpoint::SignedCheckpoint;
use veritable_log::proof::Proof;
use veritable_log::prove;
use veritable_log::tree::{NodeHash, leaf_hash};
use veritable_log::verify;

use super::checkpoint::read;
use super::events::{Event, Events};
use super::kept::{self, Stock, Stored, signed, unusable};
use super::pruned;
use crate::log::found::Found;
use crate::log::trees::as_extension;
use crate::pg::acting::as_owner;
use crate::pg::column::Column;
use crate::pg::equality::Equality;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::oid::Oid;
use crate::pg::quote;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::snapshot::Latest;
use crate::pg::spi::{self, Parameter, Session};

sql_function! {
    /// `inclusion_proof(regclass, bigint) → text`
    veritable_inclusion_proof = inclusion_proof
}
sql_function! {
    /// `inclusion_proof(regclass, text[], bigint) → text`
    veritable_inclusion_proof_of_entity = inclusion_proof_of_entity
}
sql_function! {
    /// `consistency_proof(regclass, bigint, bigint) → text`
    veritable_consistency_proof = consistency_proof
}

/// Opens a log whose events the caller may read, all of them, and runs `body` with the newest snapshot.
fn with_log<T>(call: &Call, function: &str, body: impl FnOnce(&Session, &Relation, &Found) -> Result<T>) -> Result<T> {
    let target = call.oid(0).ok_or_else(|| Error::null_argument("target"))?;
    let relation = Relation::open(target, Lock::AccessShare)?;
    relation.require_table()?;
    relation.require_readable("log")?;
    let found = Found::of(&relation, |root| format!("SELECT {function}({root}, …);"))?;
    Latest::during(|_| spi::connect(|session| body(session, &relation, &found)))
}

fn inclusion_proof(call: &Call) -> Result<Answer> {
    let position = call.integer(1).ok_or_else(|| Error::null_argument("position"))?;
    let proof = with_log(call, "inclusion_proof", |session, relation, found| {
        let events = Events::of(relation, found)?;
        let condition = format!("{} = $1", events.position);
        match find(session, relation, &events, &condition, &[position.into()])? {
            Some(event) => prove(session, relation, event.position, &leaf_hash(&event.hash)),
            // The leaf of an event that was pruned is still in the tree.
            None => {
                let leaf = as_extension(|| pruned::leaf_at(session, relation.oid(), position))?;
                prove(
                    session,
                    relation,
                    position,
                    &leaf.ok_or_else(|| absent(relation, &format!("at position {position}")))?,
                )
            }
        }
    })?;
    Ok(proof.into())
}

fn inclusion_proof_of_entity(call: &Call) -> Result<Answer> {
    let values = call.texts(1).ok_or_else(|| Error::null_argument("entity"))?;
    let seq = call.integer(2).ok_or_else(|| Error::null_argument("seq"))?;
    let value = |value: Option<String>| {
        value.ok_or_else(|| Error::new(Class::Argument, "a value of an entity must not be null"))
    };
    let values = values.into_iter().map(value).collect::<Result<Vec<_>>>()?;
    let proof = with_log(call, "inclusion_proof", |session, relation, found| {
        let events = Events::of(relation, found)?;
        let expected = events.layout.entity.len();
        if values.len() != expected {
            let message = format!("wrong number of entity values: expected {expected}, got {}", values.len());
            return Err(Error::new(Class::Argument, message));
        }
        let columns = relation.columns();
        let event = as_owner(relation, |_| {
            let row = events.layout.row_of_entity(&values)?;
            let mut conditions = vec![format!("{}.{} = $1", events.alias, quote::identifier(&found.arguments.seq))];
            let mut parameters: Vec<Parameter> = vec![seq.into()];
            for entity in &events.layout.entity {
                let column = columns.iter().find(|column| column.place == entity.place);
                let equality = column.and_then(Equality::of).ok_or_else(|| Error::damaged("pg_attribute"))?;
                parameters.push(row.parameter(entity.place));
                let value = format!("{}.{}", events.alias, quote::identifier(&entity.name));
                let (operator, number) = (equality.sql(), parameters.len());
                conditions.push(format!("{value} {operator} ${number}"));
                // The index of the chain has byte order where byte order has the same equal texts.
                if column.is_some_and(Column::has_language) {
                    conditions.push(format!("{value} COLLATE pg_catalog.\"C\" {operator} ${number}"));
                }
            }
            find_as_owner(session, relation, &events, &conditions.join(" AND "), &parameters)
        })?;
        let event = event.ok_or_else(|| absent(relation, &format!("{seq} of this entity")))?;
        prove(session, relation, event.position, &leaf_hash(&event.hash))
    })?;
    Ok(proof.into())
}

fn absent(relation: &Relation, which: &str) -> Error {
    Error::new(Class::UndefinedObject, format!("table \"{}\" has no event {which}", relation.name()))
}

fn find(
    session: &Session,
    relation: &Relation,
    events: &Events,
    condition: &str,
    parameters: &[Parameter],
) -> Result<Option<Event>> {
    as_owner(relation, |_| find_as_owner(session, relation, events, condition, parameters))
}

fn find_as_owner(
    session: &Session,
    relation: &Relation,
    events: &Events,
    condition: &str,
    parameters: &[Parameter],
) -> Result<Option<Event>> {
    let sql = format!("SELECT {} FROM {} WHERE {condition} LIMIT 1", events.columns(), events.from);
    let found = session.query_as_caller(&sql, parameters)?;
    found.rows().next().map(|row| events.event(relation, &row)).transpose()
}

/// The proof of an event. The tile of its position is a hint; the event is found in it by its hash.
fn prove(session: &Session, relation: &Relation, position: i64, leaf: &NodeHash) -> Result<String> {
    let target = relation.oid();
    let (index, stored, path) = as_extension(|| {
        let state = kept::state(session, target)?;
        if state.is_none_or(|state| state.size == 0 || state.position < position) {
            return Err(Error::new(Class::State, format!("no checkpoint covers the event at position {position}"))
                .hint(format!("SELECT checkpoint({});", relation.stable_literal())));
        }
        let index = index_of(session, target, position, leaf)?.ok_or_else(|| not_there(position))?;
        let stored = best(session, target, index + 1)?.ok_or_else(|| Error::damaged("veritable.notes"))?;
        let path = prove::inclusion(&mut Stock { session, target }, index, stored.size).map_err(unprovable)?;
        Ok((index, stored, path))
    })?;
    // Whoever gets the proof would find that it proves nothing.
    let root = stored.root.ok_or_else(|| not_there(position))?;
    verify::inclusion(leaf, index, stored.size, &path, &root).map_err(|_| not_there(position))?;
    text(index, path, &stored.note)
}

fn not_there(position: i64) -> Error {
    Error::new(Class::State, format!("the tree of the log does not have the event at position {position}"))
        .hint("SELECT * FROM verify_log() says what differs.")
}

/// The index of a leaf in the tree, which is in the tile of its event's position.
fn index_of(session: &Session, target: Oid, position: i64, leaf: &NodeHash) -> Result<Option<u64>> {
    let Some(tile) = kept::tile_of(session, target, position)? else { return Ok(None) };
    let offset = tile.hashes.and_then(|hashes| hashes.iter().position(|hash| hash == leaf));
    Ok(offset.map(|offset| tile.number * u64::from(veritable_log::tile::WIDTH) + offset as u64))
}

/// The newest signed checkpoint of at least this size, or the newest one, if none is signed.
fn best(session: &Session, target: Oid, size: u64) -> Result<Option<Stored>> {
    let Some(newest) = kept::newest(session, target, size, 1)?.into_iter().next() else { return Ok(None) };
    if read(&newest.note)?.1.is_some() || kept::keys(session, target)?.is_empty() {
        return Ok(Some(newest));
    }
    let signed_size = session.query_as_caller(
        "SELECT size FROM veritable.notes
         WHERE target = $1::pg_catalog.oid AND size >= $2 AND pg_catalog.strpos(note, E'\\n\\n') > 0
         ORDER BY size DESC LIMIT 1",
        &[target.into(), signed(size).into()],
    )?;
    let found = signed_size.rows().next().and_then(|row| row.get::<i64>(0)).and_then(|size| u64::try_from(size).ok());
    let best = found.map(|size| kept::of_size(session, target, size)).transpose()?.flatten();
    Ok(Some(best.unwrap_or(newest)))
}

fn unprovable(error: prove::Error<Error>) -> Error {
    match error {
        prove::Error::Tile(error) => unusable(error),
        prove::Error::Index { .. } | prove::Error::Sizes { .. } => {
            Error::new(Class::Argument, "there is no such proof")
        }
    }
}

fn text(index: u64, path: Vec<NodeHash>, note: &str) -> Result<String> {
    let (_, signed_note) = read(note)?;
    if let Some(note) = signed_note {
        let checkpoint = SignedCheckpoint::of(note)
            .map_err(|reason| Error::new(Class::Corrupted, "a checkpoint cannot be read").detail(reason.to_string()))?;
        return Ok(Proof { extra: None, index, path, checkpoint }.to_string());
    }
    // Without signatures, the checkpoint is a text alone: the reader has a signed one, or has kept the same text.
    let path: String = path.iter().map(|hash| format!("{hash}\n")).collect();
    Ok(format!("c2sp.org/tlog-proof@v1\nindex {index}\n{path}\n{note}"))
}

fn consistency_proof(call: &Call) -> Result<Answer> {
    let size = |position, name| {
        let size = call.integer(position).ok_or_else(|| Error::null_argument(name))?;
        u64::try_from(size)
            .map_err(|_| Error::new(Class::Argument, format!("argument \"{name}\" must not be negative")))
    };
    let (old, new) = (size(1, "old_size")?, size(2, "new_size")?);
    let proof = with_log(call, "consistency_proof", |session, relation, _| {
        let target = relation.oid();
        as_extension(|| {
            let has = kept::state(session, target)?.map_or(0, |state| state.size);
            if has == 0 && kept::newest(session, target, 0, 1)?.is_empty() {
                return Err(Error::new(
                    Class::State,
                    format!("log of table \"{}\" has no checkpoint", relation.name()),
                )
                .hint(format!("SELECT checkpoint({});", relation.stable_literal())));
            }
            if old > new || new > has {
                return Err(Error::new(Class::Argument, "there is no such proof")
                    .detail(format!("The sizes are {old} and {new}, and the newest checkpoint is of {has} events.")));
            }
            // Every tree begins with the empty one: c2sp.org/tlog-witness demands an empty proof then.
            if old == 0 {
                return Ok(Vec::new());
            }
            prove::consistency(&mut Stock { session, target }, old, new).map_err(unprovable)
        })
    })?;
    Ok(proof.iter().map(|hash| format!("{hash}\n")).collect::<String>().into())
}
