#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# install_settings.sh FILE FOLDER: for `meson install`. Keeps an existing settings file.
set -eu
target=${DESTDIR:-}$2/lxcmon-push.toml
[ -e "$target" ] || install -D -m 640 "$1" "$target"
