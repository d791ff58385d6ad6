# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Functions of the tests. The tests need only the loopback network.
set -eu

drop_in=/run/systemd/system/lxcmon-push.service.d/autopkgtest.conf

# with_environment ASSIGNMENT...: sets the environment of the service until the test ends.
with_environment() {
    mkdir -p "${drop_in%/*}"
    printf '[Service]\nEnvironment=%s\n' "$*" > "$drop_in"
    systemctl daemon-reload
}

clean_up() {
    code=$?
    [ "$code" -eq 0 ] || journalctl --no-pager -n 30 -u lxcmon-push
    systemctl disable --now lxcmon-push || code=1
    rm -f "$drop_in"
    systemctl daemon-reload
    exit "$code"
}
trap clean_up EXIT

# wait_for COMMAND...: repeats the command until it succeeds, for at most five minutes.
wait_for() {
    end=$(($(date +%s) + 300))
    until "$@"; do
        [ "$(date +%s)" -lt "$end" ] || { echo "not within five minutes: $*"; return 1; }
        sleep 0.2
    done
}

passed() { echo "ok: $*"; }
