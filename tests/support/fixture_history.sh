# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the containers of fixture_containers.sh have been through, each thing on purpose and most of it twice: in `limited`, which is
# busybox, and in `sysd`, which is systemd. Sourced; needs fixture_work.py beside it.

readonly disk=254:0 second_disk=254:16 result_disk=254:32 # vda, vdb, vdc

inside() {
    local name=$1
    shift
    lxc-attach -n "$name" --clear-env -- /bin/sh -c "$*"
}

has_pure_v2() { [ -f /sys/fs/cgroup/cgroup.controllers ]; }

# A control file of a container on pure v2: $1 container, $2 file, $3 value. Elsewhere there is no such control.
set_v2() { ! has_pure_v2 || echo "$3" >"/sys/fs/cgroup/lxc.payload.$1/$2"; }

# python_inside CONTAINER ARGUMENT...
python_inside() {
    local name=$1
    shift
    lxc-attach -n "$name" --clear-env -- /usr/bin/python3 - "$@" <"$(dirname "${BASH_SOURCE[0]}")/fixture_work.py"
}

do_disk_io() {
    inside "$1" 'dd if=/dev/zero of=/root/'"$1"' bs=64k count=32 oflag=direct
        dd if=/dev/zero of=/root/'"$1"'.sync bs=4k count=16 conv=fsync
        dd if=/root/'"$1"' of=/dev/null bs=64k iflag=direct'
}

# More page cache than memory.high lets it have, twice, so that what was dropped is read again.
read_too_much() {
    set_v2 "$1" memory.high "$2"
    inside "$1" "mknod /root/vda b ${disk/:/ } && dd if=/root/vda of=/dev/null bs=256k count=$3 &&
        dd if=/root/vda of=/dev/null bs=256k count=$3"
}

was_refused_swap() { ! has_pure_v2 || ! grep -qx 'max 0' /sys/fs/cgroup/lxc.payload.limited/memory.swap.events; }

# All the memory it may have and more: the kernel ends it. Again, until it was refused swap before: now and then the kernel has used
# up exactly all of it, and asks for no more.
use_all_memory() {
    local tries
    for tries in {1..20}; do
        inside limited 'tail /dev/zero' || true
        ! was_refused_swap || return 0
        echo "limited was not refused swap, try $tries"
    done
}

history_of_limited() {
    inside limited 'timeout 3 sh -c "while :; do :; done"' || true
    use_all_memory
    # More processes than allowed; they are gone when all is captured.
    # shellcheck disable=SC2016  # to be expanded inside
    inside limited 'for i in $(seq 60); do sleep 3 & done' 2>/dev/null || true
    sleep 4
    read_too_much limited 48M 300
    # Two huge pages of the three that it may have, and no fourth.
    inside limited 'mkdir /huge && mount -t hugetlbfs none /huge && fallocate -l 4M /huge/held &&
        ! fallocate -l 8M /huge/more'
    do_disk_io limited
}

history_of_db_2() {
    do_disk_io db-2
    inside db-2 "mknod /root/disk b ${second_disk/:/ } && dd if=/root/disk of=/dev/null bs=64k iflag=direct
        mknod /root/result b ${result_disk/:/ } && blkdiscard -o 0 -l 1048576 /root/result"
    inside db-2 'for i in 1 2 3; do sleep 1000 & done' >/dev/null 2>&1 </dev/null &
    # Pages that stay under way to a disk that takes 4 KiB a second, for a quarter of an hour, or until end_history.
    set_v2 db-2 io.max "$result_disk wbps=4096"
    ! has_pure_v2 || inside db-2 'dd if=/dev/zero of=/root/result bs=64k count=64 seek=64 conv=fsync' >/dev/null 2>&1 </dev/null &
}

# Whoever syncs would wait for these pages, too.
end_history() { set_v2 db-2 io.max "$result_disk wbps=max"; }

history_of_sysd() {
    python_inside sysd memory || true # ends in an OOM kill
    read_too_much sysd 96M 500
    # Reclaim at its limit with nothing left but what its scope is to keep.
    ! has_pure_v2 || inside sysd 'systemd-run --quiet --slice=-.slice --scope -p MemoryLow=100M \
        dd if=/root/vda of=/dev/null bs=256k count=600 skip=600'
    python_inside sysd forks
    set_v2 sysd cpu.max '40000 100000'
    set_v2 sysd cpu.max.burst 30000
    python_inside sysd cpu
    python_inside sysd hold >/dev/null 2>&1 </dev/null &
}

# The containers at the same time: they mostly wait.
make_history() {
    local each jobs=()
    history_of_limited & jobs+=($!)
    history_of_db_2 & jobs+=($!)
    [ "$1" != sysd ] || { history_of_sysd & jobs+=($!); }
    do_disk_io web1
    for each in "${jobs[@]}"; do
        wait "$each"
    done
    inside web1 'dd if=/dev/zero of=/root/dirty bs=64k count=8'
}
