\set entity random(1, :entities)
INSERT INTO parted (entity, at, payload) VALUES (:entity, :last, 'payload 0cc175b9c0f1b6a831c399e269772661');
