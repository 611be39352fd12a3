//! The shortest program that shows a fault.

use std::time::{Duration, Instant};

use crate::program::Statement;
use crate::run::{Fault, World};

/// Leaves out statements for as long as the same fault shows, in halves, quarters, and one by one.
pub fn shrink(world: &World, statements: &[Statement], fault: &Fault, time: Duration) -> Vec<Statement> {
    let start = Instant::now();
    let shows = |statements: &[Statement]| {
        let database = world.database("shrinking");
        let shows = world.repeats(statements, &fault.kind, &database);
        world.remove(database);
        shows
    };
    let mut kept = statements.to_vec();
    // What failed, or was rolled back, mostly did nothing.
    let mut length = kept.len().div_ceil(2);
    loop {
        let mut place = 0;
        while place < kept.len() && start.elapsed() < time {
            let end = (place + length).min(kept.len());
            let rest = [&kept[..place], &kept[end..]].concat();
            if shows(&rest) {
                kept = rest;
            } else {
                place = end;
            }
        }
        if length == 1 || start.elapsed() >= time {
            return kept;
        }
        length = length.div_ceil(2);
    }
}

/// A program to paste into psql, in a database that setup.sql and world.sql have prepared.
pub fn script(statements: &[Statement]) -> String {
    let mut script = String::new();
    let mut role = "";
    for statement in statements {
        if statement.role != role {
            role = statement.role;
            script += &format!("SET SESSION AUTHORIZATION {role};\n");
        }
        script += &format!("{};\n", statement.sql);
    }
    script
}
