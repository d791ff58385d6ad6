#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Does the hardened unit sample all that the same program samples without any bounds? Runs as root where the package is installed and
# containers run; starts and stops lxcmon-push.service, with settings of its own.
#
# usage: hardened_unit_check.sh [NAME=VALUE...]      more environment for both, such as LXCMON_LXCPATH=/home/joe/lxc
#
# Prints what the unit lacks or sees otherwise, and ends with 1 where that is anything.
set -euo pipefail

work=$(mktemp -d /var/tmp/hardened-XXXXXX)
drop_in=/run/systemd/system/lxcmon-push.service.d/hardened-check.conf
json=/var/lib/lxcmon-push/hardened-check.jsonl
settings=(LXCMON_CONFIG=/dev/null LXCMON_METRICS='+*' LXCMON_TOP_COMMANDS=1000 LXCMON_FS_INTERVAL=1s LXCMON_HOST=here "$@")

end() {
    systemctl stop lxcmon-push
    rm -rf "$work" "$drop_in" "$json"*
    systemctl daemon-reload
}

# Lines of "SERIES FIELD VALUE" of line protocol; what the agent says of itself is another run's.
figures() {
    grep -v '^lxcmon_push,' | sed 's/\\ /_/g' | awk '{
        count = split($2, fields, ",")
        for (each = 1; each <= count; ++each) {
            split(fields[each], pair, "=")
            print $1, pair[1], pair[2]
        }
    }' | sort -u
}

unbounded() { env "${settings[@]}" lxcmon-push --once --dry-run | figures >"$work/$1"; }

bounded() {
    mkdir -p "$(dirname "$drop_in")"
    {
        echo '[Service]'
        printf 'Environment="%s"\n' "${settings[@]}" LXCMON_INTERVAL=2s LXCMON_JSON_FILE="$json" LXCMON_INFLUX_URL=
    } >"$drop_in"
    systemctl daemon-reload
    systemctl restart lxcmon-push
    # Rates need two ticks; the third tells that the second is in the file whole.
    timeout 60 sh -c "until [ \$(grep -c '\"name\":\"lxcmon_push\"' $json) -ge 3 ]; do sleep 0.2; done" 2>/dev/null || {
        journalctl --no-pager -u lxcmon-push -n 10
        echo "hardened_unit_check.sh: no three ticks in $json within 60 s"
        exit 1
    }
    lxcmon-push --config /dev/null --log-level error --dry-run replay "$json" | figures >"$work/unit"
}

# What both runs around the unit's have, the unit must have; and what can't change in between must be the same.
missing() {
    comm -12 <(cut -d' ' -f1,2 "$work/before" | uniq) <(cut -d' ' -f1,2 "$work/after" | uniq) >"$work/wanted"
    comm -23 "$work/wanted" <(cut -d' ' -f1,2 "$work/unit" | uniq)
}
# What neither of them has: another view of the mounts, say. Which commands run differs from moment to moment.
extra() {
    comm -13 <(sort -u "$work/before" "$work/after" | cut -d' ' -f1,2 | uniq) <(cut -d' ' -f1,2 "$work/unit" | uniq) | grep -v '^lxc_process,' || true
}
different() {
    comm -12 "$work/before" "$work/after" |
        grep -E ' (true|false|".*")$| (mtu|cpus|total_bytes|inodes_total|limit[a-z_]*) ' |
        comm -23 - "$work/unit"
}

trap end EXIT
unbounded before
bounded
unbounded after
missing >"$work/missing"
extra >"$work/extra"
different >"$work/different" || true
cut -d, -f1 "$work/wanted" | sort | uniq -c | awk '{ printf "%s%s %s", separator, $2, $1; separator = ", " } END { print "" }'
sed 's/^/MISSING /' "$work/missing"
sed 's/^/DIFFERENT /' "$work/different"
sed 's/^/EXTRA /' "$work/extra"
[ -s "$work/wanted" ] && [ ! -s "$work/missing" ] && [ ! -s "$work/different" ] && [ ! -s "$work/extra" ]
