//! Rows with few keys that are updated all the time, while others try to insert them again: no key comes twice.

use std::time::{Duration, Instant};

use crate::support::Database;

#[test]
fn keys_of_rows_that_are_updated_meanwhile_are_not_missed() {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(
        "CREATE TABLE used (id int, day int NOT NULL, n int NOT NULL) PARTITION BY LIST (day);
         CREATE TABLE used_1 PARTITION OF used FOR VALUES IN (1);
         SELECT add_dedup('used', '{id}');
         CREATE INDEX ON used (n);
         INSERT INTO used SELECT id, 1, 0 FROM generate_series(1, 3) AS id",
    );
    let until = Instant::now() + Duration::from_secs(5);
    std::thread::scope(|scope| {
        for number in 0..4 {
            let database = &database;
            scope.spawn(move || {
                let mut session = database.superuser();
                let mut count = number;
                while Instant::now() < until {
                    count += 1;
                    session.run(&if number % 2 == 0 {
                        "INSERT INTO used SELECT id, 1, 0 FROM generate_series(1, 3) AS id".to_string()
                    } else {
                        format!("UPDATE used SET n = n + 1 WHERE id = {}", 1 + count % 3)
                    });
                }
            });
        }
    });
    assert_eq!(session.rows("SELECT id FROM used ORDER BY id"), ["1", "2", "3"]);
}
