#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# fetch_incus.sh FOLDER: unpacks Incus of bookworm-backports there, for the tests. Nothing is installed, apt's own lists are left alone.
set -euo pipefail

folder=$1
[ ! -x "$folder/usr/libexec/incus/incusd" ] || exit 0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{lists,cache,parts}/partial "$work/root"
echo "deb http://deb.debian.org/debian bookworm-backports main" > "$work/sources.list"
apt_options=(-qq -o "Dir::Etc::sourcelist=$work/sources.list" -o "Dir::Etc::sourceparts=$work/parts" -o "Dir::State::lists=$work/lists"
    -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root)
apt-get "${apt_options[@]}" update
(cd "$work" && apt-get "${apt_options[@]}" download incus-base incus-client libcowsql0 libraft0)
for package in "$work"/*.deb; do dpkg-deb --extract "$package" "$work/root"; done
rm -rf "$folder"
mv "$work/root" "$folder"
chmod 755 "$folder"
