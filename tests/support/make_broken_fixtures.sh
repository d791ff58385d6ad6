#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Make tests/fixtures/broken/CASE/root from the captured fixtures: one container `c`, init's pid 100, and a thing wrong.
#
# usage: make_broken_fixtures.sh
set -euo pipefail

fixtures=$(dirname "$(dirname "$(readlink -f "$0")")")/fixtures
readonly fixtures
readonly source_name=limited

# Controllers that no case is about: left out to keep the trees small.
readonly boring='hugetlb|rdma|misc|perf_event|net_cls|cpuset|devices|numa_stat|cgroup.max'

# As the real one, with its name and pid changed. $1: fixture to take from, $2: case. Sets root.
start_case() {
    local from=$fixtures/$1 pid file path
    root=$fixtures/broken/$2/root
    rm -rf "$fixtures/broken/$2"
    pid=$(awk -v name="$source_name" '$1 == name { print $2 }' "$from/containers.tsv")
    mkdir -p "$root/proc/100" "$root/proc/self" "$root/sys/dev/block"
    printf 'c\t100\tRUNNING\t/var/lib/lxc\n' >"$root/../containers.tsv"
    cp "$from/root/proc/uptime" "$root/proc/"
    cp "$from"/root/proc/self/{cgroup,mountinfo} "$root/proc/self/"
    for file in cgroup mountinfo stat; do
        sed -e "s/lxc\.payload\.$source_name/lxc.payload.c/" -e "s/^$pid (/100 (/" \
            "$from/root/proc/$pid/$file" >"$root/proc/100/$file"
    done
    cp -P "$from"/root/sys/dev/block/* "$root/sys/dev/block/"
    (cd "$from/root" && find sys/fs/cgroup -path "*/lxc.payload.$source_name/*" -type f ! -path '*/.lxc/*') |
        grep -vE "$boring" | while read -r file; do
        path=$root/${file/lxc.payload.$source_name/lxc.payload.c}
        mkdir -p "${path%/*}"
        case $file in
            */cgroup.procs | */cgroup.threads) sed "s/^$pid\$/100/" "$from/root/$file" >"$path" ;;
            *) cp "$from/root/$file" "$path" ;;
        esac
    done
}

# A kernel without these files (pids.peak is of 6.1, memory.stat needs the controller enabled).
missing_files() {
    start_case v2 missing-files
    rm "$root"/sys/fs/cgroup/lxc.payload.c/{memory.stat,io.stat,pids.peak}
}

# As a reader with too small a buffer would see them.
truncated() {
    local text cgroup
    start_case v2 truncated
    cgroup=$root/sys/fs/cgroup/lxc.payload.c
    text=$(grep -B 1000 -m 1 '^kernel ' "$cgroup/memory.stat")
    printf '%s' "${text%???}" >"$cgroup/memory.stat"
    printf 'usage_usec 12' >"$cgroup/cpu.stat"
}

no_limits() {
    local cgroup
    start_case v2 max
    cgroup=$root/sys/fs/cgroup/lxc.payload.c
    echo max | tee "$cgroup"/{memory.max,memory.high,memory.swap.max,pids.max} >/dev/null
    echo 'max 100000' >"$cgroup/cpu.max"
}

# Linux 5.10 to 5.15 print a device's number before they know whether it has figures, and end the line only if so;
# a device that has gone is "(unknown)". 8:16 has no link in sys/dev/block.
io_unknown_device() {
    start_case v2 io-unknown-device
    {
        echo '(unknown) rbytes=1 wbytes=2 rios=1 wios=1 dbytes=0 dios=0'
        echo '254:16 254:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0'
        echo '8:16 rbytes=512 wbytes=1024 rios=3 wios=4 dbytes=0 dios=0'
        echo '8:32 '
        printf '7:0 '
    } >"$root/sys/fs/cgroup/lxc.payload.c/io.stat"
}

empty_cgroup() {
    local file
    start_case v2 empty-cgroup
    for file in "$root"/sys/fs/cgroup/lxc.payload.c/*; do
        : >"$file"
    done
}

v1_unlimited() {
    local cgroup
    start_case v1 v1-unlimited
    cgroup=$root/sys/fs/cgroup
    echo 9223372036854771712 | tee "$cgroup"/memory/lxc.payload.c/memory.{,memsw.}limit_in_bytes >/dev/null
    sed -Ei 's/^(hierarchical_mem[a-z]*_limit) .*/\1 9223372036854771712/' "$cgroup/memory/lxc.payload.c/memory.stat"
    echo -1 >"$cgroup/cpu,cpuacct/lxc.payload.c/cpu.cfs_quota_us"
    echo max >"$cgroup/pids/lxc.payload.c/pids.max"
}

missing_files
truncated
no_limits
io_unknown_device
empty_cgroup
v1_unlimited
