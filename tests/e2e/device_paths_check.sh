#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# In a VM with cgroup v2 and the containers of fixture_containers.sh: the I/O and the filesystem of a container on a device of
# device-mapper (LVM, multipath, LUKS) can be joined, and have the name that stays the same after a reboot.
#
# usage: device_paths_check.sh LXCMONTEST_PUSH_BINARY
set -euo pipefail
# shellcheck source=contrib/dev/lib.sh
. ./lib.sh

readonly name=it-vg--with--dash-data
work=$(mktemp -d)

end() {
    inside umount /mnt 2>/dev/null || true
    dmsetup remove --retry "$name" || true
    losetup -d "$loop" || true
    rm -rf "$work"
}
inside() { lxc-attach -n db-2 --clear-env -- /bin/busybox "$@"; }
# has MEASUREMENT TAGS FIELD: in the sample of all
has() { grep -E "^$1,([^ ]*,)?$2[, ]" "$work/sample" | grep -qF "$3" || { grep "^$1," "$work/sample"; fail "$1 $2 lacks $3"; }; }
# The kernel sends what it has queued when it wants to.
has_counted() {
    "$binary" --config /dev/null --once --dry-run >"$work/sample"
    grep -q "^lxc_io,.*container=db-2,.*device=$1" "$work/sample"
}

binary=$1
truncate -s 64M "$work/image"
mkfs.ext4 -q "$work/image"
loop=$(losetup --find --show "$work/image")
trap end EXIT
modprobe dm-mod
echo "0 $((64 * 2048)) linear $loop 0" | dmsetup create "$name"
device=$(dmsetup info --columns --noheadings --separator : -o blkdevname "$name")
inside mknod /root/mapped b "$(dmsetup info --columns --noheadings -o major "$name")" "$(dmsetup info --columns --noheadings -o minor "$name")"
inside mkdir -p /mnt
inside mount -t ext4 /root/mapped /mnt
inside dd if=/dev/zero of=/mnt/data bs=64k count=16 conv=fsync
wait_for 300 has_counted "$device" || { grep "^lxc_io," "$work/sample"; fail "no I/O of db-2 on $device"; }
has lxc_io "container=db-2,device=$device" "device_path=\"/dev/mapper/$name\""
has host_io "device=$device" "device_path=\"/dev/mapper/$name\""
has lxc_io "container=db-2,device=$device" ",stacked=true"
has host_io "device=$device" ",stacked=true"
has lxc_fs container=db-2 "block_device=\"$device\""
if grep 'device=vda' "$work/sample" | grep -E 'device_path|stacked'; then fail "a disk has a path, or is stacked"; fi
say "$device is /dev/mapper/$name"
