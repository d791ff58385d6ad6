#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs in the VM of test_cgroup_modes.sh.
set -euo pipefail

# Pages that are held back would hold up the machine's end.
trap 'bash ./fixture_containers.sh end' EXIT

bash ./fixture_containers.sh sysd bfq >"$OUT/history.log" 2>&1
bash ./capture_figures.sh ./lxcmon-push
