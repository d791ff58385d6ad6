#!/bin/bash
# The agent on real containers, systemd among them, on hosts with cgroup v2, v1 and both: its figures against what
# expect_fixture.py reads in the same kernel's files. Boots the VM of build_vm.sh once for each.
#
# usage: test_cgroup_modes.sh LXCMON_PUSH_BINARY
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
support=$here/../support
binary=$1
work=$(mktemp -d /var/tmp/lxcmon-e2e-XXXXXX)
trap 'rm -rf "$work"' EXIT

if ! "$here/build_vm.sh" "$work/vm" libspdlog1.10 libfmt9 >"$work/build.log" 2>&1; then
    cat "$work/build.log"
    echo "FAILED: the virtual machine can't be built"
    exit 1
fi
echo sysd >"$work/containers"
failed=0
for mode in v2 v1 hybrid; do
    if "$here/run_vm.sh" -c "$mode" -o "$work/$mode" -t 900 "$work/vm" "$here/cgroup_modes_job.sh" "$binary" \
        "$work/containers" "$support"/{fixture_containers.sh,fixture_history.sh,fixture_work.py,capture_fixture.sh} \
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
