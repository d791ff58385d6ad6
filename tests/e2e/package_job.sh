#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs in the VM of test_package.sh: the life of the package on a host with systemd, from `apt install` to purge.
# Beside it: lib.sh, package_checks.sh, capture_figures.sh, changes_check.sh, the fixture's scripts; deb/ and upgrade/, each with the package in one version.
set -eEuo pipefail
# shellcheck source=contrib/dev/lib.sh
. ./lib.sh
# shellcheck source=tests/e2e/package_checks.sh
. ./package_checks.sh

trap 'show_trouble "$BASH_COMMAND"' ERR

begin "apt install: neither enabled nor started, nothing readable that may hold a secret"
apt-get install -y -qq ./deb/lxcmon-push_*.deb >"$OUT/install.log" 2>&1
is_state disabled inactive
has_mode 640 "$settings"
has_mode 640 /etc/default/lxcmon-push
has_mode 700 /etc/lxcmon/credentials
lxcmon-push --version

begin "autopkgtest: without a server it writes the JSON file"
sh ./tests/without-server
systemctl start "$unit"
wait_for 600 status_says 'lxcmon\.jsonl'
systemctl stop "$unit"

begin "autopkgtest: with InfluxDB"
sh ./tests/with-influxdb
[ -z "$(systemd-analyze verify "$unit.service" 2>&1 | tee "$OUT/verify.log")" ]

begin "containers with a history: the hardened unit samples all that the same program samples without bounds"
trap 'bash ./fixture_containers.sh end' EXIT
bash ./fixture_containers.sh sysd bfq >"$OUT/history.log" 2>&1
bash ./hardened_unit_check.sh
# docs/security.md says 2.5.
systemd-analyze security --no-pager --threshold=25 "$unit" | tail -n 1
bash ./users_lxcpath_check.sh

begin "InfluxDB, settings, enable --now"
systemctl restart influxdb
wait_for 600 curl -fsS http://127.0.0.1:8086/ping
since_now
set_setting influx-url '"http://127.0.0.1:8086"'
set_setting interval '"2s"'
set_setting fs-interval '"2s"'
set_setting metrics '["+lxc_socket", "+lxc_process"]'
(umask 077; echo t0ken >/etc/lxcmon/credentials/token) # this InfluxDB asks for none
systemctl enable --now "$unit"
is_state enabled active
[ "$(cat "/run/credentials/$unit.service/influx_token")" = t0ken ]
grep -q '^Max core file size  *0  *0 ' "/proc/$(main_pid)/limits"
wait_for 600 status_says '^4 containers'
systemctl status "$unit" | grep -E 'Status|Memory|Tasks'

begin "rows of every measurement, read back from InfluxDB"
wait_for 600 every_measurement_has_rows
show_measurements

begin "its figures, and the kernel's own"
mkdir "$OUT/v2"
OUT=$OUT/v2 bash ./capture_figures.sh lxcmon-push

begin "what is read only when it has changed"
bash ./changes_check.sh lxcmon-push

begin "the limits of a slice hold for a container below it"
bash ./limits_above_check.sh lxcmon-push

begin "a mapped device has its lasting path, and filesystems their block device"
bash ./device_paths_check.sh lxcmon-push

begin "systemctl reload: a new setting counts, in the same process"
before=$(main_pid)
set_setting tag '["site=vm"]'
systemctl reload "$unit"
wait_for 600 has_rows host_load "AND site = 'vm'"
[ "$(main_pid)" = "$before" ]

begin "killed with SIGKILL it comes back"
before=$(main_pid)
since_now
systemctl kill -s KILL "$unit"
wait_for 600 runs_as_other_than "$before"
wait_for 600 has_rows host_load
systemctl show -p NRestarts "$unit"

begin "stuck for longer than WatchdogSec it is ended and comes back"
drop_in_folder=/run/systemd/system/$unit.service.d
mkdir -p "$drop_in_folder"
printf '[Service]\nWatchdogSec=4s\n' >"$drop_in_folder/watchdog.conf"
systemctl daemon-reload
systemctl restart "$unit"
before=$(main_pid)
kill -STOP "$before"
wait_for 600 runs_as_other_than "$before"
journalctl -u "$unit" -o cat | grep -i 'watchdog timeout'
rm -r "$drop_in_folder"
systemctl daemon-reload

begin "the server is down, systemctl stop: nothing is lost"
systemctl stop "$unit"
since_now
systemctl start "$unit"
wait_for 600 has_rows host_load
systemctl stop influxdb
wait_for 600 spool_has_points
systemctl stop "$unit"
spool_has_points

begin "upgrade: restarted once, settings and spool are kept"
systemctl start "$unit"
wait_for 600 status_says spool
checksum=$(sha256sum "$settings")
before=$(main_pid) started=$(times_started)
apt-get install -y -qq ./upgrade/lxcmon-push_*.deb >"$OUT/upgrade.log" 2>&1
is_state enabled active
runs_as_other_than "$before"
[ "$(times_started)" -eq $((started + 1)) ]
[ "$(sha256sum "$settings")" = "$checksum" ]
spool_has_points
systemctl start influxdb
wait_for 600 spool_is_empty
systemctl stop "$unit"
no_tick_is_lost 2 # each start may follow a gap

begin "remove: settings and data stay"
systemctl start "$unit"
apt-get remove -y -qq lxcmon-push >"$OUT/remove.log" 2>&1
[ ! -e /usr/sbin/lxcmon-push ]
nothing_runs
[ -s "$settings" ]
[ -s /etc/lxcmon/credentials/token ]
[ -d /var/lib/lxcmon-push/spool ]

begin "purge: nothing is left"
apt-get purge -y -qq lxcmon-push >"$OUT/purge.log" 2>&1
nothing_is_left
begin "done"
