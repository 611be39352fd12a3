-- The document is a parameter, as a program would send it.
INSERT INTO events (type, payload) VALUES ('order.created', :document);
