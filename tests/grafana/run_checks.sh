#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# run_checks.sh FOLDER: the checks of contrib/grafana that need npm's packages, which are fetched once into FOLDER.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
grafana=$(cd "$here/../../contrib/grafana" && pwd)
folder=$1

mkdir -p "$folder"
cp "$here"/package.json "$here"/package-lock.json "$here"/*.ts "$here"/*.mjs "$folder"
cd "$folder"
# npm notes here what it has installed, and is asked again when other versions are wanted.
if ! cmp -s package-lock.json installed.json; then
    npm ci --no-audit --no-fund --loglevel=error
    cp package-lock.json installed.json
fi
node check_schema.mjs "$grafana"
node check_flux.mjs "$grafana"
