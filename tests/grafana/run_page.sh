#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# run_page.sh FOLDER [COMMAND...]: installs the packages of the page and builds it in FOLDER, once, and runs the command; without one, the
# test of the page.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
folder=$1
shift

mkdir -p "$folder"
cp -r "$here"/page/. "$folder"
cd "$folder"
# npm notes here what it has installed, and is asked again when other versions are wanted.
if ! cmp -s package-lock.json installed.json; then
    npm ci --no-audit --no-fund --loglevel=error
    cp package-lock.json installed.json
fi
sum=$(cat package-lock.json build.mjs index.html src/* | sha256sum)
if [ "$sum" != "$(cat built.txt 2> /dev/null)" ]; then
    node build.mjs
    echo "$sum" > built.txt
fi
[ $# -gt 0 ] || set -- python3 "$here/test_page.py" "$folder"
exec "$@"
