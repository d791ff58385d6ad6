#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Build the Debian 12 virtual machine that run_vm.sh boots: WORKDIR/{vmlinuz,initrd.img,root.ext4}.
#
# usage: build_vm.sh WORKDIR
#
# What WORKDIR has already from the same scripts is kept as it is: several tests share one machine.
# Needs root and: apt-get install mmdebstrap e2fsprogs busybox-static cpio kmod
# Takes about two minutes and 2 GB in WORKDIR. Nothing is installed on the machine that builds.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
readonly here
readonly packages=systemd-sysv,udev,dbus,lxc,busybox-static,iproute2,procps,dmsetup,python3-minimal,kmod,influxdb,curl,ca-certificates,man-db
# What lxcmon-push itself depends on: the machine has no network.
readonly agent_packages=libspdlog1.10,libfmt9,libcurl4,libmicrohttpd12,libncursesw6,libsmartcols1,libsystemd0,libyaml-cpp0.7,zlib1g
# What the initramfs must load before it can mount the root disk; the rest is left to udev.
readonly boot_modules=(virtio_pci virtio_blk ext4 crc32c_generic)

die() {
    echo "build_vm.sh: $*" >&2
    exit 1
}

# Debian's own kernel package, unpacked and not installed: no boot loader, no hooks.
unpack_kernel() {
    local package
    package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: \(linux-image-.*\)/\1/p' | head -n 1)
    [ -n "$package" ] || die "apt knows no linux-image-cloud-amd64; apt-get update?"
    rm -rf kernel kernel-deb
    mkdir kernel kernel-deb
    (cd kernel-deb && apt-get download -o APT::Sandbox::User=root "$package")
    dpkg -x kernel-deb/*.deb kernel
    release=${package#linux-image-}
    cp "kernel/boot/vmlinuz-$release" vmlinuz
    # The package leaves modules.dep to its postinst.
    depmod -b kernel "$release"
}

# The host's apt sources, so that what the host can reach is what is used.
apt_sources() {
    local file
    for file in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
        if [ -s "$file" ]; then
            echo "$file"
            return
        fi
    done
    die "no apt sources found"
}

make_root_tree() {
    rm -rf root
    mmdebstrap --variant=minbase --include="$packages,$agent_packages" \
        --aptopt='APT::Install-Recommends "false"' \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-include=/usr/share/man/man8/lxcmon*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' \
        bookworm root "$(apt_sources)"
    cp -a "kernel/lib/modules" root/usr/lib/
    install -m 755 "$here/vm/run-job" root/usr/local/sbin/run-job
    install -m 644 "$here/vm/run-job.service" root/etc/systemd/system/run-job.service
    configure_root_tree
}

configure_root_tree() {
    mkdir -p root/usr/share/man/man8 # which dpkg left out with all that is in it
    systemctl --root="$PWD/root" enable run-job.service
    # Tests start these by hand when they want them; apt's timers only disturb the figures.
    systemctl --root="$PWD/root" disable influxdb.service lxc.service lxc-net.service
    # A login prompt would take the serial console from the job (vhangup): it is the job's own.
    systemctl --root="$PWD/root" mask serial-getty@ttyS0.service
    systemctl --root="$PWD/root" mask apt-daily.timer apt-daily-upgrade.timer
    echo vm >root/etc/hostname
    echo '127.0.0.1 localhost vm' >root/etc/hosts
    echo '/dev/vda / ext4 defaults 0 1' >root/etc/fstab
    # An all-zero id would be made up afresh at every boot, which is slow without a seed of randomness.
    echo 6c78636d6f6e2d707573682d74657374 >root/etc/machine-id
}

# Modules in the order they have to be loaded, dependencies first.
list_boot_modules() {
    local module
    for module in "${boot_modules[@]}"; do
        modprobe -d "$PWD/kernel" -S "$release" --show-depends "$module" | awk '$1 == "insmod" { print $2 }'
    done | awk '!seen[$0]++'
}

make_initramfs() {
    local module
    rm -rf initramfs
    mkdir -p initramfs/{bin,dev,proc,sys,root,modules}
    cp /bin/busybox initramfs/bin/busybox
    install -m 755 "$here/vm/init" initramfs/init
    for module in $(list_boot_modules); do
        cp "$module" initramfs/modules/
        basename "$module" >>initramfs/modules/order
    done
    (cd initramfs && find . | cpio --quiet -o -H newc | gzip -1) >initrd.img
}

make_disk() {
    rm -f root.ext4
    truncate -s 3G root.ext4
    mkfs.ext4 -q -F -L root -d root root.ext4
}

# Changes when the machine would be another one.
inputs_sum() { cat "$here"/build_vm.sh "$here"/vm/* | sha256sum; }

main() {
    [ $# -eq 1 ] || die "usage: build_vm.sh WORKDIR"
    [ "$(id -u)" -eq 0 ] || die "must be root: the image has files owned by root and device nodes"
    mkdir -p "$1"
    cd "$1"
    exec 9>lock
    flock 9
    if [ "$(cat made_from 2>/dev/null)" = "$(inputs_sum)" ]; then
        echo "there already: $PWD"
        return
    fi
    rm -f made_from
    unpack_kernel
    make_root_tree
    make_initramfs
    make_disk
    rm -rf kernel-deb kernel initramfs root
    inputs_sum >made_from
    echo "built $PWD: kernel $release"
}

main "$@"
