#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs in the chroot of build_package.sh: what contrib/dev/packages.sh does with a host. A repository of stand-ins has a package with a service
# (a unit, an init script, maintainer scripts as debhelper writes them) and a library in two versions.
#
# usage: packages_check.sh TREE
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
readonly policy=/usr/sbin/policy-rc.d
chmod 755 "$work" # apt reads the repository as a user of its own
export DEBIAN_FRONTEND=noninteractive

fail() {
    printf '%s\n' "packages_check.sh: $*" >&2
    [ ! -f "$work/log" ] || sed 's/^/    /' "$work/log" >&2
    exit 1
}

# A tree whose build dependency is a stand-in, too.
mkdir -p "$work/tree/debian" "$work/repository"
cp -a "$1/contrib" "$work/tree"
printf '%s\n' 'Source: standin' 'Maintainer: stand-in <a@example.org>' 'Build-Depends: standin-build' '' 'Package: standin' 'Architecture: all' \
    'Description: stand-in' > "$work/tree/debian/control"

# standin NAME VERSION FIELD...: adds a package to the repository; $work/NAME has its files, if there are any.
standin() {
    local folder=$work/$1
    mkdir -p "$folder/DEBIAN"
    printf '%s\n' "Package: $1" "Version: $2" 'Architecture: all' 'Maintainer: stand-in <a@example.org>' "${@:3}" 'Description: stand-in' \
        > "$folder/DEBIAN/control"
    dpkg-deb --root-owner-group -b "$folder" "$work/repository" > /dev/null
}

make_service_files() {
    local folder=$work/standin-service
    mkdir -p "$folder"/{DEBIAN,etc/init.d,usr/lib/systemd/system}
    printf '%s\n' '[Service]' 'ExecStart=/bin/sleep 1000' '[Install]' 'WantedBy=multi-user.target' 'Alias=standin-alias.service' \
        > "$folder/usr/lib/systemd/system/standin-unit.service"
    cat > "$folder/etc/init.d/standin-script" << 'END'
#!/bin/sh
### BEGIN INIT INFO
# Provides: standin-script
# Required-Start:
# Required-Stop:
# Default-Start: 2 3 4 5
# Default-Stop: 0 1 6
### END INIT INFO
echo "$1" >> /run/standin-started
END
    # The fifo keeps it at work as long as the test wants.
    cat > "$folder/DEBIAN/postinst" << 'END'
#!/bin/sh
set -e
deb-systemd-helper unmask standin-unit.service > /dev/null || true
if deb-systemd-helper --quiet was-enabled standin-unit.service; then deb-systemd-helper enable standin-unit.service > /dev/null || true; fi
update-rc.d standin-script defaults > /dev/null
invoke-rc.d standin-script start
if [ -p /run/standin-fifo ]; then cat /run/standin-fifo > /dev/null; fi
END
    cat > "$folder/DEBIAN/postrm" << 'END'
#!/bin/sh
if [ "$1" = purge ]; then deb-systemd-helper purge standin-unit.service > /dev/null; update-rc.d standin-script remove; fi
END
    chmod 755 "$folder/etc/init.d/standin-script" "$folder"/DEBIAN/post*
}

# Without an init and a runlevel, as in a chroot, invoke-rc.d starts nothing by itself.
[ -e /sbin/init ] || touch /sbin/init
[ -e /sbin/runlevel ] || printf '#!/bin/sh\necho N 3\n' > /sbin/runlevel
chmod 755 /sbin/init /sbin/runlevel
make_service_files
standin standin-library 1.0
dpkg -i "$work"/repository/standin-library_1.0_all.deb > /dev/null
standin standin-library 2.0
standin standin-build 1.0
standin standin-service 1.0 'Depends: standin-library'
standin standin-new 1.0 'Depends: standin-library (>= 2.0)'
(cd "$work/repository" && dpkg-scanpackages --multiversion . > Packages 2> /dev/null)
printf '%s\n' "deb [trusted=yes] file:$work/repository ./" > "$work/sources.list"
cat > "$work/apt.conf" << END
Dir::Etc::sourcelist "$work/sources.list";
Dir::Etc::sourceparts "$work/none";
Dir::State::lists "$work/lists";
END
mkdir -p "$work/lists/partial" "$work/none"
export APT_CONFIG=$work/apt.conf

cat > "$work/tree/contrib/install.sh" << 'END'
#!/bin/bash
set -euo pipefail
. "$(dirname "$0")/dev/lib.sh"
. "$(dirname "$0")/dev/packages.sh"
trap end_waited_for EXIT
trap 'exit 143' TERM
allow_upgrades=${ALLOW_UPGRADES:-no}
install_needed "$@"
END
chmod 755 "$work/tree/contrib/install.sh"
install_needed() { "$work/tree/contrib/install.sh" "$@" > "$work/log" 2>&1 < /dev/null; }
is_installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2> /dev/null)" = installed ]; }
says() { grep -q -- "$1" "$work/log" || fail "no '$1' in what it says"; }
forget() { dpkg --purge standin-service standin-build > "$work/log" 2>&1; }

expect_all_off() {
    local found
    [ ! -e /run/standin-started ] || fail "a service was asked to $(cat /run/standin-started)"
    found=$(find /etc/systemd /etc/rc?.d -name 'standin-*.service' -o -name 'S*standin-script')
    [ -z "$found" ] || fail "enabled: $found"
    is_installed standin-service || fail "standin-service is not installed"
    [ "$(dpkg-query -W -f '${Version}' standin-library)" = 1.0 ] || fail "standin-library was upgraded"
}

# A host without policy-rc.d: the package starts nothing, the library of the host stays, nothing stays of the run.
install_needed standin-service standin-library || fail "the installation fails"
says 'will install 2 packages'
says '  standin-build standin-service'
expect_all_off
is_installed standin-build || fail "the build dependency is not installed"
[ ! -e "$policy" ] || fail "$policy stays"
# Again: nothing to do, so nothing to ask. The stand-ins do start services, if nothing forbids it.
install_needed standin-service || fail "the second run fails"
[ ! -s "$work/log" ] || fail "the second run says something"
forget
apt-get install -y -qq standin-service > "$work/log" 2>&1
{ [ -e /run/standin-started ] && [ -L /etc/systemd/system/multi-user.target.wants/standin-unit.service ]; } || fail "the stand-ins stand for nothing"
rm /run/standin-started
forget

# An upgrade that cannot be avoided.
! install_needed standin-new || fail "it upgrades standin-library"
says 'apt would upgrade standin-library'
! is_installed standin-build || fail "something was installed beside the upgrade"

# A policy-rc.d of the host: one that forbids is used and stays; one that allows ends the run; one of a killed run goes.
printf '#!/bin/sh\n# of the host\nexit 101\n' > "$policy"
chmod 755 "$policy"
cp "$policy" "$work/policy"
install_needed standin-service || fail "it does not use the host's $policy"
cmp "$policy" "$work/policy" || fail "the host's $policy was changed"
expect_all_off
forget
sed -i 's/101/0/' "$policy"
! install_needed standin-service || fail "it installs where $policy allows to start services"
says 'lets packages start services (exit code 0'
! is_installed standin-service || fail "it installs all the same"
printf '#!/bin/sh\n%s\nexit 101\n' "$(bash -c '. "$0" && echo "$policy_mark"' "$1/contrib/dev/packages.sh")" > "$policy"
install_needed standin-service || fail "a policy of a killed run is in the way"
[ ! -e "$policy" ] || fail "the policy of a killed run stays"
forget

# A signal to all of the process group while dpkg works: it comes to its end, then the script ends, and all is off.
mkfifo /run/standin-fifo
setsid "$work/tree/contrib/install.sh" standin-service > "$work/log" 2>&1 < /dev/null &
script=$!
exec 3> /run/standin-fifo # returns when the postinst reads
[ -x "$policy" ] || fail "no $policy during the installation"
kill -TERM "-$script"
exec 3>&-
code=0
wait "$script" || code=$?
[ "$code" -eq 143 ] || fail "the exit code after SIGTERM is $code"
expect_all_off
[ ! -e "$policy" ] || fail "$policy stays after SIGTERM"
rm /run/standin-fifo
forget

# A terminal is asked.
ask() { printf '%s\n' "$1" | script -qec "$work/tree/contrib/install.sh standin-service" /dev/null > "$work/log" 2>&1; }
! ask n || fail "'n' installs"
says 'nothing was installed'
! is_installed standin-service || fail "'n' installs"
ask y || fail "'y' does not install"
expect_all_off
forget

# CI's machine is thrown away.
ALLOW_UPGRADES=yes install_needed standin-new || fail "--allow-upgrades does not upgrade"
[ "$(dpkg-query -W -f '${Version}' standin-library)" = 2.0 ] || fail "--allow-upgrades leaves standin-library"
is_installed standin-new || fail "standin-new is not installed"
