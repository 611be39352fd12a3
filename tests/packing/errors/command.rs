//! Commands that would silently break a packing.

use super::*;

#[test]
fn that_would_break_a_packing_is_refused() {
    let mut session = Database::new().owner();
    session.run(
        "CREATE TYPE mood AS ENUM ('sad', 'glad');
         CREATE TABLE t (id int NOT NULL, price int, feeling mood, since daterange, remark text);
         SELECT add_packing('t', 'since', '{id}', exclude => '{remark}')",
    );
    for (command, what, why) in [
        ("DROP TRIGGER zz_veritable_packing ON t", "drop trigger \"zz_veritable_packing\"", PACKS),
        (
            "ALTER TRIGGER aa_veritable_packing_insert ON t RENAME TO a",
            "rename trigger \"aa_veritable_packing_insert\"",
            PACKS,
        ),
        ("ALTER TABLE t DROP CONSTRAINT t_packing", "drop constraint \"t_packing\"", FINDS),
        ("ALTER TABLE t DROP price CASCADE", "drop column \"price\"", PACKED_BY),
        ("ALTER TABLE t RENAME since TO during", "rename column \"since\"", PACKED_BY),
        ("ALTER TABLE t ALTER id TYPE bigint", "change column \"id\"", PACKED_BY),
        ("ALTER TABLE t ALTER id DROP NOT NULL", "drop NOT NULL of column \"id\"", NULLS),
        ("ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'", "rename value \"sad\" of type public.mood", AS_TEXT),
    ] {
        session
            .refused(command)
            .with("55000", &format!("cannot {what} of packed table \"t\""))
            .detail(why)
            .hint("Use drop_packing() to end the packing; add_packing() can begin a new one.");
    }
    session
        .refused("CREATE TABLE child () INHERITS (t)")
        .with("0A000", "table \"child\" cannot inherit from packed table \"t\"");
    session.run("ALTER TABLE t DROP remark; ALTER TABLE t RENAME TO u; DROP TABLE u");
}

const PACKS: &str = "The trigger is part of the packing.";
const FINDS: &str = "The rows that overlap or touch a new one are found by it.";
const PACKED_BY: &str = "The table is packed by it.";
const NULLS: &str = "Rows with a null in it would escape the packing.";
const AS_TEXT: &str = "Values of the packing are compared as text.";
