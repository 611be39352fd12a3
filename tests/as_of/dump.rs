//! Dumps keep the functions, and what they are generated from.

use crate::support::Database;
use crate::support::Session;
use crate::support::dump::{restored, restored_from_custom, restored_with_jobs};

fn tables(session: &mut Session) {
    session.run(
        "CREATE SCHEMA shop;
         CREATE TABLE shop.trade (id int NOT NULL, gone int, price int, \"valid % from\" date, at timestamptz);
         ALTER TABLE shop.trade DROP COLUMN gone;
         SELECT add_chain('shop.trade', '{id}', recorded => 'at');
         SELECT add_as_of('shop.trade', valid => 'valid % from');
         INSERT INTO shop.trade VALUES (1, 10, '2024-01-01'), (1, 11, '2024-02-01'), (2, 20, '2024-01-15')",
    );
}

fn check(session: &mut Session) {
    let views = "SELECT target, function, valid FROM veritable.as_ofs ORDER BY function::text";
    let expected = [
        "shop.trade|shop.trade_as_of(date,timestamp with time zone)|valid % from",
        "shop.trade|shop.trade_as_of(integer,date,timestamp with time zone)|valid % from",
    ];
    assert_eq!(session.rows(views), expected);
    assert_eq!(
        session.rows("SELECT price FROM shop.trade_as_of(valid_at => '2024-01-20') ORDER BY price"),
        ["10", "20"]
    );
    assert_eq!(session.rows("SELECT price FROM shop.trade_as_of(1)"), ["11"]);
}

#[test]
fn a_restored_database_answers_and_its_functions_follow() {
    let database = Database::new();
    let mut session = database.superuser();
    tables(&mut session);
    check(&mut session);
    let all =
        [restored(&database, &[]), restored_from_custom(&database, &[]), restored_with_jobs(&database, "-c jit=off")];
    for restored in all {
        let mut session = restored.superuser();
        check(&mut session);
        session.run("INSERT INTO shop.trade VALUES (3, 30, '2024-01-01'); ALTER SCHEMA shop RENAME TO store");
        session.run("ALTER TABLE store.trade RENAME TO trades");
        assert_eq!(session.rows("SELECT price FROM store.trade_as_of() ORDER BY price"), ["11", "20", "30"]);
        assert_eq!(session.value("SELECT count(*) FROM verify_chain()"), "0");
    }
}
