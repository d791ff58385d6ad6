# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A small, temporary busybox container with some load, for contrib/quickstart.sh. All its files are in one folder.

throwaway_name=lxcmon-demo
# A name of its own: a bridge of the host is neither used nor deleted.
throwaway_bridge=lxcmon-$$

make_throwaway_container() {
    local work=$1 root=$1/rootfs
    mkdir -p "$root"/{bin,dev,etc,proc,root,sys,tmp} "$work/lxc/$throwaway_name"
    cp /bin/busybox "$root/bin/busybox"
    chroot "$root" /bin/busybox --install -s /bin
    throwaway_init > "$root/bin/work"
    chmod 755 "$work" "$root/bin/work"
    ip link add "$throwaway_bridge" type bridge
    ip address replace 10.213.255.1/30 dev "$throwaway_bridge"
    ip link set "$throwaway_bridge" up
    throwaway_config "$root" > "$work/lxc/$throwaway_name/config"
    lxc-start -P "$work/lxc" -n "$throwaway_name" -d -o "$work/lxc.log" ||
        { tail -5 "$work/lxc.log"; fail "the temporary container did not start"; }
    lxc-wait -P "$work/lxc" -n "$throwaway_name" -s RUNNING -t 10 || fail "the temporary container does not run"
}

throwaway_config() {
    cat << END
lxc.uts.name = $throwaway_name
lxc.rootfs.path = dir:$1
lxc.init.cmd = /bin/work
lxc.signal.halt = SIGTERM
lxc.apparmor.profile = unconfined
lxc.mount.auto = proc:rw sys:ro cgroup:mixed
lxc.net.0.type = veth
lxc.net.0.link = $throwaway_bridge
lxc.net.0.name = eth0
lxc.net.0.flags = up
lxc.net.0.ipv4.address = 10.213.255.2/30
END
    throwaway_io_rule "$1"
}

# cgroup v1 counts block I/O only if a throttle rule is set: use a limit that is too high to matter.
throwaway_io_rule() {
    local disk
    [ -d /sys/fs/cgroup/blkio ] || return 0
    disk=$(stat -c %Hd:%Ld "$1")
    [ ! -e "/sys/dev/block/$disk/partition" ] || disk=$(cat "/sys/dev/block/$disk/../dev")
    [ ! -e "/sys/dev/block/$disk" ] || echo "lxc.cgroup.blkio.throttle.write_bps_device = $disk 1000000000000"
}

# Some CPU, disk and network load, so that every measurement has values.
throwaway_init() {
    cat << 'END'
#!/bin/sh
trap 'exit 0' TERM
while :; do
    dd if=/dev/zero of=/tmp/work bs=64k count=16 oflag=direct 2> /dev/null || dd if=/dev/zero of=/tmp/work bs=64k count=16 conv=fsync
    ping -q -c 3 -i 0.1 10.213.255.1
    i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done
done > /dev/null 2>&1
END
}

# Works too if the container was not created, or only in part.
remove_throwaway_container() {
    [ -f "$1/lxc/$throwaway_name/config" ] || return 0
    lxc-stop -P "$1/lxc" -n "$throwaway_name" -k > /dev/null 2>&1 || true
    ip link delete "$throwaway_bridge" 2> /dev/null || true
}
