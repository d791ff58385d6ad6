# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Functions for the scripts in contrib. Source it after `set -euo pipefail`.

root_folder=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export DEBIAN_FRONTEND=noninteractive

# Colours only on a terminal.
if [ -t 1 ]; then bold=$'\e[1m' plain=$'\e[0m'; else bold='' plain=''; fi

say() { printf '%s\n' "$*"; }
elapsed() { printf '%d:%02d' $((SECONDS / 60)) $((SECONDS % 60)); }
step() { printf '\n%s==> [%s] %s%s\n' "$bold" "$(elapsed)" "$*" "$plain"; }
fail() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

need_root() {
    [ "$(id -u)" -eq 0 ] || fail "needs root: run it as sudo $0"
}

need_debian() {
    command -v apt-get > /dev/null || fail "needs Debian: apt-get not found"
}

# wait_for SECONDS COMMAND...: repeats the command until it succeeds; fails after SECONDS.
wait_for() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.1
    done
}

# Compiles 12 files of a room as one, which takes a quarter of the time.
# shellcheck disable=SC2034 # for the scripts
unity=(--unity=on --unity-size=12)

# configure_build FOLDER COMPILER [MESON-OPTION...]: creates the build folder if it does not exist.
configure_build() {
    local folder=$root_folder/$1 compiler=$2
    shift 2
    [ -f "$folder/build.ninja" ] || CXX=$compiler meson setup "$folder" "$root_folder" "$@"
}

# with_progress LOG SHOW COMMAND...: runs it with its output in LOG, and shows what the function SHOW prints of LOG: each second on a terminal,
# else twice a minute.
with_progress() {
    local log=$1 show=$2 next=$((SECONDS + 10)) pid
    shift 2
    "$@" > "$log" 2>&1 &
    pid=$!
    while ! process_has_ended "$pid"; do
        sleep 1 || true # a signal to the process group
        if [ -t 1 ]; then
            printf '\r  [%s] %s ' "$(elapsed)" "$("$show" "$log")"
        elif [ "$SECONDS" -ge "$next" ]; then
            say "  [$(elapsed)] $("$show" "$log")"
            next=$((SECONDS + 30))
        fi
    done
    [ ! -t 1 ] || printf '\n'
    wait "$pid"
}

# stop_process PID: SIGTERM, then SIGKILL after ten seconds. PID is a child of this shell.
stop_process() {
    kill -TERM "$1" 2> /dev/null || return 0
    wait_for 10 process_has_ended "$1" || kill -KILL "$1" 2> /dev/null || true
    wait "$1" 2> /dev/null || true
}

process_has_ended() {
    # Bash reaps its children at once, so a zombie does not count as alive.
    ! kill -0 "$1" 2> /dev/null
}

# This shell leads its session (below end_children.py): no other process is left in it.
session_is_empty() {
    local file line count=0
    for file in /proc/[0-9]*/stat; do
        # PID (NAME) STATE PARENT GROUP SESSION ...; the process may have ended.
        { read -r line < "$file"; } 2> /dev/null || continue
        # shellcheck disable=SC2086 # words
        set -- ${line##*) }
        [ "${4:-}" != "$$" ] || count=$((count + 1))
    done
    [ "$count" -le 1 ]
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
