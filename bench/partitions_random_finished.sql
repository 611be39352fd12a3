\set entity random(1, :entities)
\set at random(0, :last)
\set seq random(1, 9000000000000000000)
INSERT INTO parted (entity, at, payload, seq, previous_event_hash, event_hash)
VALUES (:entity, :at, 'payload 0cc175b9c0f1b6a831c399e269772661', :seq,
        '\x9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
        '\x60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752');
