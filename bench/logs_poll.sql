INSERT INTO polled (n) VALUES (1);
SELECT * FROM consume(NULL::polled, 'bench');
