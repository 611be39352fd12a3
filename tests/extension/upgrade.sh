#!/usr/bin/env bash
# upgrade.sh OLD_PG_CONFIG NEW_PG_CONFIG: fills a cluster of the old version, moves it to the new one with pg_upgrade, and
# prints the faults that verification finds before and after. As root, the servers run as postgres.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
old=$("$1" --bindir) new=$("$2" --bindir)
folder=$(mktemp -d /tmp/veritable-upgrade.XXXXXX)
as_server() { if ((EUID == 0)); then runuser -u postgres -- "$@"; else "$@"; fi; }
finish() {
  as_server "$new/pg_ctl" -D "$folder/new" -m immediate stop >/dev/null 2>&1 || true
  as_server "$old/pg_ctl" -D "$folder/old" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$folder"
}
trap finish EXIT
((EUID != 0)) || chown postgres "$folder"
cp "$here/upgrade.sql" "$folder/upgrade.sql"
cd "$folder"
export PGHOST=$folder PGPORT=5432 PGUSER=postgres PGDATABASE=postgres
ask() { "$new/psql" -XqAt -v ON_ERROR_STOP=1 "$@"; }
start() { as_server "$1/pg_ctl" -D "$folder/$2" -l "$folder/$2.log" -o "-k $folder -c listen_addresses='' -p 5432" -w start >/dev/null; }

# Checksums became the default of version 18.
checksums=()
help=$("$new/initdb" --help)
[[ $help != *--no-data-checksums* ]] || checksums=(--no-data-checksums)
as_server "$old/initdb" -D "$folder/old" -U postgres -A trust -E UTF8 --no-locale --no-sync >/dev/null
as_server "$new/initdb" -D "$folder/new" -U postgres -A trust -E UTF8 --no-locale --no-sync ${checksums[@]+"${checksums[@]}"} >/dev/null
start "$old" old
ask -f upgrade.sql >"$folder/before" 2>&1 || { cat "$folder/before" >&2; exit 1; }
grep 'faults before' "$folder/before"
# PostgreSQL 15.20 notes a version of its own at each column, as an option that newer servers refuse.
for database in template1 postgres; do
  ask -d "$database" -c "UPDATE pg_attribute SET attoptions = NULL WHERE attoptions::text LIKE '%pg_attver%'"
done
as_server "$old/pg_ctl" -D "$folder/old" -w stop >/dev/null
as_server "$new/pg_upgrade" -b "$old" -B "$new" -d "$folder/old" -D "$folder/new" -U postgres -s "$folder" >"$folder/log" ||
  { cat "$folder/log" "$folder"/new/pg_upgrade_output.d/*/log/*.log >&2; exit 1; }
start "$new" new
ask -c "INSERT INTO ledger (id, note) VALUES (1, 'after')" -c "INSERT INTO part (id, day) VALUES (1, '2026-03-01')" \
  -c "ALTER TABLE ledger RENAME COLUMN viewed TO looked" -c "INSERT INTO account VALUES (1, 0)"
ask -c "SELECT 'consumed: ' || count(*) FROM consume(NULL::account, 'billing')" \
  -c "SELECT 'read: ' || count(DISTINCT position) FROM read_events(NULL::account)"
ask -c "SELECT 'log faults: ' || count(*) FROM verify_log('account', (SELECT note FROM kept))" 2>&1
ask -c "SELECT 'grown: ' || (length(checkpoint('account')) > 0)" \
  -c "SELECT 'later log faults: ' || count(*) FROM verify_log('account')" 2>&1
ask -c "SELECT 'as of: ' || count(*) FROM ledger_as_of(199)" -c "SELECT 'as of one: ' || note FROM ledger_as_of(1, valid_at => 5)"
ask -c "SELECT 'faults after: ' || count(*) FROM verify_all(indexes => true)" 2>&1
