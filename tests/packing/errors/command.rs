//! Commands that would silently break a packing.

use super::*;

#[test]
fn that_would_break_a_packing_is_refused() {
    let mut session = Database::new().owner();
    session.run(
        "CREATE TYPE mood AS ENUM ('sad', 'glad');
         CREATE TABLE t (id int NOT NULL, price int, feeling mood, since daterange, remark text);
         SELECT add_packing('t', 'since', '{id}', exclude => '{remark}');
         INSERT INTO t VALUES (1, 5, 'sad', '[2026-01-01,2026-02-01)'), (1, 6, 'sad', '[2026-02-01,2026-03-01)')",
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
        ("ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'", "rename value \"sad\" of type public.mood", AS_TEXT),
    ] {
        session
            .refused(command)
            .with("55000", &format!("cannot {what} of packed table \"t\""))
            .detail(why)
            .hint("Use drop_packing() to end the packing; add_packing() can begin a new one.");
    }
    session
        .refused("ALTER TABLE t ALTER id DROP NOT NULL")
        .with("55000", "key column \"id\" must be declared NOT NULL")
        .hint("ALTER TABLE public.t ALTER COLUMN id SET NOT NULL;");
    session
        .refused("CREATE TABLE child () INHERITS (t)")
        .with("0A000", "table \"t\" inherits or has inheritance children");
    for (command, first) in [
        (
            "ALTER TABLE t ALTER price TYPE int USING 5",
            "\"unpacked\" in (1) at [2026-02-01,2026-03-01): It touches a period of the same values.",
        ),
        (
            "ALTER TABLE t ALTER since TYPE daterange USING CASE price WHEN 5 THEN since END",
            "\"empty\" in (1): The period is null.",
        ),
    ] {
        session
            .refused(command)
            .with("55000", "cannot rewrite the rows of packed table \"t\"")
            .detail(&format!("Verification finds 1 fault. The first is {first}"))
            .hint(
                "Use drop_packing() to end the packing; add_packing() can begin a new one. What verify_packing() finds \
                 now was there before this command.",
            );
    }
}

#[test]
fn that_leaves_the_rows_packed_stands() {
    let mut session = Database::new().owner();
    session.run(
        "CREATE TYPE mood AS ENUM ('sad', 'glad');
         CREATE TABLE t (id int NOT NULL, price int, feeling mood, since daterange, remark text);
         SELECT add_packing('t', 'since', '{id}', exclude => '{remark}');
         ALTER TYPE mood RENAME VALUE 'sad' TO 'blue';
         INSERT INTO t VALUES (1, 5, 'blue', '[2026-01-01,2026-02-01)'), (1, 6, 'blue', '[2026-02-01,2026-03-01)');
         ALTER TABLE t RENAME since TO during;
         ALTER TABLE t RENAME price TO cost;
         ALTER TABLE t ALTER id TYPE bigint;
         ALTER TABLE t ALTER cost TYPE int USING cost + 1;
         ALTER TABLE t DROP remark;
         ALTER TABLE t RENAME TO u;
         INSERT INTO u VALUES (1, 7, 'blue', '[2026-03-01,2026-04-01)')",
    );
    session.is_packed("2 periods in 1 key of 1 table");
    session.run("DROP TABLE u");
}

const PACKS: &str = "The trigger is part of the packing.";
const FINDS: &str = "The rows that overlap or touch a new one are found by it.";
const PACKED_BY: &str = "The table is packed by it.";
const AS_TEXT: &str = "Values of the packing are compared as text.";
