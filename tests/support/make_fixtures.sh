#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Make tests/fixtures/{v1,v2,hybrid} anew, each captured in a freshly booted machine; about a minute each.
#
# usage: make_fixtures.sh WORKDIR [v2|v1|hybrid]...      WORKDIR: made by tests/e2e/build_vm.sh
set -euo pipefail

tests=$(dirname "$(dirname "$(readlink -f "$0")")")
readonly tests

capture() {
    local mode=$1 work=$2 job
    job=$(mktemp -d)
    # v1 has further I/O figures where the BFQ scheduler is in use: have them in one of the two.
    [ "$mode" != hybrid ] || echo bfq >"$job/words"
    echo sysd >>"$job/words"
    cat >"$job/job.sh" <<'END'
#!/bin/bash
set -e
trap './fixture_containers.sh end' EXIT
mapfile -t words <words
./fixture_containers.sh "${words[@]}"
lxc-ls -f
./capture_fixture.sh "$OUT"
END
    "$tests/e2e/run_vm.sh" -c "$mode" -o "$job/out" "$work" "$job/job.sh" \
        "$tests"/support/{fixture_containers.sh,fixture_history.sh,fixture_work.py,capture_fixture.sh} "$job/words"
    mkdir -p "$tests/fixtures/$mode"
    rm -rf "$tests/fixtures/$mode/root"
    cp -a "$job/out/root" "$job/out/containers.tsv" "$tests/fixtures/$mode/"
    rm -rf "$job"
}

main() {
    local work=$1 mode
    shift
    [ $# -gt 0 ] || set -- v2 v1 hybrid
    for mode; do
        capture "$mode" "$work"
    done
}

main "$@"
