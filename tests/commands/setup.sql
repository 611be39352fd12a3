-- What the superuser prepares: the extension, the schemas of documents, and the look at what a program has left.
CREATE EXTENSION veritable CASCADE;
SELECT register_schema('order', '{"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}');
SELECT register_schema('part', '{"type": "object", "properties": {"id": {"type": ["integer", "string"]}}}', 'BACKWARD');
CREATE ACCESS METHOD another_heap TYPE TABLE HANDLER heap_tableam_handler;
CREATE SCHEMA w AUTHORIZATION alice;
CREATE SCHEMA elsewhere AUTHORIZATION alice;
CREATE SCHEMA oracle;

-- The guarantees that were seen, and for chains the hashes, since a chain whose end is cut off verifies.
CREATE TABLE oracle.held (target oid, feature text, hashes text[], PRIMARY KEY (target, feature));

CREATE FUNCTION oracle.guarantees() RETURNS TABLE (target oid, feature text, hash name) LANGUAGE sql AS $$
    SELECT target, 'chain', hash FROM veritable.chains WHERE target <> ALL ('{veritable.event_schemas,veritable.journal,veritable.prunings,veritable.erasures}'::regclass[])
    UNION ALL SELECT target, 'packing', NULL FROM veritable.packings
    UNION ALL SELECT target, 'log', NULL FROM veritable.logs WHERE target <> ALL ('{veritable.event_schemas,veritable.journal}'::regclass[])
    UNION ALL SELECT target, 'history', NULL FROM veritable.histories
    UNION ALL SELECT target, 'dedup', NULL FROM veritable.dedups
    UNION ALL SELECT target, 'validation ' || document, NULL FROM veritable.validations
$$;

-- Whether a text names a table or a partition of it, or what any table may depend on.
CREATE FUNCTION oracle.names(said text, target oid) RETURNS boolean LANGUAGE sql AS $$
    SELECT said ~ '\m(TYPE|DOMAIN|COLLATION|FUNCTION|SCHEMA|OPERATOR|EXTENSION|OWNED|CASCADE)\M' OR EXISTS (
        SELECT FROM pg_class c WHERE (c.oid = target OR c.oid IN (SELECT relid FROM pg_partition_tree(target)))
        AND said ~ ('\m' || c.relname || '\M'))
$$;

-- What does not hold of the tables that were named, or of all. Ends of guarantees are noted where they were asked for.
CREATE FUNCTION oracle.look(said text, may_end boolean) RETURNS SETOF text LANGUAGE plpgsql SET search_path = w, public AS $$
DECLARE
    g record;
    hashes_now text[];
BEGIN
    DELETE FROM oracle.held h WHERE NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = h.target);
    IF may_end THEN
        DELETE FROM oracle.held h WHERE NOT EXISTS (SELECT FROM oracle.guarantees() n WHERE n.target = h.target AND n.feature = h.feature);
    END IF;
    RETURN QUERY SELECT format('%s has lost its %s', h.target::regclass, h.feature) FROM oracle.held h
        WHERE NOT EXISTS (SELECT FROM oracle.guarantees() n WHERE n.target = h.target AND n.feature ~ ('^' || split_part(h.feature, ' ', 1)));
    FOR g IN SELECT * FROM oracle.guarantees() n WHERE said IS NULL OR oracle.names(said, n.target) ORDER BY 2, 1 LOOP
        IF g.feature = 'chain' THEN
            RETURN QUERY SELECT format('%s %s %s: %s: %s', v.target, v.entity, v.seq, v.fault, v.detail) FROM public.verify_chain(g.target) AS v
                WHERE v.detail !~ 'row.level security';
            EXECUTE format('SELECT array_agg(ltrim(%I::text, ''\x'')) FROM %s', g.hash, g.target::regclass) INTO hashes_now;
            RETURN QUERY SELECT format('%s has lost events', g.target::regclass) FROM oracle.held h
                WHERE h.target = g.target AND h.feature = 'chain' AND NOT may_end
                    AND (SELECT count(*) FROM unnest(h.hashes) AS hash WHERE hash <> ALL (coalesce(hashes_now, '{}')))
                        > (SELECT coalesce(sum((p.last - p.first + 1) * CASE WHEN p.action IN ('detach', 'delete') THEN 1 ELSE -1 END), 0)
                           FROM veritable.prunings p WHERE p.target = g.target);
        ELSIF g.feature = 'log' THEN
            -- Each event has a position that is settled, no two have the same, and an entity's are in the order of its seqs. The
            -- sequence of a replica has given none.
            RETURN QUERY EXECUTE (
                SELECT format('SELECT format(''%%s position %%s: %%s'', %1$L, position, fault) FROM (
                        SELECT %2$I AS position, CASE WHEN %2$I IS NULL THEN ''none'' WHEN %2$I > nullif(public.settled(%1$L), 0) THEN ''not settled''
                            WHEN count(*) OVER (PARTITION BY %2$I) > 1 THEN ''not alone''
                            WHEN %2$I < lag(%2$I) OVER (PARTITION BY %3$s ORDER BY %4$I) THEN ''before that of the event before'' END AS fault
                        FROM %1$s) AS e WHERE fault IS NOT NULL',
                    g.target::regclass::text, l.position, concat_ws(', ', 'true', (SELECT string_agg(quote_ident(e), ', ') FROM unnest(c.entity) AS e)), c.seq)
                FROM veritable.logs l JOIN veritable.chains c USING (target) WHERE l.target = g.target);
        ELSIF g.feature = 'dedup' THEN
            RETURN QUERY SELECT format('%s %s %s: %s: %s', v.target, v.key, v.place, v.fault, v.detail) FROM public.verify_dedup(g.target) AS v
                WHERE v.detail !~ 'row.level security';
        ELSIF g.feature = 'packing' THEN
            RETURN QUERY SELECT format('%s %s %s: %s: %s', v.target, v.key, v.period, v.fault, v.detail) FROM public.verify_packing(g.target) AS v
                WHERE v.detail !~ 'row.level security';
        ELSIF g.feature = 'history' THEN
            RETURN QUERY SELECT format('%s %s %s: %s: %s', v.target, v.key, v.seq, v.fault, v.detail) FROM public.verify_history(g.target) AS v
                WHERE v.detail !~ 'row.level security';
        ELSE
            RETURN QUERY SELECT format('%s validation: %s', g.target::regclass, v) FROM public.verify_validation(g.target) AS v
                WHERE v.detail !~ 'row.level security';
        END IF;
        INSERT INTO oracle.held VALUES (g.target, g.feature, hashes_now)
            ON CONFLICT (target, feature) DO UPDATE SET hashes = excluded.hashes;
    END LOOP;
END $$;
