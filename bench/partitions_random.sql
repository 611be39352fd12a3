\set entity random(1, :entities)
\set at random(0, :last)
INSERT INTO parted (entity, at, payload) VALUES (:entity, :at, 'payload 0cc175b9c0f1b6a831c399e269772661');
