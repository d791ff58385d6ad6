#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The package as its users get it: installed by apt in a Debian 12 VM with systemd and cgroup v2, upgraded, removed, purged.
# On the way its figures are compared with the kernel's, as test_cgroup_modes.sh does.
#
# usage: test_package.sh WORKDIR     the package is built in WORKDIR/bookworm, the VM in WORKDIR/vm
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
support=$here/../support
work=$1

# The same package in a higher version: what apt and systemd do then is what is tested.
make_upgrade() {
    rm -rf "$work/upgrade" && mkdir "$work/upgrade"
    dpkg-deb -R "$work"/deb/lxcmon-push_*.deb "$work/upgrade/tree"
    sed -i 's/^Version: .*/&+higher/' "$work/upgrade/tree/DEBIAN/control"
    dpkg-deb --root-owner-group -b "$work/upgrade/tree" "$work/upgrade" >/dev/null
    rm -r "$work/upgrade/tree"
}

"$here/build_package.sh" bookworm "$work/bookworm"
"$here/build_vm.sh" "$work/vm" >"$work/vm.log" 2>&1 || { cat "$work/vm.log"; exit 1; }
rm -rf "$work/deb" && mkdir "$work/deb"
cp "$work"/bookworm/lxcmon-push_*.deb "$work/deb"
make_upgrade
"$here/run_vm.sh" -o "$work/package" -t 4000 "$work/vm" "$here/package_job.sh" "$work"/{deb,upgrade} \
    "$here"/{package_checks.sh,capture_figures.sh,changes_check.sh,limits_above_check.sh,device_paths_check.sh,hardened_unit_check.sh,users_lxcpath_check.sh,prometheus_check.sh} "$here"/../../{contrib/dev/lib.sh,debian/tests} \
    "$support"/{fixture_containers.sh,fixture_history.sh,fixture_work.py,capture_fixture.sh}
python3 "$here/compare_figures.py" "$work/package/v2"
# The VM's job has ended well, so device_paths_check.sh has seen these.
PYTHONPATH=$support python3 -c 'import seen_fields; [seen_fields.note(each, "device_path") for each in ("lxc_io", "host_io")]'
