#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs in the chroot of build_package.sh, where apt has its lists: neither the package nor the scripts of contrib remove Proxmox VE from a
# node. apt only simulates; Proxmox VE is the stand-ins of proxmox_standins.sh.
#
# usage: proxmox_check.sh TREE DEB
set -euo pipefail

tree=$1 deb=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export APT_CONFIG=$work/apt.conf

fail() {
    printf '%s\n' "proxmox_check.sh: $*" >&2
    exit 1
}

removed() { apt-get --simulate -qq "$@" | sed -n 's/^Remv \([^ ]*\).*/\1/p' | sort -u | xargs; }
expect_removed() { # expect_removed PACKAGES ARGUMENT...
    local found
    found=$(removed "${@:2}")
    [ "$found" = "$1" ] || fail "apt-get ${*:2} removes '$found', not '$1'"
}

readonly proxmox_ve="lxc-pve proxmox-ve pve-container pve-manager"
"$tree/tests/e2e/proxmox_standins.sh" "$work"

# A package without the alternative: the stand-ins do conflict.
dpkg-deb -R "$deb" "$work/package"
grep -q 'liblxc1.*| lxc-pve' "$work/package/DEBIAN/control" || fail "no alternative in $(grep ^Depends "$work/package/DEBIAN/control")"
sed -i 's/ | lxc-pve//' "$work/package/DEBIAN/control"
dpkg-deb --root-owner-group -b "$work/package" "$work/without.deb" > /dev/null
expect_removed "$proxmox_ve" install "$work/without.deb"

expect_removed "" install "$deb"
expect_removed "$proxmox_ve" build-dep "$tree/"
for script in quickstart.sh test.sh; do
    ! "$tree/contrib/$script" > "$work/log" 2>&1 || fail "contrib/$script goes on after it would have removed Proxmox VE"
    grep -q 'apt would remove .*proxmox-ve' "$work/log" || fail "contrib/$script says: $(cat "$work/log")"
    ! grep -q 'Building\|Build with' "$work/log" || fail "contrib/$script builds without its packages"
done

"$tree/tests/e2e/proxmox_standins.sh" "$work" with-dev
expect_removed "" build-dep "$tree/"
