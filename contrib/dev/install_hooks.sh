#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# install_hooks.sh [--remove]: turns the project's git hooks (contrib/dev/hooks) on for this clone, or off again.
set -euo pipefail
cd "$(git -C "$(dirname "$0")" rev-parse --show-toplevel)"

case ${1:-} in
'')
    git config core.hooksPath contrib/dev/hooks
    echo "git runs contrib/dev/hooks in this clone from now on"
    ;;
--remove)
    git config --unset core.hooksPath || true
    echo "git runs no hooks of the project any more"
    ;;
*)
    echo "usage: $0 [--remove]" >&2
    exit 2
    ;;
esac
