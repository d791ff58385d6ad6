#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Start the containers of the captured fixtures and give them a history: throttled, out of memory, with disk I/O, frozen.
# For a throw-away machine (tests/e2e/run_vm.sh): makes /srv, a bridge br0, swap, and containers in /var/lib/lxc.
#
# usage: fixture_containers.sh [sysd] [bfq]
#   sysd: a container that runs a real systemd, too     bfq: that I/O scheduler, which has figures of its own on v1
# usage: fixture_containers.sh end      before the machine goes down
set -euo pipefail
# shellcheck source=tests/support/fixture_history.sh
. "$(dirname "$0")/fixture_history.sh"

readonly rootfs=/srv/busybox

make_bridge() {
    modprobe -a bridge veth
    ip link add br0 type bridge
    ip link set br0 up
}

# Some swap, so that the figures about it are not all 0.
make_swap() {
    dd if=/dev/zero of=/swap bs=1M count=64 status=none
    chmod 600 /swap
    mkswap -q /swap
    swapon /swap
}

make_busybox_root() {
    mkdir -p "$rootfs"/{bin,sbin,dev,proc,sys,tmp,etc,root}
    cp /bin/busybox "$rootfs/bin/"
    chroot "$rootfs" /bin/busybox --install -s /bin
    cat >"$rootfs/sbin/sleeper" <<'END'
#!/bin/sh
# A container's init that does nothing, but ends when asked to.
trap 'exit 0' TERM PWR INT
while :; do
    sleep 1000 &
    wait
done
END
    chmod 755 "$rootfs/sbin/sleeper"
}

# A tree of the machine's own system for sysd; the upper layer must be on another file system than the lower one.
make_systemd_root() {
    mkdir -p /run/sysd/upper /run/sysd/work /srv/sysd
    mount -t overlay overlay -o lowerdir=/,upperdir=/run/sysd/upper,workdir=/run/sysd/work /srv/sysd
    rm -f /srv/sysd/etc/systemd/system/default.target.wants/run-job.service /srv/sysd/etc/fstab
    systemctl --root=/srv/sysd mask -q systemd-udevd.service systemd-udev-trigger.service e2scrub_reap.service \
        systemd-networkd.service systemd-logind.service lxc-monitord.service getty@.service console-getty.service
    # Each would be a cgroup of its own: hundreds of files that say nothing new.
    systemctl --root=/srv/sysd mask -q dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount \
        sys-kernel-tracing.mount sys-kernel-config.mount sys-fs-fuse-connections.mount modprobe@.service
}

# $1: name, $2: rootfs, $3: init's command; more configuration on standard input
make_container() {
    mkdir -p "/var/lib/lxc/$1"
    cat - >"/var/lib/lxc/$1/config" <<END
lxc.uts.name = $1
lxc.rootfs.path = dir:$2
lxc.init.cmd = $3
lxc.apparmor.profile = unconfined
lxc.mount.auto = proc:rw sys:ro cgroup:mixed
lxc.net.0.type = veth
lxc.net.0.link = br0
lxc.net.0.flags = up
lxc.signal.halt = SIGTERM
$(cat)
END
    lxc-start -n "$1"
    lxc-wait -n "$1" -s RUNNING -t 30
}

# Linux 6.1 counts blkio.throttle.io_service_bytes on v1 only in a cgroup that has a throttle rule: db-2 and limited
# have one, too high to matter; web1 has none and its figures stay 0, as they do on most hosts.
throttle_rules() {
    local device=$disk direction
    for direction in read write; do
        echo "lxc.cgroup.blkio.throttle.${direction}_iops_device = $device 1000000"
    done
}

make_containers() {
    make_container web1 "$rootfs" /sbin/sleeper </dev/null
    throttle_rules | make_container db-2 "$rootfs" /sbin/sleeper
    { throttle_rules && limits; } | make_container limited "$rootfs" /sbin/sleeper
}

limits() {
    cat <<'END'
lxc.cgroup2.memory.max = 64M
lxc.cgroup2.memory.swap.max = 32M
lxc.cgroup2.cpu.max = 50000 100000
lxc.cgroup2.pids.max = 50
lxc.cgroup2.hugetlb.2MB.max = 6M
lxc.cgroup.memory.limit_in_bytes = 64M
lxc.cgroup.memory.memsw.limit_in_bytes = 96M
lxc.cgroup.cpu.cfs_period_us = 100000
lxc.cgroup.cpu.cfs_quota_us = 50000
lxc.cgroup.pids.max = 50
lxc.cgroup.hugetlb.2MB.limit_in_bytes = 6M
END
}

start_sysd() {
    make_systemd_root
    make_container sysd /srv/sysd /sbin/init <<'END'
lxc.autodev = 1
lxc.cgroup2.memory.max = 128M
lxc.cgroup2.memory.swap.max = 16M
lxc.cgroup2.pids.max = 100
lxc.cgroup.memory.limit_in_bytes = 128M
lxc.cgroup.pids.max = 100
lxc.tty.max = 0
lxc.signal.halt = SIGRTMIN+4
END
    local tries=0
    until inside sysd 'systemctl is-system-running' | grep -E 'running|degraded' || [ "$tries" -ge 60 ]; do
        tries=$((tries + 1))
        sleep 1
    done
}

use_bfq() {
    modprobe bfq
    echo bfq >/sys/block/vda/queue/scheduler
}

make_machine() {
    make_bridge
    make_swap
    echo 8 >/proc/sys/vm/nr_hugepages
    # What is dirty when the history ends is so when it is captured.
    echo 0 >/proc/sys/vm/dirty_writeback_centisecs
    make_busybox_root
    [[ " $* " != *" bfq "* ]] || use_bfq
}

main() {
    local has_sysd=''
    case " $* " in
        *" end "*) end_history; return ;;
        *" sysd "*) has_sysd=sysd ;;
    esac
    make_machine "$@"
    make_containers
    [ -z "$has_sysd" ] || start_sysd
    make_history "$has_sysd"
    # Longer than the kernel takes to bring memory.stat up to date.
    sleep 2
    lxc-freeze -n web1
}

main "$@"
