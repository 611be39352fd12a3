//! Triggers that somebody made by hand.

use super::*;

#[test]
fn the_trigger_functions_are_for_triggers_alone() {
    let mut session = Database::new().owner();
    for function in ["pack", "pack_early"] {
        session
            .refused(&format!("SELECT veritable.{function}()"))
            .with("39P01", &format!("function \"{function}\" was not called by trigger manager"));
    }
}

#[test]
fn triggers_by_hand_must_fire_when_they_are_meant_to() {
    let early = "veritable.pack_early() must be fired BEFORE INSERT FOR EACH ROW";
    let pack = "veritable.pack() must be fired AFTER INSERT or AFTER UPDATE, REFERENCING NEW TABLE, FOR EACH STATEMENT";
    let row = "(1, 5, NULL, '[2024-03-01,2024-04-01)')";
    let (_database, mut session) = packed();
    for (timing, function, statement, message) in [
        ("AFTER INSERT ON t FOR EACH ROW", "pack_early", format!("INSERT INTO t VALUES {row}"), early),
        ("BEFORE INSERT ON t FOR EACH STATEMENT", "pack_early", format!("INSERT INTO t VALUES {row}"), early),
        ("BEFORE DELETE ON t FOR EACH ROW", "pack_early", "DELETE FROM t".to_string(), early),
        ("AFTER INSERT ON t FOR EACH ROW", "pack", format!("INSERT INTO t VALUES {row}"), pack),
        ("AFTER INSERT ON t FOR EACH STATEMENT", "pack", format!("INSERT INTO t VALUES {row}"), pack),
        ("BEFORE INSERT ON t FOR EACH ROW", "pack", format!("INSERT INTO t VALUES {row}"), pack),
        ("AFTER DELETE ON t FOR EACH STATEMENT", "pack", "DELETE FROM t".to_string(), pack),
        ("AFTER TRUNCATE ON t FOR EACH STATEMENT", "pack", "TRUNCATE t".to_string(), pack),
    ] {
        // If it can be made at all.
        session
            .refused(&format!(
                "BEGIN; CREATE TRIGGER odd {timing}
                     EXECUTE FUNCTION veritable.{function}('period=during', 'key=id', 'value=price'); {statement}"
            ))
            .with("39P01", message);
        session.run("ROLLBACK");
    }
}

#[test]
fn triggers_by_hand_need_arguments_that_they_know() {
    let (_database, mut session) = unpacked();
    let early = "CREATE TRIGGER zz_veritable_packing BEFORE INSERT ON t FOR EACH ROW
        EXECUTE FUNCTION veritable.pack_early";
    let keys = "The arguments are key=value, with the keys period, key, value.";
    for (arguments, message) in [
        ("", "packing trigger argument \"period\" is missing"),
        ("'key=id'", "packing trigger argument \"period\" is missing"),
        ("'period'", "unrecognized packing trigger argument \"period\""),
        ("'colour=red'", "unrecognized packing trigger argument \"colour=red\""),
        ("'period=during', 'period=during'", "packing trigger argument \"period\" is given more than once"),
    ] {
        session
            .refused(&format!("BEGIN; {early}({arguments}); INSERT INTO t VALUES (1, 5)"))
            .with("22023", message)
            .hint(keys);
        session.run("ROLLBACK");
    }
    session.refused(&format!("BEGIN; {early}('period=nothing'); INSERT INTO t VALUES (1, 5)")).with_code("42703");
    session.run("ROLLBACK");
    session.refused(&format!("BEGIN; {early}('period=price'); INSERT INTO t VALUES (1, 5)")).with_code("42804");
    session.run("ROLLBACK");
    session
        .refused(&format!("BEGIN; {early}('period=during', 'key=id'); INSERT INTO t VALUES (1, 5)"))
        .with("55000", "packed table \"t\" has no exclusion constraint of its packing")
        .hint("Use drop_packing() and add_packing() to make it anew.");
}
