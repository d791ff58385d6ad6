# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What package_job.sh asks: of systemd, of InfluxDB, of the disk. Each is true, or says what it found; sourced after lib.sh.

readonly unit=lxcmon-push settings=/etc/lxcmon/lxcmon-push.toml spool=/var/lib/lxcmon-push/spool
since=0 # ns: rows from before do not count

begin() { step "$* (up $(cut -d' ' -f1 /proc/uptime) s)"; }

show_trouble() {
    trap - ERR
    say "FAILED: $1"
    systemctl status --no-pager -l "$unit" || true
    journalctl --no-pager -o short-precise -u "$unit" -n 60 || true
    tail -n 20 "$OUT"/*.log || true
}

# is_state ENABLED ACTIVE: what systemctl says of the unit
is_state() {
    local enabled active
    enabled=$(systemctl is-enabled "$unit") || true
    active=$(systemctl is-active "$unit") || true
    say "$unit is $enabled, $active"
    [ "$enabled $active" = "$1 $2" ]
}

has_mode() {
    local found
    found=$(stat -c '%a %U:%G' "$2")
    say "$2: $found"
    [ "$found" = "$1 root:root" ]
}

# The settings file has each option, commented: a user takes away the # and changes the value.
set_setting() {
    grep -q "^#$1 = " "$settings" || fail "$settings has no line '#$1 = '"
    sed -i "s|^#$1 = .*|$1 = $2|" "$settings"
}

status_says() { systemctl show -p StatusText --value "$unit" | grep -qE "$1"; }
main_pid() { systemctl show -p MainPID --value "$unit"; }
times_started() { journalctl -u "$unit" -o cat | grep -c '^Started '; }

runs_as_other_than() {
    local pid
    pid=$(main_pid)
    [ "$pid" -ne 0 ] && [ "$pid" -ne "$1" ]
}

# query Q: CSV, its times in ns
query() {
    curl -fsS -G http://127.0.0.1:8086/query -H 'Accept: application/csv' --data-urlencode db=lxc --data-urlencode "q=$1"
}

since_now() { since=$(date +%s%N); }
# has_rows MEASUREMENT [CONDITION]
has_rows() { [ -n "$(query "SELECT * FROM \"$1\" WHERE time > $since ${2:-} LIMIT 1")" ]; }
measurements() { lxcmon-push fields --markdown | sed -n 's/^| \*\*\([a-z_]*\)\*\*.*/\1/p'; }

every_measurement_has_rows() {
    local each
    for each in $(measurements); do
        has_rows "$each" || return 1
    done
}

show_measurements() {
    local each
    for each in $(measurements); do
        say "$each: $(query "SELECT * FROM \"$each\" WHERE time > $since" | grep -vc '^name,') points"
    done
}

spool_points() { find "$spool" -name '[0-9]*.jsonl' -size +0; find "$spool" -name '[0-9]*.jsonl.gz'; }
spool_has_points() { [ -n "$(spool_points)" ]; }
spool_is_empty() { ! spool_has_points; }

# Of each tick since then as many rows as the agent says it sampled, and its own; and ticks 2 s apart but for those that it says it
# missed, and for $1 gaps while it did not run.
no_tick_is_lost() {
    query "SELECT * FROM /.*/ WHERE time > $since" >"$OUT/rows.csv"
    query "SELECT points, missed_ticks FROM lxcmon_push WHERE time > $since" >"$OUT/ticks.csv"
    say "$(grep -vc '^name,' "$OUT/ticks.csv") ticks"
    awk -F, -v gaps="$1" '
        $1 == "name" { next }
        FILENAME ~ /rows/ { ++rows[$3]; next }
        rows[$3] != $4 + 1 { print "tick " $3 ": " rows[$3] " rows of " $4; bad = 1 }
        before && ($3 - before) / 2e9 - 1 > $5 - missed + 0.5 { print "a gap before tick " $3; --gaps }
        { before = $3; missed = $5 }
        END { exit bad || gaps < 0 || !before }' "$OUT/rows.csv" "$OUT/ticks.csv"
}

nothing_runs() { ! pgrep -x lxcmon-push; }

nothing_is_left() {
    local left
    left=$(find / -xdev \( -path /job -o -path /var/cache/man \) -prune -o -name '*lxcmon*' -print)
    say "left: ${left:-nothing}"
    [ -z "$left" ]
    [ ! -e /etc/lxcmon ]
    ! systemctl cat "$unit" 2>/dev/null
}
