#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# sudo ./contrib/quickstart.sh [--influx]: from a fresh Debian to metrics of your containers.
set -euo pipefail
# shellcheck source=contrib/dev/lib.sh
. "$(dirname "$0")/dev/lib.sh"
# shellcheck source=contrib/dev/packages.sh
. "$(dirname "$0")/dev/packages.sh"
# shellcheck source=contrib/dev/throwaway.sh
. "$(dirname "$0")/dev/throwaway.sh"

usage() {
    cat << 'END'
Usage: sudo ./contrib/quickstart.sh [--influx]

Installs the build dependencies (it shows them, and asks on a terminal), builds lxcmon-push into ./build, runs it for three ticks and shows
the metrics of one container. If no container is running, it creates a small one and removes it at the end. It does not install
lxcmon-push. Takes 3 to 10 minutes the first time, most of them for the build, and half a minute later.

What stays: the packages, ./build, and compiled files in ccache's cache if ccache is installed. A signal ends all that it has started.

  --influx   start a temporary InfluxDB on loopback (Debian's influxdb), and show the results of queries; default: a JSON file
END
}

# The second part runs below end_children.py, with the seconds that the first one took.
installed=no
if [ "${1:-}" = --installed ]; then
    installed=yes SECONDS=$2
    shift 2
fi
with_influx=no
case ${1:-} in
    '') ;;
    --influx) with_influx=yes ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
esac

need_root
need_debian
cd "$root_folder"

# liblxc's monitor of each running container listens on a socket of this name.
container_runs() { grep -q '@.*/command$' /proc/net/unix; }

install() {
    local packages=(python3)
    trap end_waited_for EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    say "This takes 3 to 10 minutes the first time, and half a minute later."
    step "Packages: the build dependencies (debian/control) and what the quick start needs"
    [ "$with_influx" = no ] || packages+=(influxdb influxdb-client)
    container_runs || packages+=(lxc busybox-static iproute2)
    install_needed "${packages[@]}"
    exec python3 contrib/dev/end_children.py contrib/quickstart.sh --installed "$SECONDS" "$@"
}
[ "$installed" = yes ] || install "$@"

agent=build/src/lxcmon-push
agent_arguments=(--interval 1s --fs-interval 1s)
agent_pid=
influxd_pid=
made_container=no
# Not /tmp: on a tmpfs the container would have no disk metrics.
work=$(mktemp -d /var/tmp/lxcmon-quickstart-XXXXXX)

clean_up() {
    trap '' INT TERM HUP
    [ -z "$agent_pid" ] || stop_process "$agent_pid"
    [ -z "$influxd_pid" ] || stop_process "$influxd_pid"
    remove_throwaway_container "$work"
    rm -rf --one-file-system "$work"
}
trap clean_up EXIT
trap 'exit 143' INT TERM HUP

build() {
    local compiler=g++
    ! command -v ccache > /dev/null || compiler="ccache g++"
    configure_build build "$compiler" "${unity[@]}" && meson compile -C build lxcmon-push
}

ninja_steps() { grep -o '^\[[0-9]*/[0-9]*\]' "$1" | tail -n 1; }

build_agent() {
    step "Building into ./build (2 to 8 minutes the first time)"
    with_progress "$work/build.log" ninja_steps build || { cat "$work/build.log"; fail "the build failed"; }
    say "$("$agent" --version) is in $root_folder/$agent"
}

running_containers() {
    "$agent" list --json "$@" | python3 -c \
        'import json, sys; print(*[c["name"] for c in json.load(sys.stdin) if c["state"] != "STOPPED"], sep="\n")'
}

find_containers() {
    step "Looking for running containers"
    local names
    names=$(running_containers)
    if [ -z "$names" ]; then
        say "None is running: creating a temporary one (removed at the end)."
        # They are missing if a container ran at the beginning: it has ended, or is in an lxcpath that the agent does not look in by itself.
        type lxc-start busybox ip > /dev/null 2>&1 || install_needed lxc busybox-static iproute2
        make_throwaway_container "$work"
        made_container=yes
        agent_arguments+=(--lxcpath "$work/lxc")
        names=$(running_containers --lxcpath "$work/lxc")
    fi
    shown=${names%%$'\n'*}
    say "$(wc -l <<< "$names") running; the figures of $shown follow."
}

# run_agent DONE ARGUMENT...: runs the agent until the function DONE succeeds.
run_agent() {
    local done=$1
    shift
    "$agent" "${agent_arguments[@]}" --log-level warn "$@" 2> "$work/agent.log" &
    agent_pid=$!
    wait_for 30 "$done" || { cat "$work/agent.log"; fail "no three ticks within 30 s"; }
    stop_process "$agent_pid"
    agent_pid=
}

three_ticks_in_file() {
    [ -s "$work/points.jsonl" ] && [ "$(grep -o '"timestamp":[0-9]*' "$work/points.jsonl" | sort -u | wc -l)" -ge 3 ]
}

show_json_sink() {
    step "Three ticks into a JSON file: lxcmon-push ${agent_arguments[*]} --json-file FILE"
    run_agent three_ticks_in_file --json-file "$work/points.jsonl"
    say "One of its lines:"
    grep '"lxc_cpu"' "$work/points.jsonl" | grep -F "\"container\":\"$shown\"" | tail -1
    step "The metrics of $shown in the last tick"
    python3 contrib/dev/show_figures.py "$shown" < "$work/points.jsonl"
    step "A summary: lxcmon-push list --include $shown"
    "$agent" "${agent_arguments[@]}" --include "$shown" list
}

query() { influx -host 127.0.0.1 -port "$influx_port" -database lxc "$@"; }
influx_answers() { query -execute 'SHOW DATABASES' > /dev/null 2>&1; }

start_influxd() {
    step "Starting a temporary InfluxDB on loopback"
    influx_port=$(free_port)
    local rpc_port
    rpc_port=$(free_port)
    cat > "$work/influxdb.conf" << END
reporting-disabled = true
bind-address = "127.0.0.1:$rpc_port"
[meta]
  dir = "$work/influxdb/meta"
[data]
  dir = "$work/influxdb/data"
  wal-dir = "$work/influxdb/wal"
[http]
  bind-address = "127.0.0.1:$influx_port"
END
    influxd -config "$work/influxdb.conf" > "$work/influxd.log" 2>&1 &
    influxd_pid=$!
    wait_for 30 influx_answers || { tail -5 "$work/influxd.log"; fail "influxd does not answer"; }
    say "It listens on http://127.0.0.1:$influx_port"
}

tick_times() {
    # The database may not exist yet.
    query -format csv -execute 'SELECT running FROM lxc_state' 2> /dev/null | awk -F, 'NR > 1 { print $2 }' | sort -u
}
three_ticks_in_influx() { [ "$(tick_times | wc -l)" -ge 3 ]; }

# show_rows MEASUREMENT COLUMNS: shows the rows of the last tick.
show_rows() {
    local statement="SELECT $2 FROM $1 WHERE container = '$shown' AND time = $last_tick" table
    table=$(query -format csv -execute "$statement" | python3 contrib/dev/show_table.py)
    [ -n "$table" ] || { say "(no row of $1)"; missing+=" $1"; return; }
    say "> SELECT $2 FROM $1 WHERE container = '$shown'"
    say "$table"
    say
}

# The temporary container has metrics of each kind; other containers may have done no I/O, or share the host's network.
explain_missing() {
    [ "$made_container" = no ] || fail "InfluxDB has no rows of:$missing"
    say "No rows of$missing for this container; possible reasons: docs/measurements.md, Notes on the measurements."
}

show_influx_sink() {
    start_influxd
    step "Three ticks into it: lxcmon-push ${agent_arguments[*]} --influx-url http://127.0.0.1:$influx_port"
    run_agent three_ticks_in_influx --influx-url "http://127.0.0.1:$influx_port" --spool-dir "$work/spool"
    last_tick=$(tick_times | tail -1)
    missing=
    step "Rows of the last tick in InfluxDB"
    show_rows lxc_cpu "usage_percent, usage_usec, cpus"
    show_rows lxc_memory "used_bytes, usage_bytes, anon_bytes, file_bytes"
    show_rows lxc_net "interface, rx_bytes, tx_bytes, up, host_interface"
    show_rows lxc_fs "mountpoint, fstype, used_bytes, total_bytes, used_percent"
    show_rows lxc_io "device, read_bytes, write_bytes, read_ops, write_ops"
    show_rows lxc_pids "processes, threads"
    [ -z "$missing" ] || explain_missing
}

show_next_steps() {
    step "Next steps"
    cat << END
  sudo $root_folder/$agent list                                the containers of this host
  sudo $root_folder/$agent --once --dry-run                    one sample as line protocol
  sudo $root_folder/$agent check --influx-url http://SERVER:8086   tests settings and server
  sudo $root_folder/$agent --influx-url http://SERVER:8086     the agent: a sample every 10 s
  sudo $root_folder/contrib/test.sh                            every test
Graphs: README.md. Options and measurements: docs.
END
}

build_agent
find_containers
if [ "$with_influx" = yes ]; then show_influx_sink; else show_json_sink; fi
show_next_steps
step "Done. What stays: the packages, $root_folder/build, ccache's cache if it is installed"
