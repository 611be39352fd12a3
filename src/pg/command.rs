//! Commands (DDL), as event triggers see them.

use std::cell::Cell;
use std::marker::PhantomData;

use pgrx::pg_sys;

use super::defining;
use super::function::Call;
use super::list::members;
use super::report::{Class, Error, Result};
use super::spi::{Fetched, Kept, Session};
use super::text::string;

thread_local! {
    static OWN: Cell<bool> = const { Cell::new(false) };
}

/// A mark that the commands of our own sessions are part of one of ours, as long as the value lives: the event triggers let such
/// commands pass, and no others. Functions of roles can run meanwhile, and what they command is judged.
pub struct OwnCommands {
    before: bool,
}

/// Begins commands of the extension.
pub fn own_commands() -> OwnCommands {
    OwnCommands { before: OWN.replace(true) }
}

impl Drop for OwnCommands {
    fn drop(&mut self) {
        OWN.set(self.before);
    }
}

/// The command that fired an event trigger.
pub struct Command<'call> {
    tag: pg_sys::CommandTag::Type,
    tree: *mut pg_sys::Node,
    marker: PhantomData<&'call ()>,
}

impl<'call> Call<'call> {
    /// The command that fired the event trigger whose function was called.
    pub fn command(&self) -> Result<Command<'call>> {
        // SAFETY: the context of a call is NULL or a node, which begins with its tag.
        unsafe {
            let data = (*self.info()).context;
            if data.is_null() || (*data).type_ != pg_sys::NodeTag::T_EventTriggerData {
                return Err(self.not_called_by("event trigger manager", Class::EventTriggerProtocol));
            }
            let data = data.cast::<pg_sys::EventTriggerData>();
            Ok(Command { tag: (*data).tag, tree: (*data).parsetree, marker: PhantomData })
        }
    }
}

impl Command<'_> {
    /// Whether the command, which begins, is one of the extension's.
    pub fn begins_as_own(&self) -> bool {
        OWN.get() && defining::begins(self.identity())
    }

    /// Whether the command is one of the extension's.
    pub fn is_own(&self) -> bool {
        OWN.get() && defining::runs(self.identity())
    }

    /// The command's address, which tells it from other running commands: the same from its start to its end.
    pub fn identity(&self) -> usize {
        self.tree.addr()
    }

    /// The command tag, such as `ALTER TABLE`.
    pub fn tag(&self) -> String {
        // SAFETY: takes any tag, and answers a constant string.
        unsafe { string(pg_sys::GetCommandTagName(self.tag)) }
    }

    /// The command as the client sent it, without other commands of the same string. If a function runs the command, what
    /// the client sent to call the function. `None` if no client sent anything.
    pub fn text(&self) -> Option<String> {
        // SAFETY: variables of the backend. An active portal has a source text, as long as it runs, and a list of planned
        // statements.
        unsafe {
            let portal = pg_sys::ActivePortal;
            if portal.is_null() || (*portal).sourceText.is_null() {
                let sent = pg_sys::debug_query_string;
                return (!sent.is_null()).then(|| string(sent));
            }
            let text = string((*portal).sourceText);
            let statements = members::<pg_sys::PlannedStmt>((*portal).stmts);
            // The statement of a portal that has one is this command, a copy of it, or what has called it.
            let is_this =
                |planned: &&*mut pg_sys::PlannedStmt| statements.len() == 1 || (***planned).utilityStmt == self.tree;
            let Some(planned) = statements.iter().find(is_this) else { return Some(text) };
            let start = usize::try_from((**planned).stmt_location).unwrap_or(0);
            let length = usize::try_from((**planned).stmt_len).ok().filter(|length| *length > 0);
            let end = length.map_or(text.len(), |length| start.saturating_add(length));
            Some(text.get(start..end).map_or(text.clone(), str::to_string))
        }
    }

    /// Whether the command is a `DROP … CASCADE`.
    pub fn cascades(&self) -> bool {
        // SAFETY: a parse tree is NULL or a node, and its tag says which.
        let behavior = unsafe {
            if self.tree.is_null() {
                return false;
            }
            match (*self.tree).type_ {
                pg_sys::NodeTag::T_DropStmt => (*self.tree.cast::<pg_sys::DropStmt>()).behavior,
                pg_sys::NodeTag::T_DropOwnedStmt => (*self.tree.cast::<pg_sys::DropOwnedStmt>()).behavior,
                _ => return false,
            }
        };
        behavior == pg_sys::DropBehavior::DROP_CASCADE
    }

    /// The indexes that `DROP INDEX CONCURRENTLY` names, by the caller's search path, without those that do not exist.
    pub fn indexes_dropped_concurrently(&self) -> Vec<pg_sys::Oid> {
        // SAFETY: a parse tree is NULL or a node, and its tag says which. The objects of a DROP of relations are lists
        // of names.
        unsafe {
            if self.tree.is_null() || (*self.tree).type_ != pg_sys::NodeTag::T_DropStmt {
                return Vec::new();
            }
            let drop = &*self.tree.cast::<pg_sys::DropStmt>();
            if !drop.concurrent || drop.removeType != pg_sys::ObjectType::OBJECT_INDEX {
                return Vec::new();
            }
            let named = members::<pg_sys::List>(drop.objects).into_iter();
            let named = named.map(|names| pg_sys::makeRangeVarFromNameList(names));
            named.filter_map(|name| find(name)).collect()
        }
    }

    /// The tables that `DROP TABLE` names, by the caller's search path, without those that do not exist.
    pub fn dropped_tables(&self) -> Vec<pg_sys::Oid> {
        // SAFETY: a parse tree is NULL or a node, and its tag says which. The objects of a DROP of relations are lists
        // of names.
        unsafe {
            if self.tree.is_null() || (*self.tree).type_ != pg_sys::NodeTag::T_DropStmt {
                return Vec::new();
            }
            let drop = &*self.tree.cast::<pg_sys::DropStmt>();
            if drop.removeType != pg_sys::ObjectType::OBJECT_TABLE {
                return Vec::new();
            }
            let named = members::<pg_sys::List>(drop.objects).into_iter();
            let named = named.map(|names| pg_sys::makeRangeVarFromNameList(names));
            named.filter_map(|name| find(name)).collect()
        }
    }

    /// The columns whose values `ALTER TABLE … ALTER COLUMN … TYPE … USING …` computes, in the table and in those that inherit them.
    pub fn computed_columns(&self) -> Vec<String> {
        // SAFETY: a parse tree is NULL or a node, and its tag says which. The commands of an ALTER TABLE are such nodes, and
        // those for a type have a definition of a column, with the expression.
        unsafe {
            if self.tree.is_null() || (*self.tree).type_ != pg_sys::NodeTag::T_AlterTableStmt {
                return Vec::new();
            }
            let commands = members::<pg_sys::AlterTableCmd>((*self.tree.cast::<pg_sys::AlterTableStmt>()).cmds);
            let computes = |command: &&*mut pg_sys::AlterTableCmd| {
                (***command).subtype == pg_sys::AlterTableType::AT_AlterColumnType
                    && !(*(***command).def.cast::<pg_sys::ColumnDef>()).raw_default.is_null()
            };
            commands.iter().filter(computes).map(|command| string((**command).name)).collect()
        }
    }

    /// Whether the command enables or disables triggers: `ALTER TABLE … DISABLE TRIGGER`, and its like.
    pub fn switches_triggers(&self) -> bool {
        use pg_sys::AlterTableType as Type;
        const KINDS: [Type::Type; 8] = [
            Type::AT_EnableTrig,
            Type::AT_EnableAlwaysTrig,
            Type::AT_EnableReplicaTrig,
            Type::AT_DisableTrig,
            Type::AT_EnableTrigAll,
            Type::AT_DisableTrigAll,
            Type::AT_EnableTrigUser,
            Type::AT_DisableTrigUser,
        ];
        // SAFETY: a parse tree is NULL or a node, and its tag says which. The commands of an ALTER TABLE are such nodes.
        unsafe {
            if self.tree.is_null() || (*self.tree).type_ != pg_sys::NodeTag::T_AlterTableStmt {
                return false;
            }
            let commands = members::<pg_sys::AlterTableCmd>((*self.tree.cast::<pg_sys::AlterTableStmt>()).cmds);
            commands.iter().any(|command| KINDS.contains(&(**command).subtype))
        }
    }

    /// The sequence that `ALTER SEQUENCE` names, by the caller's search path, if it exists.
    pub fn altered_sequence(&self) -> Option<pg_sys::Oid> {
        // SAFETY: a parse tree is NULL or a node, and its tag says which.
        unsafe {
            if self.tree.is_null() || (*self.tree).type_ != pg_sys::NodeTag::T_AlterSeqStmt {
                return None;
            }
            find((*self.tree.cast::<pg_sys::AlterSeqStmt>()).sequence)
        }
    }

    /// The table and its partition that `ALTER TABLE … DETACH PARTITION … CONCURRENTLY` names.
    pub fn detached_concurrently(&self) -> Option<(pg_sys::Oid, pg_sys::Oid)> {
        self.of_partition(pg_sys::AlterTableType::AT_DetachPartition, true)
    }

    /// The table and its partition that `ALTER TABLE … DETACH PARTITION` names, plain or with FINALIZE.
    pub fn detached_at_once(&self) -> Option<(pg_sys::Oid, pg_sys::Oid)> {
        let plain = self.of_partition(pg_sys::AlterTableType::AT_DetachPartition, false);
        plain.or_else(|| self.of_partition(pg_sys::AlterTableType::AT_DetachPartitionFinalize, false))
    }

    /// Whether the command is `ALTER TABLE … DETACH PARTITION … FINALIZE`.
    pub fn finalizes(&self) -> bool {
        self.of_partition(pg_sys::AlterTableType::AT_DetachPartitionFinalize, false).is_some()
    }

    /// The table and its new partition that `ALTER TABLE … ATTACH PARTITION` names.
    pub fn attached(&self) -> Option<(pg_sys::Oid, pg_sys::Oid)> {
        self.of_partition(pg_sys::AlterTableType::AT_AttachPartition, false)
    }

    /// The table above, and the columns of the partition key (`None` for an expression), of a `CREATE TABLE … PARTITION OF …
    /// PARTITION BY`.
    pub fn created_subpartitioned(&self) -> Option<(pg_sys::Oid, Vec<Option<String>>)> {
        // SAFETY: a parse tree is NULL or a node, and its tag says which. A partition has one parent, and the elements of a
        // partition key are such nodes, whose name is NULL for an expression.
        unsafe {
            if self.tree.is_null() || (*self.tree).type_ != pg_sys::NodeTag::T_CreateStmt {
                return None;
            }
            let create = &*self.tree.cast::<pg_sys::CreateStmt>();
            if create.partbound.is_null() || create.partspec.is_null() {
                return None;
            }
            let parent = members::<pg_sys::RangeVar>(create.inhRelations).into_iter().next()?;
            let name = |element: *mut pg_sys::PartitionElem| {
                let name = (*element).name;
                (!name.is_null()).then(|| string(name))
            };
            Some((find(parent)?, members((*create.partspec).partParams).into_iter().map(name).collect()))
        }
    }

    fn of_partition(
        &self,
        subtype: pg_sys::AlterTableType::Type,
        concurrent: bool,
    ) -> Option<(pg_sys::Oid, pg_sys::Oid)> {
        // SAFETY: a parse tree is NULL or a node, and its tag says which. The commands of an ALTER TABLE are such
        // nodes, and those for partitions have a definition of their own.
        unsafe {
            if self.tree.is_null() || (*self.tree).type_ != pg_sys::NodeTag::T_AlterTableStmt {
                return None;
            }
            let alter = &*self.tree.cast::<pg_sys::AlterTableStmt>();
            let is_meant =
                |command: &*mut std::ffi::c_void| (*command.cast::<pg_sys::AlterTableCmd>()).subtype == subtype;
            let command = members(alter.cmds).into_iter().find(is_meant)?.cast::<pg_sys::AlterTableCmd>();
            let partition = &*(*command).def.cast::<pg_sys::PartitionCmd>();
            if partition.concurrent != concurrent {
                return None;
            }
            Some((find(alter.relation)?, find(partition.name)?))
        }
    }
}

/// The relation with this name, without a lock.
///
/// # Safety
/// `name` is a `RangeVar`.
unsafe fn find(name: *const pg_sys::RangeVar) -> Option<pg_sys::Oid> {
    // SAFETY: by the contract of this function; there is no callback.
    let oid = unsafe {
        pg_sys::RangeVarGetRelidExtended(
            name,
            pg_sys::NoLock as i32,
            pg_sys::RVROption::RVR_MISSING_OK,
            None,
            std::ptr::null_mut(),
        )
    };
    (oid != pg_sys::InvalidOid).then_some(oid)
}

/// An object that a command created, altered or dropped, as `pg_depend` names objects.
pub struct Object {
    /// The catalog.
    pub class: pg_sys::Oid,
    /// The oid of the object in the catalog.
    pub id: pg_sys::Oid,
    /// The number of a column, or zero for the whole object.
    pub column: i32,
    /// Whether the command named the object, instead of reaching it by `CASCADE`.
    pub named: bool,
    /// The kind and the name of the object: `table public.t`.
    pub name: String,
}

thread_local! {
    static OBJECTS: Kept = Kept::new(
        // GRANT and REVOKE do not report their objects.
        "SELECT classid, objid, objsubid, true, pg_catalog.concat_ws(' ', object_type, object_identity)
         FROM pg_catalog.pg_event_trigger_ddl_commands()
         WHERE objid IS NOT NULL"
            .to_string(),
    );
    static DROPPED: Kept = Kept::new(
        "SELECT classid, objid, objsubid, original, pg_catalog.concat_ws(' ', object_type, object_identity)
         FROM pg_catalog.pg_event_trigger_dropped_objects()
         WHERE classid IN ('pg_catalog.pg_class'::pg_catalog.regclass, 'pg_catalog.pg_trigger'::pg_catalog.regclass)
           AND schema_name IS DISTINCT FROM 'pg_toast'"
            .to_string(),
    );
}

/// The objects that the command has created or altered, at the command's end.
pub fn objects(session: &Session) -> Result<Vec<Object>> {
    OBJECTS.with(|objects| read(session, objects))
}

/// The tables, indexes, columns and triggers that the command has dropped, as far as it has dropped any.
pub fn dropped_objects(session: &Session) -> Result<Vec<Object>> {
    DROPPED.with(|dropped| read(session, dropped))
}

thread_local! {
    static REWRITTEN: Kept = Kept::new(
        // Of the reasons to rewrite a table, these compute values: a default (2), and another type or expression (4).
        "SELECT pg_catalog.pg_event_trigger_table_rewrite_oid(),
                pg_catalog.pg_event_trigger_table_rewrite_reason() & 6 <> 0"
            .to_string(),
    );
}

/// A table that a command is about to rewrite.
#[derive(Clone, Copy, Debug)]
pub struct Rewritten {
    /// The table.
    pub table: pg_sys::Oid,
    /// Whether the command computes values of the existing columns. In any case, it writes the defaults of new columns.
    pub computes: bool,
}

/// The table that the command is about to rewrite.
pub fn rewritten_table(session: &Session) -> Result<Rewritten> {
    let found = REWRITTEN.with(|rewritten| rewritten.query(session, &[]))?;
    let rewritten = |row: Fetched| Some(Rewritten { table: row.get(0)?, computes: row.get(1)? });
    found.rows().next().and_then(rewritten).ok_or_else(|| Error::damaged("the table that a command rewrites"))
}

fn read(session: &Session, sql: &Kept) -> Result<Vec<Object>> {
    let found = sql.query(session, &[])?;
    let object = |row: Fetched| {
        let (class, id, column) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Some(Object { class, id, column, named: row.get(3)?, name: row.get(4)? })
    };
    found.rows().map(|row| object(row).ok_or_else(|| Error::damaged("the objects of a command"))).collect()
}
