-- The guarded tables that a command has touched. $1: our trigger functions; $2: relations that the command names, $3:
-- relations that it has reached otherwise; $4 and $5: triggers and rules, likewise; $6: types. An index stands for its
-- table, a sequence for the table of the column that it belongs to, a table also for all tables below it, for the tables that it inherits from, and for those whose triggers name it.
-- A type, such as a table's row type, stands for its users, as far as each user's owner has the privileges of the owner of
-- the used object. Tables of other owners are neither judged nor searched.
WITH RECURSIVE
named (relation, addressed) AS (
    SELECT relation, true FROM pg_catalog.unnest($2) AS relation
    UNION ALL
    SELECT relation, false FROM pg_catalog.unnest($3) AS relation
    UNION ALL
    SELECT t.tgrelid, t.oid = ANY ($4) FROM pg_catalog.pg_trigger t WHERE t.oid = ANY ($4 || $5)
    UNION ALL
    SELECT r.ev_class, r.oid = ANY ($4) FROM pg_catalog.pg_rewrite r WHERE r.oid = ANY ($4 || $5)
),
tree (relation, addressed, named) AS (
    SELECT COALESCE(i.indrelid, s.refobjid, n.relation), n.addressed, n.addressed
    FROM named n
    LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = n.relation
    LEFT JOIN LATERAL (
        SELECT d.refobjid
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_depend d
          ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.objsubid = 0
         AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype = 'a'
        WHERE c.oid = n.relation AND c.relkind = 'S'
        OFFSET 0
    ) AS s ON true
    UNION
    -- OFFSET stops the planner from reading all of a catalog that was small at planning.
    SELECT i.inhrelid, tree.addressed, false
    FROM tree
    CROSS JOIN LATERAL (
        SELECT inhrelid FROM pg_catalog.pg_inherits WHERE inhparent = tree.relation OFFSET 0
    ) AS i
),
types (type, owner) AS (
    SELECT y.oid, y.typowner
    FROM tree
    JOIN pg_catalog.pg_class c ON c.oid = tree.relation
    JOIN pg_catalog.pg_type y ON y.oid = c.reltype
    UNION
    SELECT y.oid, y.typowner FROM pg_catalog.pg_type y WHERE y.oid = ANY ($6)
    UNION
    SELECT y.oid, y.typowner
    FROM types t
    JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.refobjid = t.type
    LEFT JOIN pg_catalog.pg_class c ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid = d.objid
    JOIN pg_catalog.pg_type y
      ON y.oid = CASE d.classid WHEN 'pg_catalog.pg_type'::pg_catalog.regclass THEN d.objid ELSE c.reltype END
    WHERE pg_catalog.pg_has_role(y.typowner, t.owner, 'USAGE')
),
touched (relation, addressed, related, named, refers) AS (
    SELECT relation, addressed, true, named, false FROM tree
    UNION ALL
    SELECT i.inhparent, false, true, false, false
    FROM pg_catalog.pg_inherits i
    JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
    WHERE i.inhrelid = ANY ($2) AND NOT c.relispartition
    UNION ALL
    -- The tables whose triggers name the table. What d.classid is follows from the rest; as a condition, it would tempt the
    -- planner to another index.
    SELECT g.tgrelid, false, false, false, true
    FROM tree
    CROSS JOIN LATERAL (
        SELECT n.tgrelid
        FROM pg_catalog.pg_depend d
        JOIN pg_catalog.pg_trigger n ON n.oid = d.objid
        WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = tree.relation
          AND n.tgconstrrelid = tree.relation AND n.tgfoid = ANY ($1)
        OFFSET 0
    ) AS g
    UNION ALL
    SELECT d.objid, false, false, false, false
    FROM types t
    JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.refobjid = t.type
    JOIN pg_catalog.pg_class c ON c.oid = d.objid
    WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND pg_catalog.pg_has_role(c.relowner, t.owner, 'USAGE')
)
SELECT t.relation, c.relowner, pg_catalog.bool_or(t.addressed), pg_catalog.bool_or(t.related),
       pg_catalog.bool_or(t.named), pg_catalog.bool_and(t.refers), pg_catalog.array_agg(DISTINCT g.tgfoid)
FROM touched t
JOIN pg_catalog.pg_class c ON c.oid = t.relation
CROSS JOIN LATERAL (SELECT tgfoid FROM pg_catalog.pg_trigger WHERE tgrelid = t.relation AND tgfoid = ANY ($1) OFFSET 0) AS g
GROUP BY t.relation, c.relowner
