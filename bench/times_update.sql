\set id random(1, :rows)
UPDATE orders SET price = price + 1 WHERE id = :id;
