#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copy what the kernel says about this host's running LXC containers into a tree of plain files, for tests.
#
# usage: capture_fixture.sh OUTDIR      (as root, on any host with LXC and cgroup v1, v2 or both)
#
# Writes OUTDIR/root/{proc,sys}/... with exactly the bytes the kernel gave, and OUTDIR/containers.tsv:
#   name TAB init pid TAB liblxc's state TAB lxcpath, a line per running or frozen container.
# Of the cgroup tree only the containers' own directories are taken, so nothing else of the host leaks into a fixture
# but its mount table and its disks' names.
set -euo pipefail
umask 022

die() {
    echo "capture_fixture.sh: $*" >&2
    exit 1
}

# Copy files of one directory. cp reads to the end whatever size they claim to have, in one go where the kernel allows.
copy_files() {
    local file target=$root${1%/*}
    mkdir -p "$target"
    cp --no-preserve=mode --reflink=never -t "$target" -- "$@" 2>/dev/null || true
    # What cannot be read (EINVAL, EOPNOTSUPP) must not look like an empty file; what is empty must stay.
    for file; do
        if [ ! -s "$target/${file##*/}" ]; then
            cat "$file" >/dev/null 2>&1 || rm -f "$target/${file##*/}"
        fi
    done
}

# Where the hierarchy of a /proc/PID/cgroup line is mounted; nothing if it is not. $1: its controllers, '' for v2.
mount_point_of() {
    awk -v wanted="${1%%,*}" '
        { for (i = 7; $i != "-"; i++); type = $(i + 1); options = "," $(i + 3) "," }
        wanted == "" && type == "cgroup2" || wanted != "" && type == "cgroup" && index(options, "," wanted ",") {
            print $5
            exit
        }' /proc/self/mountinfo
}

# A container's own root cgroup, from the path its init is in: init may have moved itself below it (systemd's
# init.scope), or live in a nested one (Proxmox VE's lxc/101/ns). $1: path, $2: container's name.
container_cgroup() {
    case $1/ in
        */"lxc.payload.$2"/*) echo "${1%%"/lxc.payload.$2"*}/lxc.payload.$2" ;;
        */lxc.payload/"$2"/*) echo "${1%%"/lxc.payload/$2"*}/lxc.payload/$2" ;;
        */lxc/"$2"/*) echo "${1%%"/lxc/$2"*}/lxc/$2" ;;
        *) echo "${1%/init.scope}" ;;
    esac
}

# Left out: slabinfo, up to megabytes, and tasks, which is cgroup.procs by thread.
copy_cgroup() {
    local directory files
    while IFS= read -r -d '' directory; do
        # Mode, not access: root may open even what has no read operation.
        mapfile -d '' files < <(find "$directory" -maxdepth 1 -type f -perm -400 \
            ! -name memory.kmem.slabinfo ! -name tasks -print0)
        copy_files "${files[@]}"
    done < <(find "$1" -type d -print0)
}

# $1: name, $2: init pid
copy_container() {
    local controllers path mount
    copy_files "/proc/$2/cgroup" "/proc/$2/stat" "/proc/$2/mountinfo"
    while IFS=: read -r _ controllers path; do
        mount=$(mount_point_of "$controllers")
        [ -n "$mount" ] || continue
        mkdir -p "$root$mount"
        path=$(container_cgroup "$path" "$1")
        # Nothing of its own in this hierarchy (seen where a controller is not used): don't copy the whole host.
        [ "$path" != / ] || continue
        copy_cgroup "$mount$path"
    done <"/proc/$2/cgroup"
}

# cpu -> cpu,cpuacct and the like, which systemd makes beside the v1 mounts.
copy_v1_aliases() {
    local link
    for link in /sys/fs/cgroup/*; do
        [ ! -L "$link" ] || cp -P "$link" "$root$link"
    done
}

# The name of a device is the last word of its link; the links dangle in the copy, which is all right.
copy_block_devices() {
    local device
    mkdir -p "$root/sys/dev/block"
    find "$root/sys/fs/cgroup" \( -name io.stat -o -name 'blkio.*' \) -exec grep -ohE '\b[0-9]+:[0-9]+\b' {} + |
        sort -u | while read -r device; do
        [ ! -L "/sys/dev/block/$device" ] || cp -P "/sys/dev/block/$device" "$root/sys/dev/block/$device"
    done
}

copy_huge_pages() {
    local pool
    for pool in /sys/kernel/mm/hugepages/*/nr_hugepages; do
        [ ! -f "$pool" ] || copy_files "$pool"
    done
}

copy_containers() {
    local name pid state lxcpath
    lxcpath=$(lxc-config lxc.lxcpath)
    lxc-ls -1 --active | sort -u | while read -r name; do
        pid=$(lxc-info -n "$name" -pH)
        state=$(lxc-info -n "$name" -sH)
        copy_container "$name" "$pid"
        printf '%s\t%s\t%s\t%s\n' "$name" "$pid" "$state" "$lxcpath"
    done >"$1/containers.tsv"
    [ -s "$1/containers.tsv" ] || die "no running container"
}

main() {
    [ $# -eq 1 ] || die "usage: capture_fixture.sh OUTDIR"
    [ "$(id -u)" -eq 0 ] || die "must be root"
    root=$1/root
    [ ! -e "$root" ] || die "$root is there already"
    mkdir -p "$root"
    # "self" is the cp that reads it: a child of this script, in the same cgroup.
    copy_files /proc/self/mountinfo /proc/self/cgroup
    copy_files /proc/uptime
    copy_huge_pages
    copy_containers "$1"
    copy_v1_aliases
    copy_block_devices
}

main "$@"
