//! What lies in the search path of a session changes nothing: nothing of it is called.

use crate::support::{Database, Session};

#[test]
fn what_lies_in_the_search_path_changes_nothing() {
    let database = Database::new();
    database.superuser().run("GRANT CREATE ON DATABASE test TO stranger".replace("test", &database.name).as_str());
    let mut stranger = database.connect("stranger");
    stranger.run(
        "CREATE SCHEMA trap;
         CREATE FUNCTION trap.stolen() RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE 'fell into the trap'; END $$;
         CREATE FUNCTION trap.same(int, int) RETURNS bool LANGUAGE sql RETURN trap.stolen();
         CREATE FUNCTION trap.same(bigint, int) RETURNS bool LANGUAGE sql RETURN trap.stolen();
         CREATE FUNCTION trap.same(text, text) RETURNS bool LANGUAGE sql RETURN trap.stolen();
         CREATE OPERATOR trap.= (FUNCTION = trap.same, LEFTARG = int, RIGHTARG = int);
         CREATE OPERATOR trap.> (FUNCTION = trap.same, LEFTARG = bigint, RIGHTARG = int);
         CREATE OPERATOR trap.|| (FUNCTION = trap.same, LEFTARG = text, RIGHTARG = text);
         CREATE FUNCTION trap.same(int4range, int4range) RETURNS bool LANGUAGE sql RETURN trap.stolen();
         CREATE OPERATOR trap.&& (FUNCTION = trap.same, LEFTARG = int4range, RIGHTARG = int4range);
         CREATE OPERATOR trap.-|- (FUNCTION = trap.same, LEFTARG = int4range, RIGHTARG = int4range);
         CREATE OPERATOR trap.= (FUNCTION = trap.same, LEFTARG = text, RIGHTARG = text);
         CREATE OPERATOR trap.<> (FUNCTION = trap.same, LEFTARG = text, RIGHTARG = text);
         CREATE FUNCTION trap.unnest(tid[]) RETURNS SETOF tid LANGUAGE sql RETURN trap.stolen()::text::tid;
         CREATE FUNCTION trap.jsonb_object_keys(jsonb) RETURNS text LANGUAGE sql RETURN trap.stolen()::text;
         CREATE FUNCTION trap.jsonb_typeof(jsonb) RETURNS text LANGUAGE sql RETURN trap.stolen()::text;
         CREATE FUNCTION trap.value_key(bigint, text) RETURNS text LANGUAGE sql RETURN trap.stolen()::text;
         CREATE COLLATION trap.\"C\" FROM pg_catalog.\"POSIX\";
         CREATE DOMAIN trap.tid AS pg_catalog.tid CHECK (trap.stolen());
         CREATE FUNCTION trap.count(int) RETURNS bool LANGUAGE sql RETURN trap.stolen();
         CREATE FUNCTION trap.format(text, text) RETURNS bool LANGUAGE sql RETURN trap.stolen();
         CREATE FUNCTION trap.quote_ident(name) RETURNS bool LANGUAGE sql RETURN trap.stolen();
         CREATE VIEW trap.pg_trigger AS SELECT trap.stolen();
         CREATE VIEW trap.pg_class AS SELECT trap.stolen();
         CREATE DOMAIN trap.int8 AS int CHECK (trap.stolen());
         CREATE DOMAIN trap.bytea AS pg_catalog.bytea CHECK (trap.stolen());
         CREATE DOMAIN trap.text AS pg_catalog.text CHECK (trap.stolen());
         CREATE TABLE trap.t (id int);
         GRANT USAGE ON SCHEMA trap TO PUBLIC",
    );
    check_chain_among_traps(&mut database.owner());
    check_packing_among_traps(&mut database.owner());
}

fn check_chain_among_traps(owner: &mut Session) {
    owner.run(
        "CREATE TABLE public.t (id pg_catalog.int4 NOT NULL, payload pg_catalog.text);
         INSERT INTO public.t VALUES (1, 'before');
         SET search_path = trap, public, pg_catalog;
         SELECT public.add_chain('public.t', '{id}', order_by => '{payload}');
         INSERT INTO public.t VALUES (1, 'one'), (2, 'two');
         SELECT public.chain_line(t) FROM public.t;
         ALTER TABLE public.t ADD note pg_catalog.text",
    );
    assert_eq!(owner.value("SELECT pg_catalog.count(*) FROM public.verify_chain('public.t')"), "0");
    owner.refused("UPDATE public.t SET payload = 'edited'").with_code("23001");
    owner.refused("ALTER TABLE public.t DROP payload").with_code("55000");
    owner.run("SELECT public.drop_chain('public.t')");
}

fn check_packing_among_traps(owner: &mut Session) {
    owner.run(
        "CREATE TABLE public.p (id pg_catalog.int4 NOT NULL, name pg_catalog.text NOT NULL, price pg_catalog.int8,
                                unit pg_catalog.text, period pg_catalog.int4range);
         INSERT INTO public.p VALUES (1, 'one', 1, NULL, '[1,2)'), (1, 'one', 1, NULL, '[2,3)');
         CREATE TABLE public.direct (id pg_catalog.int4 NOT NULL, name pg_catalog.text NOT NULL,
                                     period pg_catalog.int4range);
         CREATE TABLE public.bare (id pg_catalog.int4 NOT NULL, period pg_catalog.int4range);
         SET search_path = trap, public, pg_catalog;
         SELECT public.add_packing('public.p', 'period', '{id,name}');
         SELECT public.add_packing('public.direct', 'period', '{id}');
         SELECT public.add_packing('public.bare', 'period', '{id}');
         INSERT INTO public.direct VALUES (1, 'one', '[1,2)'), (1, 'one', '[2,3)');
         INSERT INTO public.bare VALUES (1, '[1,2)'), (1, '[2,3)');
         INSERT INTO public.p VALUES (1, 'one', 1, NULL, '[3,4)');
         INSERT INTO public.p SELECT 1, 'two', 1, NULL, pg_catalog.int4range(n, n OPERATOR(pg_catalog.+) 1)
             FROM pg_catalog.generate_series(1, 100) AS n;
         UPDATE public.p SET unit = 'each';
         SELECT public.set_period(NULL::public.p, '{\"id\": 1, \"name\": \"one\", \"price\": 2, \"period\": \"[2,3)\"}');
         SELECT public.update_period(NULL::public.p, '{\"id\": 1, \"name\": \"two\", \"price\": 9, \"period\": \"[3,7)\"}');
         SELECT public.update_period(NULL::public.p, '{\"id\": 1, \"name\": \"two\", \"price\": 1, \"period\": \"[3,7)\"}');
         SELECT public.clear_period(NULL::public.p, '{\"id\": 1, \"name\": \"two\", \"period\": \"[5,10)\"}');
         SELECT public.pack('public.p')",
    );
    let rows = owner.rows("SELECT * FROM public.p ORDER BY name, period");
    assert_eq!(
        rows,
        ["1|one|1|each|[1,2)", "1|one|2||[2,3)", "1|one|1|each|[3,4)", "1|two|1|each|[1,5)", "1|two|1|each|[10,101)"]
    );
    assert_eq!(owner.rows("SELECT * FROM public.direct"), ["1|one|[1,3)"]);
    assert_eq!(owner.rows("SELECT * FROM public.bare"), ["1|[1,3)"]);
    assert_eq!(owner.rows("SELECT * FROM public.verify_packing()"), [""; 0]);
    owner.refused("INSERT INTO public.p VALUES (1, 'two', 9, NULL, '[3,4)')").with_code("23P01");
    owner.refused("ALTER TABLE public.p DROP price CASCADE").with_code("55000");
    owner.run("SELECT public.drop_packing('public.p'), public.drop_packing('public.direct')");
}
