#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes all files of a release of HEAD: the source package (signed), the packages for Debian 12 and 13, the notes, and SHA256SUMS (signed).
#
# usage: release.sh --key KEY [--debs DIR] OUTDIR
#
#   --key KEY    the GnuPG key that signs: a fingerprint or an address of the user's key ring
#   --debs DIR   take the packages from DIR/bookworm and DIR/trixie, as tests/e2e/build_package.sh puts them there; default: build them
#
# NEWS.md, debian/changelog and meson.build must name the version with one date, and the work tree must be clean. The packages are compiled
# from nothing in a chroot of each release (sudo asks for a password), which takes about ten minutes each on two cores.
# Needs: apt-get install git dpkg-dev gnupg mmdebstrap iproute2
set -euo pipefail
# shellcheck source=contrib/dev/lib.sh
. "$(dirname "$0")/lib.sh"

usage() {
    sed -n 's/^# usage: /usage: /p' "$0" >&2
    exit 2
}

key='' debs='' outdir=''
while [ $# -gt 0 ]; do
    case $1 in
        --key | --debs)
            [ $# -ge 2 ] || usage
            declare "${1#--}=$2"
            shift
            ;;
        -*) usage ;;
        *) [ -z "$outdir" ] || usage; outdir=$1 ;;
    esac
    shift
done
{ [ -n "$key" ] && [ -n "$outdir" ]; } || usage
releases=(bookworm trixie)

check_state() {
    local changes
    changes=$(git -C "$root_folder" status --porcelain)
    [ -z "$changes" ] || fail "the work tree has changes that are in no commit:"$'\n'"$changes"
    version=$("$root_folder/contrib/dev/release_state.py") || fail "this is not a version to release"
    gpg --batch --list-secret-keys "$key" > /dev/null 2>&1 || fail "gpg has no secret key $key"
    mkdir -p "$outdir"
    [ -z "$(ls -A "$outdir")" ] || fail "$outdir is not empty"
    outdir=$(cd "$outdir" && pwd)
    [ -z "$debs" ] || debs=$(cd "$debs" && pwd)
}

# Only what is committed: files that git ignores stay out.
export_tree() {
    tree=$work/lxcmon-push-$version
    git -C "$root_folder" archive --prefix="lxcmon-push-$version/" HEAD | tar -C "$work" -x
}

# -d, -nc: a fresh tree needs no cleaning, and so no build dependencies.
make_source_package() {
    (cd "$tree" && dpkg-buildpackage -S -d -nc --sign-key="$key" > "$work/log" 2>&1) || { cat "$work/log"; fail "the source package failed"; }
    mv "$work"/lxcmon-push_"$version"{.dsc,.tar.*,_source.buildinfo,_source.changes} "$outdir"
}

build_packages() {
    local as_root=() release
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    debs=$work/debs
    for release in "${releases[@]}"; do
        "${as_root[@]}" env LXCMONTEST_CCACHE="${LXCMONTEST_CCACHE:-$work/ccache}" \
            "$tree/tests/e2e/build_package.sh" "$release" "$debs/$release" optimized
    done
}

# A release has all files in one folder: lxcmon-push_1.0_amd64.deb becomes lxcmon-push_1.0_bookworm_amd64.deb.
take_packages() {
    local release deb name
    for release in "${releases[@]}"; do
        for deb in "$debs/$release"/lxcmon-push{,-dbgsym}_*.deb; do
            [ "$(dpkg-deb --field "$deb" Version)" = "$version" ] || fail "$deb is not of version $version"
            name=${deb##*/}
            cp "$deb" "$outdir/${name%_*}_${release}_${name##*_}"
        done
    done
}

write_notes() {
    cat > "$outdir/release-notes.md" << END
# lxcmon-push $version

$("$root_folder/contrib/dev/release_state.py" --notes)

## Files

Made of commit $(git -C "$root_folder" rev-parse HEAD). To verify them, with the key $fingerprint:

    gpg --verify SHA256SUMS.asc SHA256SUMS && sha256sum --check SHA256SUMS

To install: \`sudo apt install ./lxcmon-push_${version}_RELEASE_ARCH.deb\`. RELEASE is bookworm for Debian 12 and Proxmox VE 8, trixie for
Debian 13 and Proxmox VE 9.
END
}

write_sums() {
    (
        cd "$outdir"
        sha256sum -- * > "$work/SHA256SUMS"
        mv "$work/SHA256SUMS" .
        gpg --batch --local-user "$key" --armor --detach-sign SHA256SUMS
        gpg --verify SHA256SUMS.asc SHA256SUMS 2> /dev/null
        sha256sum --check --quiet SHA256SUMS
    )
}

work=$(mktemp -d /var/tmp/lxcmon-release-XXXXXX)
trap 'rm -rf --one-file-system "$work"' EXIT
trap 'exit 143' INT TERM HUP
check_state
fingerprint=$(gpg --batch --with-colons --list-secret-keys "$key" | awk -F: '/^fpr/ { print $10; exit }')
export_tree
step "Source package of $version"
make_source_package
if [ -z "$debs" ]; then
    step "Packages for ${releases[*]}"
    build_packages
fi
take_packages
step "Notes and checksums"
write_notes
write_sums
say "$outdir has:"
(cd "$outdir" && ls -lh)
say "Next: git tag --sign v$version $(git -C "$root_folder" rev-parse --short HEAD), push it, and publish these files at the address of Homepage in debian/control."
