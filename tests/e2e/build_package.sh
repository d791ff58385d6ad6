#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds the package as Debian's builders do: in a fresh minimal chroot of the release with the build dependencies of debian/control alone, as an
# unprivileged user without a network, trixie's with the unit tests. Then apt simulates the installation beside stand-ins of Proxmox VE, and that
# release's lintian looks at the package. Takes its seconds for each step.
#
# usage: build_package.sh RELEASE OUTDIR [optimized]
#
#   RELEASE     bookworm or trixie
#   OUTDIR      gets .deb, dbgsym .deb, .changes and .buildinfo
#   optimized   as people get it, and with the unit tests, whatever the release
#
# Needs root and: apt-get install mmdebstrap iproute2. LXCMONTEST_CCACHE names the folder where compiled files are kept for the next time.
set -euo pipefail
# shellcheck source=contrib/dev/lib.sh
. "$(dirname "$0")/../../contrib/dev/lib.sh"

[ $# -eq 2 ] || [ "$*" = "$1 $2 optimized" ] || fail "usage: build_package.sh RELEASE OUTDIR [optimized]"
need_root
need_debian
release=$1
mkdir -p "$2"
outdir=$(cd "$2" && pwd)
ccache_folder=${LXCMONTEST_CCACHE:-/var/tmp/lxcmon-ccache}/$release
work=$(mktemp -d "${TMPDIR:-/var/tmp}/lxcmon-package-$release-XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
chroot=$work/root
# Only bookworm's package is installed and run by the tests, and the unit tests have passed with its compiler and libraries outside.
# Compiled without optimizing the other takes half of the time, and tells as much of that release's compiler and libraries.
case "$release ${3:-}" in
    *optimized) build_options=terse ;;
    bookworm*) build_options="terse nocheck" ;;
    *) build_options="terse noopt" ;;
esac
readonly builder=1234 # no user has this id, in the chroot or outside

# The mirror that this host has its own packages from has the other releases, too.
mirror() {
    local codename
    codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
    # shellcheck disable=SC2016 # apt's variables
    apt-get indextargets --format '$(REPO_URI)' "Codename: $codename" 'Origin: Debian' 'Component: main' 'Created-By: Packages' | head -n 1
}

copy_tree() {
    mkdir -p "$work/tree"
    # 1: another build makes its folder meanwhile.
    { tar -C "$root_folder" --exclude=.git --exclude='./build*' --exclude=__pycache__ -c . || [ $? -eq 1 ]; } | tar -C "$work/tree" -x --no-same-owner
}

make_chroot() {
    local source
    source="deb $(mirror) $release main"
    # While mmdebstrap's hooks run apt still has its lists.
    # shellcheck disable=SC2016 # $1 is the hook's
    mmdebstrap --quiet --variant=buildd --include=ccache \
        --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' --dpkgopt=force-unsafe-io \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
        --customize-hook='mkdir "$1/build" && cp -a tree "$1/build/lxcmon-push"' \
        --customize-hook='chroot "$1" apt-get build-dep -y -qq /build/lxcmon-push' \
        --skip=cleanup/apt \
        "$release" "$chroot" "$source"
}

# in_chroot USER COMMAND...: no network, nothing of the host's processes; what it leaves running ends with it.
in_chroot() {
    # shellcheck disable=SC2016 # the inner shell's own arguments
    unshare --mount --net --pid --ipc --uts --fork --kill-child --mount-proc="$chroot/proc" bash -euc '
        ip link set lo up
        mount -t tmpfs -o mode=1777 shm "$1/dev/shm"
        mount -t devpts -o newinstance,ptmxmode=0666 devpts "$1/dev/pts"
        mount --bind "$2" "$1/ccache"
        exec chroot --userspec="$4:$4" "$1" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
            CCACHE_DIR=/ccache CCACHE_COMPILERCHECK=content DEB_BUILD_OPTIONS="$3" "${@:5}"' bash "$chroot" "$ccache_folder" "$build_options" "$@"
}

build() {
    mkdir -p "$chroot/ccache" "$ccache_folder"
    chown -R "$builder:$builder" "$chroot/build" "$ccache_folder"
    in_chroot "$builder" bash -c 'cd /build/lxcmon-push && exec dpkg-buildpackage -b -us -uc'
}

# As root, since the scripts of contrib ask for it.
check_proxmox() { in_chroot 0 bash -c 'exec /build/lxcmon-push/tests/e2e/proxmox_check.sh /build/lxcmon-push /build/lxcmon-push_*.deb'; }

# As root, and it installs stand-ins in this chroot.
check_services() { in_chroot 0 bash -c 'exec /build/lxcmon-push/tests/e2e/packages_check.sh /build/lxcmon-push'; }

install_lintian() { chroot "$chroot" apt-get install -y -qq lintian; }

# It prints nothing but what is an error or a warning.
run_lintian() { in_chroot "$builder" bash -c 'exec lintian --fail-on error,warning /build/*.changes'; }

# timed TITLE COMMAND...: the command's words only where it fails.
timed() {
    local title=$1 begin=$SECONDS code
    shift
    set +e
    (set -e; "$@") > "$work/log" 2>&1
    code=$?
    set -e
    if [ "$code" -ne 0 ]; then
        cat "$work/log"
        fail "$release: $title failed"
    fi
    say "$release: $title: $((SECONDS - begin)) s"
}

cd "$work"
copy_tree
timed "chroot with the build dependencies" make_chroot
timed "build and unit tests" build
cp "$work/log" "$outdir/build.log"
rm -f "$outdir"/*.{deb,changes,buildinfo}
cp "$chroot"/build/*.{deb,changes,buildinfo} "$outdir"
timed "Proxmox VE stays" check_proxmox
timed "packages start no service" check_services
timed "install lintian" install_lintian
timed "lintian" run_lintian
[ ! -s "$work/log" ] || fail "$release: lintian says: $(cat "$work/log")"
