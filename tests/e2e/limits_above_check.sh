#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# In a VM with cgroup v2 and the root filesystem of fixture_containers.sh: the limits of a slice hold for a container below it, and are
# read again while the agent runs.
#
# usage: limits_above_check.sh LXCMONTEST_PUSH_BINARY
set -euo pipefail
# shellcheck source=contrib/dev/lib.sh
. ./lib.sh

readonly slice=/sys/fs/cgroup/it-above.slice folder=/var/lib/lxc/below
work=$(mktemp -d)

end() {
    stop_process "$agent"
    lxc-stop -k -n below || true
    rm -rf "$folder" "$work"
    rmdir "$slice" || true
}
# told FIELD: what the agent has said last of `below`
told() { grep -sF '"container":"below"' "$work/points" | grep -o "\"$1\":[^,}]*" | tail -n 1 | cut -d : -f 2; }
# is_told FIELD VALUE
is_told() { [ "$(told "$1")" = "$2" ]; }
# expect FIELD VALUE
expect() { wait_for 300 is_told "$1" "$2" || fail "$1 is $(told "$1"), and should be $2"; }

mkdir -p "$folder" "$slice"
cat >"$folder/config" <<END
lxc.rootfs.path = dir:/srv/busybox
lxc.init.cmd = /sbin/sleeper
lxc.apparmor.profile = unconfined
lxc.mount.auto = proc:rw sys:ro cgroup:mixed
lxc.net.0.type = empty
lxc.signal.halt = SIGTERM
lxc.cgroup.relative = 0
lxc.cgroup.dir.container = ${slice##*/}/below
lxc.cgroup.dir.monitor = lxc.monitor/below
lxc.cgroup2.memory.max = 64M
lxc.cgroup2.memory.swap.max = 32M
lxc.cgroup2.cpu.max = 80000 100000
lxc.cgroup2.pids.max = 60
END
lxc-start -n below
"$1" --config /dev/null --no-host --interval 200ms --include below --json-file "$work/points" 2>"$work/log" &
agent=$!
trap end EXIT
expect limit_bytes 67108864
echo 50M >"$slice/memory.max"
echo 8M >"$slice/memory.swap.max"
echo "30000 100000" >"$slice/cpu.max"
echo 40 >"$slice/pids.max"
expect limit_bytes 52428800
expect own_limit_bytes 67108864
expect swap_limit_bytes 8388608
expect own_swap_limit_bytes 33554432
expect limit_cores 0.3
expect own_limit_cores 0.8
expect limit 40
expect own_limit 60
for file in memory.max memory.swap.max pids.max; do
    echo max >"$slice/$file"
done
expect limit_bytes 67108864
expect limit 60
say "the limits of $slice hold for a container below it"
