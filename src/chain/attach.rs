//! `add_chain()` and `drop_chain()`: turn an ordinary table into a chained one and back, all or nothing.
//!
//! Rows that are sealed already are not sealed again, which would hide what was done to them: they are verified, and the
//! chain goes on, or `add_chain()` refuses. Only `reseal => true` seals them anew.

use super::alter::{self, alteration};
use super::arguments::Arguments;
use super::erasable::Erasable;
use super::feature::FEATURE;
use super::layout::Layout;
use super::triggers::Chain;
use super::{backfill, partitions, pointers, prune, requirements, verify};
use crate::pg::column::Column;
use crate::pg::command;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::index::Index;
use crate::pg::oid::Oid;
use crate::pg::quote;
use crate::pg::relation::{Lock, Relation, name_of};
use crate::pg::report::{Class, Error, Result, notice, notice_with_hint, number};
use crate::pg::spi::{self, Session};
use crate::table::columns::Columns;
use crate::table::faults::Faults;
use crate::table::{self, journal, makers, topology};

sql_function! {
    /// `add_chain(regclass, name[], name, name, name, name, name[], name[], text, boolean, name[]) → bigint`
    veritable_add_chain = add_chain
}
sql_function! {
    /// `drop_chain(regclass) → void`
    veritable_drop_chain = drop_chain
}

fn add_chain(call: &Call) -> Result<Answer> {
    let target = call.oid(0).ok_or_else(|| Error::null_argument("target"))?;
    let column = |position, name| call.name(position).ok_or_else(|| Error::null_argument(name));
    let mut arguments = Arguments {
        entity: call.names(1)?,
        seq: column(2, "seq")?,
        previous: column(3, "previous")?,
        hash: column(4, "hash")?,
        recorded: call.name(5),
        exclude: call.names(6)?,
        erasable: call.names(10)?.into_iter().map(Erasable::new).collect::<Result<_>>()?,
        identity: call.text(8)?.map(str::to_string),
        founded: None,
        log: None,
    };
    let mut order_by = call.names(7)?;
    if order_by.is_empty() {
        order_by.extend(arguments.recorded.clone());
    }
    let reseals = call.boolean(9).unwrap_or(false);
    arguments.check()?;
    let sealed = spi::connect(|session| {
        let _own = command::own_commands();
        let (about, former, is_previous_required) = {
            let table = open_table(target)?;
            arguments.identity.get_or_insert_with(|| table.stable_name());
            let columns = Columns::of(&table);
            let erasable = arguments.erasable.iter().map(|column| &column.value);
            arguments
                .exclude
                .iter()
                .chain(&order_by)
                .chain(erasable)
                .try_for_each(|name| columns.find(name).map(|_| ()))?;
            check_partition(&table, &arguments)?;
            let is_required = columns.find(&arguments.previous).is_ok_and(|previous| previous.not_null);
            (table.stable_name(), backfill::sealed_columns(&table, &arguments), is_required)
        };
        check_distribution(session, target, &arguments)?;
        let was_sealed = backfill::has_values(session, target, &former)?;
        if !was_sealed && !reseals {
            refuse_values(session, target, &arguments)?;
        }
        add_columns(session, target, &arguments)?;
        let layout = {
            let table = Relation::open(target, Lock::Held)?;
            requirements::check(&table, &arguments)?;
            Layout::of(&table, &arguments)?
        };
        let is_kept = was_sealed && !reseals;
        if is_kept {
            arguments.founded = alter::founded_before_drop(session, &about, &arguments)?;
        }
        let sealed = if is_kept { 0 } else { backfill::seal(session, target, &layout, &arguments, &order_by)? };
        if reseals || sealed > 0 {
            prune::begin_anew(session, &Relation::open(target, Lock::Held)?, &arguments)?;
        }
        let table = Relation::open(target, Lock::Held)?.qualified_name();
        add_triggers(session, &table, &arguments)?;
        FEATURE.check_others(&Relation::open(target, Lock::Held)?)?;
        partitions::guard(session, &topology::below(session, target)?)?;
        if is_kept {
            check_sealed(&Relation::open(target, Lock::Held)?)?;
        } else if is_previous_required {
            notice_with_hint(
                format!(
                    "the first event of an entity has a \"{}\", too: the hash of the chain's configuration",
                    arguments.previous
                ),
                "Leave the column out of an INSERT, or take the hash from veritable.chains.genesis.",
            );
        }
        for column in [&arguments.seq, &arguments.hash] {
            session
                .run(&format!("ALTER TABLE {table} ALTER COLUMN {} SET NOT NULL", quote::identifier(column)), &[])?;
        }
        add_index(session, target, &layout, &arguments)?;
        let action = if was_sealed && reseals { "reseal" } else { "add_chain" };
        journal::record(session, &about, action, None, Some(&alteration(&arguments)?))?;
        Ok(sealed)
    })?;
    Ok(Answer::from(sealed as i64))
}

fn drop_chain(call: &Call) -> Result<Answer> {
    let target = call.oid(0).ok_or_else(|| Error::null_argument("target"))?;
    let (table, about, detail, triggers) = {
        let relation = Relation::open_owned(target, Lock::AccessExclusive)?;
        let triggers = FEATURE.triggers(&relation)?;
        if triggers.is_empty() {
            return Err(FEATURE.missing(&relation.name()));
        }
        FEATURE.refuse_partition(&relation, |root| format!("SELECT drop_chain({root});"))?;
        check_has_no_log(&relation)?;
        // Triggers whose arguments cannot be read can be dropped, too.
        let chain = Chain::of(&relation).ok().flatten();
        let detail = chain.and_then(|chain| alteration(&chain.arguments).ok());
        (relation.qualified_name(), relation.stable_name(), detail, triggers)
    };
    spi::connect(|session| {
        let _own = command::own_commands();
        makers::refuse(session, target, &name_of(target), "end the chain of")?;
        // The journal's own chain has to seal the entry about its end.
        journal::record(session, &about, "drop_chain", None, detail.as_deref())?;
        table::triggers::drop(session, &table, triggers.into_iter().map(|trigger| trigger.name))?;
        pointers::forget(session, &[target])?;
        partitions::unguard(session, &topology::below(session, target)?)
    })?;
    Ok(Answer::VOID)
}

/// Refuses to end the chain of a log: its position would become a column like any other, which lines contain.
fn check_has_no_log(relation: &Relation) -> Result<()> {
    match Chain::of(relation) {
        Ok(Some(chain)) if chain.arguments.log.is_some() => Err(Error::new(
            Class::State,
            format!("cannot end the chain of table \"{}\", which has a log", relation.name()),
        )
        .hint(format!("SELECT drop_log({});", relation.literal()))),
        _ => Ok(()),
    }
}

/// Refuses to keep rows that are not the chain of this configuration.
fn check_sealed(table: &Relation) -> Result<()> {
    let mut faults = Faults::first();
    verify::verify(table, &mut faults)?;
    if faults.count() == 0 {
        let (events, chains) = (number(faults.rows, "event"), number(faults.groups, "chain"));
        notice(format!("table \"{}\" is sealed already: {events} in {chains} verified and kept", table.name()));
        return Ok(());
    }
    Err(Error::new(Class::State, format!("rows of table \"{}\" have values in the columns of the chain, and do not verify", table.name()))
        .detail(faults.sentences(table.is_readable()))
        .hint("Give the configuration of the former chain, and its identity if the table had another name; or use add_chain(…, reseal => true) to seal all rows anew, as they are now."))
}

/// Refuses a partition that lacks columns of the chain: only the partitioned table can get them.
fn check_partition(table: &Relation, arguments: &Arguments) -> Result<()> {
    let columns = Columns::of(table);
    let beside = arguments.erasable.iter().flat_map(|column| [&column.salt, &column.commitment]);
    let mut own = [&arguments.seq, &arguments.previous, &arguments.hash].into_iter().chain(beside);
    let is_complete = own.all(|name| columns.find(name).is_ok());
    let Some(&root) = table.ancestors().last().filter(|_| !is_complete) else { return Ok(()) };
    let root = Relation::open(root, Lock::AccessShare)?;
    Err(Error::new(Class::WrongObject, format!("\"{}\" is a partition of table \"{}\"", table.name(), root.name()))
        .detail("Columns cannot be added to a partition alone.")
        .hint(format!("SELECT add_chain({}, …);", root.literal())))
}

fn open_table(target: Oid) -> Result<Relation> {
    let relation = FEATURE.open(target)?;
    requirements::check_kind(&relation)?;
    if Chain::of(&relation)?.is_some() {
        return Err(FEATURE.duplicate(&relation.name()));
    }
    for partition in relation.with_partitions() {
        let partition = Relation::open(partition, Lock::Held)?;
        if FEATURE.is_on(&partition)? {
            let hint = format!("SELECT drop_chain({});", partition.literal());
            return Err(FEATURE.duplicate(&partition.name()).hint(hint));
        }
    }
    Ok(relation)
}

/// Refuses columns of salts and commitments that hold something else.
fn refuse_values(session: &Session, target: Oid, arguments: &Arguments) -> Result<()> {
    let present = Relation::open(target, Lock::Held)?.columns();
    let beside = arguments.erasable.iter().flat_map(|column| [&column.salt, &column.commitment]);
    for name in beside.filter(|name| present.iter().any(|column| column.name == **name)) {
        if backfill::has_values(session, target, std::slice::from_ref(name))? {
            return Err(Error::new(
                Class::State,
                format!("column \"{name}\" of table \"{}\" has values already", name_of(target)),
            )
            .detail("It is to hold what belongs to an erasable column.")
            .hint("Rename the column, or set it to null."));
        }
    }
    Ok(())
}

/// Refuses distributed tables with rows: Citus keeps these rows on other servers, where this server cannot seal them.
/// Also refuses reference tables with recorded times: each copy would be sealed by its own server's clock.
fn check_distribution(session: &Session, target: Oid, arguments: &Arguments) -> Result<()> {
    let catalog = session.query("SELECT pg_catalog.to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL", &[])?;
    if catalog.rows().next().and_then(|row| row.get::<bool>(0)) != Some(true) {
        return Ok(());
    }
    let kind = session.query(
        "SELECT partmethod = 'n' FROM pg_catalog.pg_dist_partition WHERE logicalrelid = $1::pg_catalog.regclass",
        &[target.into()],
    )?;
    let refused = |message: &str, hint: &str| {
        let message = format!("{message}: table \"{}\"", name_of(target));
        Err(Error::new(Class::Unsupported, message).hint(hint))
    };
    match kind.rows().next().map(|row| row.get::<bool>(0)) {
        None => Ok(()),
        Some(Some(true)) if arguments.recorded.is_none() => Ok(()),
        Some(Some(true)) => refused(
            "each copy of a reference table would get other recorded times",
            "Leave recorded out, and have the client supply the time.",
        ),
        Some(_) => {
            if backfill::is_empty(session, target)? {
                return Ok(());
            }
            refused("rows of a distributed table cannot be sealed here", "Chain the table while it is empty.")
        }
    }
}

fn add_columns(session: &Session, target: Oid, arguments: &Arguments) -> Result<()> {
    let (table, columns) = {
        let relation = Relation::open(target, Lock::Held)?;
        (relation.qualified_name(), relation.columns())
    };
    let chain = [(&arguments.seq, "int8"), (&arguments.previous, "bytea"), (&arguments.hash, "bytea")];
    let beside = arguments.erasable.iter().flat_map(|column| [(&column.salt, "bytea"), (&column.commitment, "bytea")]);
    let missing =
        chain.into_iter().chain(beside).filter(|(name, _)| columns.iter().all(|column| column.name != **name));
    let add: Vec<_> =
        missing.map(|(name, kind)| format!("ADD COLUMN {} pg_catalog.{kind}", quote::identifier(name))).collect();
    if !add.is_empty() {
        session.run(&format!("ALTER TABLE {table} {}", add.join(", ")), &[])?;
    }
    Ok(())
}

/// Adds the index that finds the head. The index is unique wherever PostgreSQL allows it, as the last line of defence.
fn add_index(session: &Session, target: Oid, layout: &Layout, arguments: &Arguments) -> Result<()> {
    let relation = Relation::open(target, Lock::Held)?;
    let partition_keys = topology::partition_keys(session, &relation.with_partitions())?;
    let unique = partitions::may_be_unique(arguments, &partition_keys);
    let entity: Vec<usize> = layout.entity.iter().map(|column| column.place).collect();
    if has_index(&relation, &entity, layout.seq, unique) {
        return Ok(());
    }
    // The index of a partitioned table has no storage; those of its partitions have to fit.
    if relation.is_partitioned() && !partitions::indexes(session, target, arguments, unique)?.is_empty() {
        let fits = |leaf: Oid| -> Result<bool> {
            let leaf = Relation::open(leaf, Lock::Held)?;
            let layout = Layout::of(&leaf, arguments)?;
            let entity: Vec<usize> = layout.entity.iter().map(|column| column.place).collect();
            Ok(has_index(&leaf, &entity, layout.seq, unique))
        };
        if relation.leaves()?.into_iter().map(fits).collect::<Result<Vec<_>>>()?.into_iter().all(|fits| fits) {
            return Ok(());
        }
    }
    let table = relation.qualified_name();
    // Sort in byte order if byte order has the same equal texts: an operating system upgrade can change a language's
    // order, and a stale index would find a wrong head or none. Partition key columns keep their own collation.
    let columns = relation.columns();
    let column = |name: &String| {
        let is_by_bytes =
            |column: &Column| column.has_language() && !(unique && partition_keys.contains(&Some(column.name.clone())));
        let by_bytes = columns.iter().any(|column| column.name == *name && is_by_bytes(column));
        format!("{}{}", quote::identifier(name), if by_bytes { " COLLATE pg_catalog.\"C\"" } else { "" })
    };
    let list = arguments.entity.iter().chain([&arguments.seq]).map(column).collect::<Vec<_>>().join(", ");
    drop(relation);
    session.run(&format!("CREATE {}INDEX ON {table} ({list})", if unique { "UNIQUE " } else { "" }), &[])?;
    Ok(())
}

/// Whether the table has an index on exactly these columns that finds the newest event.
fn has_index(table: &Relation, entity: &[usize], seq: usize, unique: bool) -> bool {
    let fits = |index: &Index| index.columns.len() == entity.len() + 1 && index.finds_last(table, entity, seq);
    table.indexes().iter().any(|index| index.unique == unique && fits(index))
}

fn add_triggers(session: &Session, table: &str, arguments: &Arguments) -> Result<()> {
    let arguments = arguments.render();
    FEATURE.parts.iter().try_for_each(|part| part.create(session, &FEATURE, table, part.name, &arguments))
}
