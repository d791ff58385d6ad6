#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The agent on real containers, systemd among them, on hosts with cgroup v1 and both (v2 is test_package.sh's): its figures
# against what expect_fixture.py reads in the same kernel's files. Boots the VM of build_vm.sh once for each.
#
# usage: test_cgroup_modes.sh LXCMONTEST_PUSH_BINARY WORKDIR     the VM is made in WORKDIR/vm
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
support=$here/../support
binary=$1
vm=$2/vm
mkdir -p "$2"
work=$(mktemp -d "$2/modes-XXXXXX")
trap 'rm -rf "$work"' EXIT

if ! "$here/build_vm.sh" "$vm" >"$work/build.log" 2>&1; then
    cat "$work/build.log"
    echo "FAILED: the virtual machine can't be built"
    exit 1
fi
failed=0
for mode in v1 hybrid; do
    if "$here/run_vm.sh" -c "$mode" -o "$work/$mode" -t 4000 "$vm" "$here/cgroup_modes_job.sh" "$binary" \
        "$here/capture_figures.sh" "$support"/{fixture_containers.sh,fixture_history.sh,fixture_work.py,capture_fixture.sh} \
        >"$work/$mode.log" 2>&1 &&
        python3 "$here/compare_figures.py" "$work/$mode"; then
        echo "ok: $mode"
    else
        tail -30 "$work/$mode.log"
        echo "FAILED: $mode"
        failed=1
    fi
done
exit "$failed"
