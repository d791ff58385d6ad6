# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Installs packages for the scripts in contrib, on a host that is somebody's: shows what would be installed and asks on a terminal, removes no
# package, upgrades none unless allow_upgrades=yes, and lets no package start or enable a service. Source it after lib.sh.

allow_upgrades=no
policy=/usr/sbin/policy-rc.d
readonly policy_mark='# Made by contrib/dev/packages.sh of lxcmon-push while it installs packages; may be deleted.'

# run_until_signal COMMAND...: a signal to this script ends the command, too, and does not wait for it.
run_until_signal() {
    "$@" &
    waited_for=$!
    local code=0
    wait "$waited_for" || code=$?
    waited_for=
    return "$code"
}
waited_for=
end_waited_for() { [ -z "$waited_for" ] || stop_process "$waited_for"; }

refresh_package_lists() {
    # Without a network all packages may be installed already; otherwise the installation fails.
    run_until_signal apt-get update -qq || say "The package lists could not be refreshed; using the old ones."
}

# install_needed PACKAGE...: these, and the build dependencies, which only debian/control lists.
install_needed() {
    local plan names
    remove_policy # that of a run that was killed
    refresh_package_lists
    # shellcheck disable=SC2154 # of lib.sh
    make_plan build-dep "$root_folder/"
    mapfile -t names < <(sed -n 's/^Inst \([^ ]*\) (.*/\1/p' <<< "$plan")
    names+=("$@")
    # --no-upgrade leaves a named package alone that is installed.
    local install=(install --no-install-recommends --no-upgrade "${names[@]}")
    make_plan "${install[@]}"
    grep -q '^Inst ' <<< "$plan" || return 0
    show_plan
    [ ! -e "$policy" ] || check_policy
    ask_on_terminal
    say "Downloading"
    run_until_signal apt-get -y -qq --download-only "${install[@]}"
    say "Installing (a signal takes effect after it)"
    (install_without_services "${install[@]}")
}

# make_plan ARGUMENT...: sets `plan` to what apt would do, a line for each package; ends here if this would change what the host has.
make_plan() {
    local removed upgraded
    plan=$(apt-get --simulate -qq "$@" 2>&1) || fail "apt-get $* is not possible:"$'\n'"$plan"
    removed=$(sed -n 's/^Remv \([^ ]*\).*/\1/p' <<< "$plan" | xargs)
    # Debian's LXC conflicts with Proxmox VE's: apt would remove Proxmox VE.
    [ -z "$removed" ] || fail "apt would remove $removed: nothing was installed or removed. Run this on another Debian host or in a \
container; docs/service.md tells how to install the package on Proxmox VE"
    upgraded=$(sed -n 's/^Inst \([^ ]*\) \[.*/\1/p' <<< "$plan" | xargs)
    [ -z "$upgraded" ] || [ "$allow_upgrades" = yes ] || fail "apt would upgrade $upgraded: nothing was installed or upgraded. Upgrade \
this host first (apt-get upgrade), or run this on another Debian host or in a container"
}

show_plan() {
    local bytes
    bytes=$(apt-get --print-uris -qq "${install[@]}" | awk "/^'/ { sum += \$3 } END { printf \"%d\", sum }")
    say "apt will install $(grep -c '^Inst ' <<< "$plan") packages ($((bytes / 1000000)) MB to download):"
    sed -n 's/^Inst \([^ ]*\).*/\1/p' <<< "$plan" | sort | xargs | fold -s -w 100 | sed 's/^/  /'
    say "They stay installed; /var/log/apt/history.log lists them. No service of theirs is started or enabled."
}

ask_on_terminal() {
    local answer=
    [ -t 0 ] && [ -t 1 ] || return 0
    read -r -p "Install them? [y/N] " answer || true
    case $answer in
        y | Y | yes) ;;
        *) fail "nothing was installed" ;;
    esac
}

# Runs in a subshell: its EXIT trap holds for all ends of it. dpkg, once started, has to come to its end: apt is in a session of its own, so that
# a signal to our process group does not reach it.
install_without_services() {
    installing=$(mktemp -d) # not local: the trap runs after the function
    service_links > "$installing/before"
    trap 'remove_policy; turn_off_new_services; rm -rf "$installing"' EXIT
    trap : INT TERM HUP
    add_policy
    # needrestart would restart services that use an old library.
    NEEDRESTART_SUSPEND=1 with_progress "$installing/output" set_up setsid --wait apt-get -y -qq --no-remove "$@" < /dev/null ||
        fail "apt-get $* failed:"$'\n'"$(cat "$installing/output")"
}

set_up() { echo "$(grep -c '^Setting up ' "$1") of $(grep -c '^Inst ' <<< "$plan") packages"; }

# invoke-rc.d and deb-systemd-invoke ask this script: 101 forbids to start, stop or restart a service.
add_policy() {
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\n%s\nexit 101\n' "$policy_mark" > "$installing/policy-rc.d"
        chmod 755 "$installing/policy-rc.d"
        cp --no-clobber "$installing/policy-rc.d" "$policy"
    fi
    check_policy
}

check_policy() {
    local code=0
    "$policy" lxcmon-question start > /dev/null 2>&1 || code=$?
    [ "$code" -eq 101 ] || fail "$policy lets packages start services (exit code $code, expected 101): nothing was installed. Make it exit \
with 101, or move it away, and try again"
}

# One that is not ours stays. One that a killed run has left goes.
remove_policy() { ! grep -qsxF "$policy_mark" "$policy" || rm -f "$policy"; }

# The links that enable units (not those to /dev/null, which mask them) and start init scripts.
service_links() {
    find /etc/systemd/system /etc/systemd/user -type l ! -lname /dev/null 2> /dev/null | sort
    find /etc/rc?.d -name 'S*' 2> /dev/null | sort
}

# A package enables its units when it is configured, and then never again if the links are gone.
turn_off_new_services() {
    local link units=()
    while IFS= read -r link; do
        case $link in
            /etc/rc*) update-rc.d "${link##*/S[0-9][0-9]}" disable > /dev/null 2>&1 || true ;;
            *) rm -f "$link" && units+=("${link##*/}") ;;
        esac
    done < <(service_links | grep -vxFf "$installing/before")
    [ "${#units[@]}" -gt 0 ] || return 0
    [ ! -d /run/systemd/system ] || systemctl daemon-reload
    say "Installed, and not enabled: $(printf '%s\n' "${units[@]}" | sort -u | xargs)"
}
