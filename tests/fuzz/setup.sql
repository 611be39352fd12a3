-- What the superuser prepares in the database that all programs begin with.
CREATE EXTENSION veritable CASCADE;
CREATE EXTENSION file_fdw;
CREATE EXTENSION hstore;
GRANT CREATE ON SCHEMA public TO PUBLIC;
-- Notes a function that runs as somebody whom its owner could not become. What the superuser attaches is the superuser's matter.
CREATE FUNCTION public.saw(owner name, what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF current_user <> owner AND owner <> 'postgres' AND NOT pg_has_role(owner, current_user, 'MEMBER') THEN RAISE NOTICE 'runs as another: % of % as %', what, owner, current_user; END IF;
END $$;
CREATE ACCESS METHOD another_heap TYPE TABLE HANDLER heap_tableam_handler;
CREATE FOREIGN DATA WRAPPER dummy;
CREATE SERVER nowhere FOREIGN DATA WRAPPER dummy;
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
GRANT USAGE ON FOREIGN SERVER nowhere, files TO PUBLIC;
SELECT register_schema('order', '{"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}');
SELECT register_schema('parts', '{"items": {"$ref": "veritable:///order"}, "unevaluatedItems": false}', 'BACKWARD');
SELECT register_schema('gone', 'true');
SELECT retire_schema('gone');
CREATE TABLE public.bank (id int NOT NULL, k text, v numeric);
SELECT public.add_chain('public.bank', '{id}');
INSERT INTO public.bank (id, k, v) SELECT n % 5, n, n FROM generate_series(1, 50) AS n;
CREATE TABLE public.prices (id int NOT NULL, k text, v int, period int4range);
SELECT public.add_packing('public.prices', 'period', '{id}');
INSERT INTO public.prices VALUES (1, 'x', 1, '[1,5)'), (1, 'y', 1, '[5,9)'), (2, 'x', 1, '[1,5)');
GRANT SELECT, INSERT ON public.bank, public.prices TO PUBLIC;
CREATE FOREIGN TABLE public.file (id int, k text) SERVER files OPTIONS (filename '/dev/null');
GRANT ALL ON public.file TO PUBLIC;
