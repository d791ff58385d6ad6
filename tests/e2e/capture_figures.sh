#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# In a VM with the containers of fixture_containers.sh: the agent's figures, the kernel's own, and the agent's again, all into $OUT, so
# that each of the kernel's must lie between two of the agent's (compare_figures.py).
#
# usage: capture_figures.sh LXCMONTEST_PUSH_BINARY
set -euo pipefail

once() { "$binary" --config /dev/null --host captured --no-host --metrics '+lxc_memory.*' --once --dry-run >"$OUT/$1"; }

binary=$1
once before.lp
bash ./capture_fixture.sh "$OUT/fixture"
once after.lp
