#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# contrib/quickstart.sh, ended by SIGTERM while its container, InfluxDB and agent run: nothing of them stays. For contrib/test.sh, as root.
set -euo pipefail
# shellcheck source=contrib/dev/lib.sh
. "$(dirname "$0")/../../contrib/dev/lib.sh"

log=$(mktemp)
quickstart=
clean_up() {
    [ -z "$quickstart" ] || stop_process "$quickstart"
    rm -f "$log"
}
trap clean_up EXIT
fail_with_log() { cat "$log"; fail "$@"; }

# What there may be of it: processes that name its folder, and the folder; bridges, the container's cgroups.
remains() {
    # Not as an argument: grep would find itself.
    grep -lazFf <(echo "$1") /proc/[0-9]*/cmdline 2> /dev/null || true
    [ ! -e "$1" ] || echo "$1"
    ip -o link show type bridge | grep -o 'lxcmon-[0-9]*' || true
    find /sys/fs/cgroup -maxdepth 3 -type d -name 'lxc.*lxcmon-demo*' 2> /dev/null || true
}

"$root_folder/contrib/quickstart.sh" --influx > "$log" 2>&1 < /dev/null &
quickstart=$!
wait_for 600 grep -q '==>.* Three ticks' "$log" || fail_with_log "no agent after ten minutes"
grep -q 'creating a temporary' "$log" || fail_with_log "a container runs already: this check needs quickstart.sh to make one"
folder=$(grep -o '/var/tmp/lxcmon-quickstart-[A-Za-z0-9]*' "$log" | head -n 1)
# One in the container, the monitor, the server and more.
[ "$(remains "$folder" | wc -l)" -ge 5 ] || fail_with_log "this check does not see what runs: $(remains "$folder")"
kill -TERM "$quickstart"
code=0
wait "$quickstart" || code=$?
quickstart=
[ "$code" -eq 143 ] || fail_with_log "the exit code is $code, expected 143"
left=$(remains "$folder")
[ -z "$left" ] || fail_with_log "SIGTERM leaves $left"
say "SIGTERM leaves nothing"
