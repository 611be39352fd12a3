# The verbs. Each verb is a script that prepares what it needs and can be run on its own.
.PHONY: help setup demo psql test fuzz bench install uninstall lint

help:
	@sed -n 's/^\([a-z]*\):.*## /make \1	/p' Makefile | expand -t 16

demo: ## events chained, tampered with and caught; periods packed; documents refused: on a private cluster, in a minute
	@scripts/demo

psql: ## a shell on the demo's database
	@scripts/psql

test: ## every test, or PARTS=regress, against the PostgreSQL at hand (PG_CONFIG=… for another)
	@scripts/test $(PARTS)

fuzz: ## what no test has thought of: random programs of SQL, random commands, sqlsmith, the fuzz targets; ten minutes, or MINUTES=60
	@scripts/fuzz $(MINUTES)

bench: ## what a chain, a packing and a validation cost, against none and against doing it by hand
	@scripts/bench

install: ## build the extension and install it into the PostgreSQL at hand, or under DESTDIR
	@scripts/install --dist

uninstall: ## remove it from there
	@scripts/install --uninstall

lint: ## formatting, lints, documentation, and the rules of the house
	@scripts/lint

setup: ## what a fresh Debian or Ubuntu machine needs: packages, PostgreSQL, Rust
	@scripts/setup
