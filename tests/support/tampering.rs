//! What a superuser does to the catalogs, and whether anybody says so.

use super::{Database, Session, explain};

/// Puts other arguments into all triggers of a table, past every command that would look at them.
pub fn set_arguments(session: &mut Session, table: &str, arguments: &[&str]) {
    let bytes: Vec<String> = arguments.iter().map(|text| format!("'{text}'::bytea || '\\x00'::bytea")).collect();
    let bytes = if bytes.is_empty() { "''::bytea".to_string() } else { bytes.join(" || ") };
    session.run(&format!(
        "UPDATE pg_trigger SET tgargs = {bytes}, tgnargs = {} WHERE tgrelid = '{table}'::regclass AND NOT tgisinternal",
        arguments.len()
    ));
}

/// Lets columns hold nulls, past the commands that would refuse it.
pub fn allow_nulls(session: &mut Session, table: &str) {
    session.run(&format!(
        "UPDATE pg_attribute SET attnotnull = false WHERE attrelid = '{table}'::regclass AND attnum > 0;
         DELETE FROM pg_constraint WHERE conrelid = '{table}'::regclass AND contype = 'n'"
    ));
}

/// Makes a change that no trigger of a table sees, and leaves the triggers as they were.
pub fn unguarded(session: &mut Session, table: &str, sql: &str) {
    session.run(&with_triggers_off(table, sql));
}

/// The commands that make a change which no trigger of a table sees.
pub fn with_triggers_off(table: &str, sql: &str) -> String {
    format!(
        "ALTER TABLE {table} DISABLE TRIGGER USER;
         {sql};
         DO $$ DECLARE name text; BEGIN
             FOR name IN SELECT tgname FROM pg_trigger WHERE tgrelid = '{table}'::regclass AND NOT tgisinternal LOOP
                 EXECUTE format('ALTER TABLE {table} ENABLE ALWAYS TRIGGER %I', name);
             END LOOP;
         END $$"
    )
}

/// Which of these statements neither fail nor answer with a row, each in a session of its own and undone afterwards.
pub fn silent(database: &Database, how: &str, statements: &[&str]) -> Vec<String> {
    let is_silent = |statement: &&&str| {
        let mut session = database.superuser();
        session.run("BEGIN");
        let answer = session.simple_query(statement);
        let has_row = |message: &postgres::SimpleQueryMessage| matches!(message, postgres::SimpleQueryMessage::Row(_));
        match answer {
            Ok(messages) => !messages.iter().any(has_row),
            Err(error) => {
                // Not because of what the test itself got wrong.
                let said = explain(&error);
                assert!(error.as_db_error().is_some() && !said.starts_with("42601"), "{how}: {statement}: {said}");
                false
            }
        }
    };
    statements.iter().filter(is_silent).map(|statement| format!("{how}: {statement}")).collect()
}

/// A command that the guard of commands does not see.
pub fn past_the_guard(command: &str) -> String {
    format!(
        "ALTER EVENT TRIGGER veritable_after_ddl DISABLE; {command}; ALTER EVENT TRIGGER veritable_after_ddl ENABLE"
    )
}
