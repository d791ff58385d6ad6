#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An lxcpath of an ordinary user: the unit says which rights it lacks, and samples the container with the file of the package that adds
# them. Runs as root where the package is installed; starts and stops lxcmon-push.service, with settings of its own.
set -euo pipefail

user=lxcmon-user
home=/home/$user
drop_ins=/run/systemd/system/lxcmon-push.service.d
json=/var/lib/lxcmon-push/users-lxcpath-check.jsonl

end() {
    systemctl stop lxcmon-push
    rm -rf "$drop_ins" "$json"*
    systemctl daemon-reload
    userdel -r "$user" 2>/dev/null
}

restart() {
    systemctl daemon-reload
    systemctl restart lxcmon-push
}

# await COMMAND...: at most 600 s; the VM may have a tenth of a core
await() {
    local tries
    for ((tries = 0; tries < 3000; ++tries)); do
        "$@" && return
        sleep 0.2
    done
    journalctl --no-pager -u lxcmon-push -n 10
    echo "users_lxcpath_check.sh: waited 600 s for: $*"
    exit 1
}

says_what_it_lacks() { journalctl -u lxcmon-push -o cat | grep "listing the containers of $home/lxc: " | grep -q 'it needs CAP_SETUID and CAP_SETGID'; }
has_container() { grep '"name":"lxc_state"' "$json" 2>/dev/null | grep '"container":"of-a-user"' | grep -q STOPPED; }

trap end EXIT
useradd -m "$user"
install -d -o "$user" -g "$user" "$home/lxc/of-a-user"
echo 'lxc.rootfs.path = dir:/nowhere' >"$home/lxc/of-a-user/config"
chown -R "$user:$user" "$home/lxc"
mkdir -p "$drop_ins"
{
    echo '[Service]'
    printf 'Environment="%s"\n' LXCMON_CONFIG=/dev/null LXCMON_LXCPATH="$home/lxc" LXCMON_INTERVAL=1s LXCMON_JSON_FILE="$json" LXCMON_INFLUX_URL=
} >"$drop_ins/users-lxcpath-check.conf"
restart
await says_what_it_lacks
has_container && exit 1
install -m 644 /usr/share/doc/lxcmon-push/examples/lxcpaths-of-users.conf "$drop_ins"
restart
await has_container
echo "a user's lxcpath: refused without the package's file, sampled with it"
