//! What the functions in SQL write is what the standards mean: Go's own tools verify the checkpoints and proofs, and sign.

use crate::go::Go;
use crate::support::{Database, Session};

/// A published test key, whose name is the origin of the log.
const VKEY: &str = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";
const SKEY: &str = "PRIVATE+KEY+example.com/log/testdata+33d7b496+AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg";
const ORIGIN: &str = "example.com/log/testdata";

/// Sizes around the borders of tiles and powers of two, and some between.
const SIZES: [u64; 7] = [1, 3, 8, 255, 256, 257, 700];

const LEDGER: &str = "
    CREATE TABLE ledger (account text NOT NULL, amount int);
    SELECT add_chain('ledger', '{account}');
    SELECT add_log('ledger', origin => 'example.com/log/testdata')";

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Lets the log grow to `size` events, with gaps between some of their positions.
fn grow(session: &mut Session, size: u64) {
    session.run(&format!(
        "DO $$ BEGIN
             WHILE (SELECT count(*) FROM ledger) < {size} LOOP
                 INSERT INTO ledger SELECT chr(65 + (random() * 9)::int), 1;
                 PERFORM nextval('ledger_position_seq') WHERE random() < 0.1;
             END LOOP;
         END $$"
    ));
}

/// The checkpoint, signed by Go outside of the database.
fn signed(session: &mut Session, go: &mut Go) -> String {
    let body = session.value("SELECT checkpoint('ledger')");
    let note = go.sign(&body, SKEY).expect("Go signs a checkpoint");
    let stored = session.value(&format!("SELECT add_signature('ledger', {})", quoted(&note)));
    assert_eq!(stored, note);
    note
}

fn line(note: &str, number: usize) -> &str {
    note.lines().nth(number).expect("a line")
}

#[test]
fn go_verifies_what_the_database_writes() {
    let database = Database::new();
    let (mut session, mut go) = (database.superuser(), Go::start());
    session.run(LEDGER);
    session.run(&format!("SELECT trust_key('ledger', {})", quoted(VKEY)));
    let mut before: Vec<String> = Vec::new();
    for size in SIZES {
        grow(&mut session, size);
        let note = signed(&mut session, &mut go);
        assert_eq!((line(&note, 0), line(&note, 1)), (ORIGIN, size.to_string().as_str()));
        go.note(&note, &[VKEY]).expect("Go verifies the note");
        go.note(&note.replacen(&size.to_string(), "9", 1), &[VKEY]).expect_err("another size");
        let leaves =
            session.rows("SELECT encode(sha256('\\x00' || event_hash), 'base64') FROM ledger ORDER BY position");
        let positions = session.rows("SELECT position FROM ledger ORDER BY position");
        let texts: Vec<&str> = leaves.iter().map(String::as_str).collect();
        if size > 1 {
            assert_eq!(go.root(&texts), Ok(line(&note, 2).to_string()), "size {size}");
        }
        for (index, (leaf, position)) in leaves.iter().zip(&positions).enumerate().filter(|(index, _)| index % 23 < 2) {
            let proof = session.value(&format!("SELECT inclusion_proof('ledger', {position})"));
            go.proof(&proof, ORIGIN, leaf, &[VKEY]).expect("Go verifies the proof");
            let other = &leaves[(index + 1) % leaves.len()];
            if size > 1 {
                go.proof(&proof, ORIGIN, other, &[VKEY]).expect_err("another leaf");
            }
        }
        for old in &before {
            let proof = session.value(&format!("SELECT consistency_proof('ledger', {}, {size})", line(old, 1)));
            let hashes: Vec<&str> = proof.lines().collect();
            let old_size = line(old, 1).parse().expect("a number");
            go.consistency(size, line(&note, 2), old_size, line(old, 2), &hashes).expect("Go verifies the proof");
            go.consistency(size, line(old, 2), old_size, line(&note, 2), &hashes).expect_err("the roots exchanged");
        }
        before.push(note);
    }
    for note in &before {
        assert_eq!(session.rows(&format!("SELECT * FROM verify_log('ledger', {})", quoted(note))), [""; 0]);
    }
}
