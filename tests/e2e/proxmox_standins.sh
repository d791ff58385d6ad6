#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# For apt, this host becomes a Proxmox VE node: writes DIR/status, the host's own packages without Debian's LXC and with four stand-ins of
# Proxmox VE's as installed, and DIR/apt.conf, which makes apt read that status. Use it with APT_CONFIG=DIR/apt.conf and apt-get --simulate.
#
# usage: proxmox_standins.sh DIR [with-dev]     with-dev: Proxmox VE's lxc-pve-dev is installed, too
set -euo pipefail

folder=$(cd "$1" && pwd)

# standin PACKAGE VERSION FIELD...
standin() {
    printf 'Package: %s\nStatus: install ok installed\nVersion: %s\nArchitecture: amd64\nMaintainer: stand-in\n' "$1" "$2"
    printf '%s\n' "${@:3}" 'Description: stand-in' ''
}

# Paragraphs whose package is Debian's LXC are left out.
awk 'BEGIN { RS = ""; ORS = "\n\n" } $2 !~ /^(liblxc1(t64)?|liblxc-common|lxc|lxc-dev|lxcfs|lxd|libpam-cgfs)$/' /var/lib/dpkg/status > "$folder/status"
# The relations are those of pve-lxc's debian/control: it provides liblxc1 without a version.
{
    standin lxc-pve 6.0.0-1 'Provides: liblxc1, lxc' 'Conflicts: liblxc1, lxc' 'Replaces: liblxc1, lxc'
    standin pve-container 5.2.2 'Depends: lxc-pve (>= 3.0.2)'
    standin pve-manager 8.3.0 'Depends: pve-container'
    standin proxmox-ve 8.3.0 'Depends: pve-manager'
    [ "${2-}" != with-dev ] ||
        standin lxc-pve-dev 6.0.0-1 'Depends: lxc-pve (= 6.0.0-1)' 'Provides: lxc-dev' 'Conflicts: lxc-dev' 'Replaces: lxc-dev'
} >> "$folder/status"
printf 'Dir::State::status "%s/status";\n' "$folder" > "$folder/apt.conf"
