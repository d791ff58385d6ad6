#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# In a VM with cgroup v2 and the containers of fixture_containers.sh: what the agent reads only when the kernel says that it has changed
# (Cadence::on_change) is sent as the kernel has it soon after each change, also by the kernel itself.
#
# usage: changes_check.sh LXCMONTEST_PUSH_BINARY
set -euo pipefail
# shellcheck source=contrib/dev/lib.sh
. ./lib.sh

cgroup=/sys/fs/cgroup/lxc.payload.limited
work=$(mktemp -d)

# told MEASUREMENT FIELD: what the agent has sent last; nothing where it has left it out
told() {
    grep -sF "\"name\":\"$1\",\"tags\":{\"container\":\"limited\"" "$work/points" | tail -n 1 | grep -o "\"$2\":[^,}]*" | cut -d : -f 2 || true
}

# counted MEASUREMENT FIELD: the same of a count, which need not be in every point
counted() {
    grep -sF "\"name\":\"$1\",\"tags\":{\"container\":\"limited\"" "$work/points" | grep -o "\"$2\":[^,}]*" | tail -n 1 | cut -d : -f 2 || true
}

# kernel FILE [KEY]: a limit, nothing for none; or a count of events
kernel() {
    if [ $# -eq 1 ]; then
        sed 's/^max$//' "$cgroup/$1"
    else
        awk -v key="$2" '$1 == key { print $2 }' "$cgroup/$1"
    fi
}

# agrees MEASUREMENT FIELD FILE [KEY]
agrees() { [ "$(told "$1" "$2")" = "$(kernel "${@:3}")" ]; }
counts_as() { [ "$(counted "$1" "$2")" = "$(kernel "$3" "$4")" ]; }

# limit_follows MEASUREMENT FIELD FILE VALUE: that, then no limit, then what it was
limit_follows() {
    local before value
    before=$(cat "$cgroup/$3")
    for value in "$4" max "$before"; do
        echo "$value" >"$cgroup/$3"
        wait_for 600 agrees "$1" "$2" "$3" || fail "$3 is $value, and the agent says $2 $(told "$1" "$2")"
    done
}

# event_follows MEASUREMENT FIELD FILE KEY BEFORE: it was BEFORE until something happened
event_follows() {
    [ "$(kernel "$3" "$4")" -gt "$5" ] || fail "$3 $4 is still $5: nothing has happened that could be seen"
    wait_for 600 counts_as "$1" "$2" "$3" "$4" || fail "$3 $4 is $(kernel "$3" "$4"), and the agent says $2 $(counted "$1" "$2")"
}

freezing_follows() {
    local frozen
    for frozen in 1 0; do
        echo "$frozen" >"$cgroup/cgroup.freeze"
        wait_for 600 is_told_frozen "$frozen" || fail "cgroup.freeze is $frozen, and the agent says frozen $(told lxc_state frozen)"
    done
}

# The cgroup's files are others afterwards, by the same names, and nothing is said to who watches the old ones.
controllers_follow() {
    local control
    # From the leaves to the root: the kernel takes none away that is in use below.
    while read -r control; do
        echo -cpu >"$control"
    done < <(find "${cgroup%/*}" -name cgroup.subtree_control -printf '%d %p\n' | sort -rn | cut -d ' ' -f 2)
    wait_for 600 is_told_cores "" || fail "the controller cpu is gone, and the agent says limit_cores $(told lxc_cpu limit_cores)"
    echo +cpu >"${cgroup%/*}/cgroup.subtree_control"
    echo "30000 100000" >"$cgroup/cpu.max"
    wait_for 600 is_told_cores 0.3 || fail "the controller cpu is back, and the agent says limit_cores $(told lxc_cpu limit_cores)"
    echo "$quota" >"$cgroup/cpu.max"
}

is_told_frozen() { [ "$(told lxc_state frozen)" = "$([ "$1" = 1 ] && echo true || echo false)" ]; }
# Until the kernel has tried to swap before it kills: now and then it does not.
is_refused_swap() {
    timeout 60 lxc-attach -n limited -- sh -c 'tail /dev/zero' >/dev/null 2>"$work/killed" || true
    [ "$(kernel memory.swap.events max)" -gt "$refusals" ]
}
has_more_processes_than() { [ "$(cat "$cgroup/pids.current")" -gt "$1" ]; }
is_told_cores() { [ "$(told lxc_cpu limit_cores)" = "$1" ]; }

"$1" --config /dev/null --no-host --interval 200ms --json-file "$work/points" 2>"$work/log" &
agent=$!
trap 'stop_process "$agent"; rm -rf "$work"' EXIT
wait_for 600 agrees lxc_pids limit pids.max || { cat "$work/log"; fail "the agent does not begin"; }

limit_follows lxc_pids limit pids.max 40
limit_follows lxc_memory limit_bytes memory.max 62914560
limit_follows lxc_memory high_bytes memory.high 58720256
limit_follows lxc_memory swap_limit_bytes memory.swap.max 16777216
quota=$(cat "$cgroup/cpu.max")
for cores in "20000 100000:0.2" "max 100000:" "$quota:0.5"; do
    echo "${cores%:*}" >"$cgroup/cpu.max"
    wait_for 600 is_told_cores "${cores#*:}" || fail "cpu.max is ${cores%:*}, and the agent says limit_cores $(told lxc_cpu limit_cores)"
done
freezing_follows
controllers_follow

before=$(kernel pids.events max) alone=$(cat "$cgroup/pids.current")
mkfifo "$work/go"
pids=$(cat "$cgroup/pids.max")
# Inside first: with the limit reached lxc-attach itself would wait for ever.
lxc-attach -n limited -- sh -c 'read go; sleep 1 & sleep 1 & sleep 1 & wait' <"$work/go" 2>"$work/refused" &
attached=$!
exec 3>"$work/go"
wait_for 600 has_more_processes_than "$alone"
cat "$cgroup/pids.current" >"$cgroup/pids.max"
echo go >&3
wait "$attached" || true
echo "$pids" >"$cgroup/pids.max"
event_follows lxc_pids events_max pids.events max "$before"

kills=$(kernel memory.events oom_kill) hits=$(kernel memory.events max) refusals=$(kernel memory.swap.events max)
# Little of both, which is soon used up.
memory=$(cat "$cgroup/memory.max") swap=$(cat "$cgroup/memory.swap.max")
echo 1M >"$cgroup/memory.swap.max"
echo 16M >"$cgroup/memory.max"
wait_for 300 is_refused_swap || true # event_follows says what has not happened
echo "$memory" >"$cgroup/memory.max"
echo "$swap" >"$cgroup/memory.swap.max"
event_follows lxc_memory oom_kill memory.events oom_kill "$kills"
event_follows lxc_memory events_max memory.events max "$hits"
event_follows lxc_memory swap_events_max memory.swap.events max "$refusals"
say "limits, events and freezing follow the kernel's"
