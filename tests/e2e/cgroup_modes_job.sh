#!/bin/bash
# Runs in the VM of test_cgroup_modes.sh: containers with a history, then the agent's figures, the kernel's own, and
# the agent's again, so that each of the kernel's must lie between two of the agent's.
set -euo pipefail

# Pages that are held back would hold up the machine's end.
trap 'bash ./fixture_containers.sh end' EXIT

once() { ./lxcmon-push --config /dev/null --host captured --no-host --once --dry-run >"$OUT/$1"; }

bash ./fixture_containers.sh "$(cat containers)" bfq >"$OUT/history.log" 2>&1
once before.lp
bash ./capture_fixture.sh "$OUT/fixture"
once after.lp
