# Shared by the scripts; sourced, never run: paths, messages, and the tools that a script may rely on.
# shellcheck shell=bash

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# The cache outlives a checkout: PostgreSQL built from source, the demo's database, logs.
# The cache of root is not in root's home, which the user that runs the server may not enter.
if [[ -n ${VERITABLE_CACHE:-} ]]; then
  cache=$VERITABLE_CACHE
elif ((EUID == 0)); then
  cache=/var/cache/veritable
else
  cache=${XDG_CACHE_HOME:-$HOME/.cache}/veritable
fi
logs=$cache/logs
[[ -d $logs ]] || (umask 022 && mkdir -p "$logs")

# A backtrace would become part of a panic's DETAIL.
unset RUST_BACKTRACE

# --- messages: progress goes to standard error, so that standard output stays for answers

if [[ -t 2 ]]; then bold=$'\e[1m' plain=$'\e[0m'; else bold='' plain=''; fi

step() { printf '%s==> %s%s\n' "$bold" "$*" "$plain" >&2; }
die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# quietly LOG COMMAND…: writes the output to a log, and shows the log's end if the command fails.
quietly() {
  local log=$logs/$1.log
  shift
  "$@" >"$log" 2>&1 </dev/null && return
  tail -n 40 "$log" >&2
  die "failed: $* (all it said: $log)"
}

# busily LOG COMMAND…: the same as quietly, but a waiting person sees cargo's progress on standard error.
busily() {
  if [[ ! -t 2 ]]; then
    quietly "$@"
    return
  fi
  local log=$logs/$1.log
  shift
  "$@" >"$log" </dev/null || die "failed: $*"
}

# --- root, and packages

as_root() { if ((EUID == 0)); then "$@"; else sudo "$@"; fi; }

# Whether the script can act as root: sudo needs no password, or a person can type the password.
can_be_root() {
  ((EUID == 0)) && return
  command -v sudo >/dev/null || return
  sudo -n true 2>/dev/null || [[ -t 0 && -t 2 ]]
}

missing_packages() {
  comm -23 <(printf '%s\n' "$@" | sort -u) \
    <(dpkg-query --show --showformat '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
      sed -n 's/^installed //p' | sort -u)
}

# Installs the missing ones of the named Debian or Ubuntu packages.
need_packages() {
  command -v apt-get >/dev/null ||
    die "this machine has no apt: provide what these packages hold, and PG_CONFIG: $*"
  local missing
  mapfile -t missing < <(missing_packages "$@")
  ((${#missing[@]})) || return 0
  can_be_root || die "root is needed to install packages; please have these installed, then try again: ${missing[*]}"
  step "installing packages: ${missing[*]}"
  quietly apt-update as_root apt-get update -qq
  quietly apt-install as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -qq --yes --no-install-recommends "${missing[@]}"
}

# --- PostgreSQL

# The majors that the extension supports, newest first.
majors=(18 17 16 15)

# Prints what the named pg_config lacks to build and test an extension; nothing if it is complete.
postgres_lacks() {
  local pg_config=$1 major
  major=$("$pg_config" --version 2>/dev/null | sed -E 's/^PostgreSQL ([0-9]+).*/\1/')
  if [[ " ${majors[*]} " != *" ${major:-none} "* ]]; then
    echo "PostgreSQL of a supported version (${majors[*]})"
  elif [[ ! -x $("$pg_config" --bindir)/initdb ]]; then
    echo "the server (postgresql-$major)"
  elif [[ ! -e $("$pg_config" --includedir-server)/postgres.h ]]; then
    echo "the server's headers (postgresql-server-dev-$major)"
  fi
}

# Sets PG_CONFIG: the caller's, or the one on the PATH, or the newest of Debian's, or one that build-postgres made.
find_postgres() {
  local candidate lacks
  if [[ -n ${PG_CONFIG:-} ]]; then
    lacks=$(postgres_lacks "$PG_CONFIG")
    [[ -z $lacks ]] || die "PG_CONFIG is $PG_CONFIG, where there is not $lacks"
  else
    for candidate in "$(type -P pg_config)" "${majors[@]/#//usr/lib/postgresql/}" "${majors[@]/#/$cache/postgresql-}"; do
      [[ -d $candidate ]] && candidate+=/bin/pg_config
      [[ -x $candidate && -z $(postgres_lacks "$candidate") ]] && PG_CONFIG=$candidate && break
    done
    [[ -n ${PG_CONFIG:-} ]] || return
  fi
  # Debian's /usr/bin/pg_config is a wrapper whose answer changes with the other installed versions.
  pg_bin=$("$PG_CONFIG" --bindir)
  [[ -x $pg_bin/pg_config ]] && PG_CONFIG=$pg_bin/pg_config
  pg_major=$("$PG_CONFIG" --version | sed -E 's/^PostgreSQL ([0-9]+).*/\1/')
  # The build script of pgrx reads the second variable: with it, pgrx looks for no settings of its own.
  export PG_CONFIG PGRX_PG_CONFIG_PATH=$PG_CONFIG
}

# --- Rust

# The pure crates, as arguments of cargo.
pure=()
for crate in "$top"/crates/*/; do pure+=(--package "veritable_$(basename "$crate")"); done

manifest_value() { sed -nE "s/^$1 = .*\"=?([0-9.]+)\".*/\1/p" "$top/Cargo.toml" | head -n 1; }
rust_needed=$(manifest_value rust-version)
PATH=${CARGO_HOME:-$HOME/.cargo}/bin:$PATH:/usr/sbin

cargo_is_recent() {
  local version
  version=$(cargo --version 2>/dev/null | cut -d ' ' -f 2) && printf '%s\n' "$rust_needed" "$version" | sort -VC
}

# A machine's default toolchain may be older than its stable toolchain, or the machine may have no default.
find_rust() {
  cargo_is_recent && return
  [[ $(rustup toolchain list 2>/dev/null) == *stable* ]] || return
  export RUSTUP_TOOLCHAIN=stable
  cargo_is_recent
}

# The start of every script that builds: a no-op once the machine is set up.
prepare() {
  "$top/scripts/setup"
  find_postgres
  find_rust
  # The features of the extension, as arguments of cargo.
  # shellcheck disable=SC2034 # for those that source this
  at_hand=(--no-default-features --features "pg$pg_major")
}
