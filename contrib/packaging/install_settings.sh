#!/bin/sh
# install_settings.sh FILE FOLDER: for `meson install`. A file that is there already is somebody's settings.
set -eu
target=${DESTDIR:-}$2/lxcmon-push.toml
[ -e "$target" ] || install -D -m 640 "$1" "$target"
