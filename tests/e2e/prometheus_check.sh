#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Metrics for Prometheus: the unit can neither write to the folder of node_exporter nor listen, says so, and does both with the drop-ins
# of docs/prometheus.md. Runs as root where the package is installed; starts and stops lxcmon-push.service, with settings of its own.
set -euo pipefail

drop_ins=/run/systemd/system/lxcmon-push.service.d
folder=/var/lib/lxcmon-prometheus-check
file=$folder/lxcmon.prom

end() {
    systemctl stop lxcmon-push
    rm -rf "$drop_ins" "$folder"
    systemctl daemon-reload
}

restart() {
    since=$(date +%s)
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
    echo "prometheus_check.sh: waited 600 s for: $*"
    exit 1
}

says() { journalctl -u lxcmon-push -o cat --since "@$since" | grep -q "$1"; }
answers() { curl -fsS http://127.0.0.1:9105/metrics | grep -q '^host_load_load1{'; }

# answers_at GROUP: to a user without other groups
answers_at() {
    setpriv --reuid=nobody --regid="$1" --clear-groups \
        curl -fsS --unix-socket "$socket" http://localhost/metrics | grep -q '^host_load_load1{'
}

trap end EXIT
mkdir -p "$drop_ins" "$folder"
{
    echo '[Service]'
    printf 'Environment="%s"\n' LXCMON_CONFIG=/dev/null LXCMON_INTERVAL=1s LXCMON_JSON_FILE=/dev/null LXCMON_INFLUX_URL= \
        LXCMON_OPENMETRICS_FILE="$file" LXCMON_OPENMETRICS_LISTEN=127.0.0.1:9105
} >"$drop_ins/prometheus-check.conf"
restart
await says 'the folder is read-only for this service'
await says "can't listen on 127.0.0.1:9105: Operation not permitted; the service needs a drop-in"
install -m 644 /usr/share/doc/lxcmon-push/examples/openmetrics-listen.conf "$drop_ins"
printf '[Service]\nReadWritePaths=%s\n' "$folder" >"$drop_ins/folder.conf"
restart
await test -s "$file"
[ "$(stat -c %a "$file")" = 644 ]
await answers
systemctl stop lxcmon-push
[ ! -e "$file" ]

# The drop-in for a unix socket, with a group that each Debian has.
socket=/run/lxcmon-push/metrics.sock
rm "$drop_ins/openmetrics-listen.conf"
sed -i "s|LISTEN=127.0.0.1:9105|LISTEN=unix://$socket|" "$drop_ins/prometheus-check.conf"
printf '%s\n' '[Service]' SystemCallFilter=listen RuntimeDirectory=lxcmon-push RuntimeDirectoryMode=0750 \
    'ExecStartPre=+/bin/chgrp daemon /run/lxcmon-push' >"$drop_ins/openmetrics-socket.conf"
[ -z "$(systemctl daemon-reload && systemd-analyze verify lxcmon-push.service 2>&1)" ]
restart
await answers_at daemon
[ "$(stat -c '%a %U %G' /run/lxcmon-push)" = "750 root daemon" ]
if answers_at nogroup; then exit 1; fi
systemctl stop lxcmon-push
[ ! -e /run/lxcmon-push ]
echo "metrics for Prometheus: refused without drop-ins, a file, a listener and a socket of one group with them"
