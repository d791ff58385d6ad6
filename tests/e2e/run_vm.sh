#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Boot the machine made by build_vm.sh, run SCRIPT in it as root, and end with SCRIPT's exit status.
#
# usage: run_vm.sh [-c KERNEL_ARGS] [-o OUTDIR] [-t SECONDS] WORKDIR SCRIPT [FILE...]
#
#   -c  the cgroup set-up, one of v2 (default), v1, hybrid; or any text for the kernel's command line
#   -o  where the VM's results go: all that SCRIPT left in the directory $OUT (default: thrown away)
#   -t  give up after so many seconds (default 600) with status 124
#
# SCRIPT runs in /job, where the FILEs (and directories) are put under their own names. What it prints comes out
# here, between the kernel's and systemd's messages. Every run starts from the same disk; nothing it writes is kept.
# Status 125: the machine went down without a result. Emulated, so that it needs no /dev/kvm and no privilege.
set -euo pipefail

readonly cgroups_v1='systemd.unified_cgroup_hierarchy=0 systemd.legacy_systemd_cgroup_controller=1'
readonly cgroups_hybrid='systemd.unified_cgroup_hierarchy=0 systemd.legacy_systemd_cgroup_controller=0'
readonly result_mb=512

die() {
    echo "run_vm.sh: $*" >&2
    exit 125
}

usage() {
    sed -n 's/^# usage: //p' "$0" >&2
    exit 125
}

# The job goes in as a bare tar on a disk: needs no file system, no network and no root.
pack_job() {
    mkdir "$run/job"
    install -m 755 "$script" "$run/job/run"
    [ $# -eq 0 ] || cp -a "$@" "$run/job/"
    tar -C "$run/job" --owner=0 --group=0 -cf "$run/job.tar" .
    # A disk's size is whole sectors, and tar wants room for its last record.
    truncate -s %1M "$run/job.tar"
    truncate -s "${result_mb}M" "$run/result.tar"
}

boot() {
    local disk=if=virtio,format=raw,cache=unsafe
    # no_timer_check: emulated on a busy host, the timer may be too slow for the kernel to find it.
    timeout --foreground "$limit" qemu-system-x86_64 \
        -accel tcg,thread=multi -cpu max -m 2048 -smp 2 \
        -nodefaults -no-user-config -display none -no-reboot -serial stdio \
        -kernel "$work/vmlinuz" -initrd "$work/initrd.img" \
        -append "console=ttyS0 quiet panic=-1 no_timer_check systemd.show_status=0 $kernel_args" \
        -drive "file=$work/root.ext4,snapshot=on,$disk" \
        -drive "file=$run/job.tar,read-only=on,$disk" \
        -drive "file=$run/result.tar,$disk" \
        </dev/null
}

unpack_result() {
    tar -C "$run" -xf "$run/result.tar" exit-status out 2>/dev/null || die "the machine left no result"
    [ -z "$outdir" ] || { mkdir -p "$outdir" && cp -a "$run/out/." "$outdir/"; }
}

parse_options() {
    local option
    kernel_args='' outdir='' limit=600
    while getopts c:o:t: option; do
        case $option in
            c) kernel_args=$OPTARG ;;
            o) outdir=$OPTARG ;;
            t) limit=$OPTARG ;;
            *) usage ;;
        esac
    done
    case $kernel_args in
        v1) kernel_args=$cgroups_v1 ;;
        hybrid) kernel_args=$cgroups_hybrid ;;
        v2) kernel_args='' ;;
    esac
}

main() {
    parse_options "$@"
    shift $((OPTIND - 1))
    [ $# -ge 2 ] || usage
    work=$1 script=$2
    shift 2
    [ -f "$work/root.ext4" ] || die "$work has no root.ext4: run build_vm.sh first"
    run=$(mktemp -d "$work/run.XXXXXX")
    trap 'rm -rf "$run"' EXIT
    pack_job "$@"
    local status=0
    boot || status=$?
    [ "$status" -eq 0 ] || exit "$status"
    unpack_result
    exit "$(cat "$run/exit-status")"
}

main "$@"
