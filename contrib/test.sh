#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# sudo ./contrib/test.sh [--allow-upgrades]: installs the required packages (apt; on a terminal it asks first), builds, runs every test
# and every check of the source. 20 to 45 minutes the first time, half of that later. A signal ends all that it has started.
# Continues after a failed step. The last line is "N passed, N failed"; the exit code is 1 if any failed.
#
#   --allow-upgrades   apt may upgrade packages if others need it: for a machine that is thrown away, as CI's
set -euo pipefail
# shellcheck source=contrib/dev/lib.sh
. "$(dirname "$0")/dev/lib.sh"
# shellcheck source=contrib/dev/packages.sh
. "$(dirname "$0")/dev/packages.sh"

usage() { sed -n '/^set/q; 3,$s/^# \{0,1\}//p' "$0"; }

# The second part runs below end_children.py, with the seconds that the first one took.
installed=no
case ${1:-} in
    '') ;;
    --allow-upgrades) allow_upgrades=yes ;;
    --installed) installed=yes SECONDS=$2 ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
esac

need_root
need_debian
cd "$root_folder"

test_packages=(lxc lxcfs lxd lxd-client uidmap busybox-static influxdb influxdb-client iproute2 python3 tmux util-linux bindfs
    victoria-metrics openssl prometheus prometheus-node-exporter
    python3-tomli-w python3-yaml python3-pandas nodejs chromium fonts-inter
    strace valgrind libbenchmark-dev
    qemu-system-x86 mmdebstrap e2fsprogs cpio kmod
    bash zsh fish man-db git dpkg-dev gnupg
    ccache mold clang-14 clang-tidy-14 clang-format-14 shellcheck pyflakes3)
passed=0
failed=0
failures=()
steps=$(grep -c '^run_step ' contrib/test.sh)
number=0

# run_step TITLE COMMAND...
run_step() {
    local title=$1 begin=$SECONDS
    shift
    number=$((number + 1))
    step "$number of $steps: $title"
    # In a subshell with errexit on: in an `if` bash would ignore errors in the middle of a function.
    set +e
    (set -e; "$@")
    local code=$?
    set -e
    if [ "$code" -eq 0 ]; then
        count 1 0
        say "ok: $title ($((SECONDS - begin)) s)"
    else
        count 0 1
        failures+=("$title")
        say "FAILED: $title ($((SECONDS - begin)) s)"
    fi
}

count() {
    passed=$((passed + $1))
    failed=$((failed + $2))
}

cpp_files() { find src tests -name '*.cpp' -print0 -o -name '*.hpp' -print0; }
script_files() {
    find contrib tests debian -name '*.sh' -print0 -o -path 'debian/tests/with*' -print0 -o -name '*.postrm' -print0 -o -path 'contrib/dev/hooks/*' -print0
    [ ! -f .ci/run ] || printf '.ci/run\0'
}
source_files() {
    find src tests contrib debian .ci -path '*/fixtures/*' -prune -o -type f \
        \( -name '*.cpp' -o -name '*.hpp' -o -name '*.py' -o -name '*.sh' -o -name meson.build -o -path .ci/run \) -print0
}

install_everything() {
    # NodeSource's nodejs package contains npm, Debian's does not.
    command -v npm > /dev/null || test_packages+=(npm)
    install_needed "${test_packages[@]}"
}

# A signal ends the tests by itself: end_children.py sends it to meson, which ends them. What they could not take away goes here, when the
# last of them has ended (less than end_children.py's grace): a workspace in use would be left.
clean_up() {
    trap '' INT TERM HUP
    wait_for 60 session_is_empty || true
    PYTHONPATH=tests/integration PYTHONDONTWRITEBYTECODE=1 python3 -c \
        'from support import workspace; workspace.clean_up_after_crashed_runs()' || true
    rm -rf --one-file-system "$TMPDIR"
}

# build_with FOLDER COMPILER [MESON-OPTION...]
build_with() {
    configure_build "$@" --werror
    nice -n 19 meson compile -C "$1"
}

# ccache then also finds objects that were compiled in another clone.
export CCACHE_NOHASHDIR=true

# The tests record the fields here that they have compared with a second source.
export LXCMONTEST_SEEN_FIELDS=$root_folder/build-test/seen-fields.txt

run_tests() {
    rm -f build-test/meson-logs/testlog.json
    meson test -C build-test --no-rebuild --print-errorlogs --no-suite long --no-suite e2e --no-suite soak
}

# Names of lines, without variables: what a finding needs, and the build takes half of the time. A finding ends the program, whatever its
# environment says. The usual linker takes eight times as long as mold for these names.
sanitizer_options=(--buildtype=debug -Ddebug=false "${unity[@]}" -Db_lundef=false -Dcpp_link_args=-fuse-ld=mold
    "-Dcpp_args=['-gline-tables-only','-fno-sanitize-recover=all']")

# One build for the unit tests and for the fuzz targets.
build_with_sanitizers() {
    # It gets only what the tests and the virtual machine beside it leave, which take longer.
    chrt --idle --pid 0 "$BASHPID"
    build_with build-asan "ccache clang++-14" "${sanitizer_options[@]}" -Db_sanitize=address,undefined -Dfuzz=true
}

# The programs of the rooms with threads alone. Those of "sample" as root take minutes: a listing costs too much time here.
threaded_rooms=(sample sample/network http influx spool deliver expose app push)
test_threads() {
    local programs=("${threaded_rooms[@]##*/}")
    configure_build build-tsan "ccache clang++-14" "${sanitizer_options[@]}" -Db_sanitize=thread
    nice -n 19 meson compile -C build-tsan "${programs[@]/#/unit-}"
    rm -f build-tsan/meson-logs/testlog.json
    meson test -C build-tsan --no-rebuild --print-errorlogs --timeout-multiplier 5 "${threaded_rooms[@]/#/unit }" \
        "unit sample/network as root" "unit spool as root" "unit push as root"
}

# README's first command. It finds its folder set up with the flags of the build before, so that ccache has most of its objects.
run_quickstart() {
    configure_build build "ccache g++" "${unity[@]}" -Ddebug=false --werror
    contrib/quickstart.sh "$@"
}

# Each fuzz target runs for so many seconds, as many at once as there are cores.
export LXCMONTEST_FUZZ_SECONDS=${LXCMONTEST_FUZZ_SECONDS:-6}

run_fuzz() {
    rm -f build-asan/meson-logs/testlog.json
    nice -n 19 meson test -C build-asan --no-rebuild --print-errorlogs --num-processes "$(nproc)" --suite fuzz
}

# start_in_background NAME FOLDER COMMAND...: runs it in parallel with the next steps. Its output and its exit code go to FOLDER.
start_in_background() {
    local name=$1 folder=$2
    shift 2
    rm -f "$folder/$name.code"
    {
        set +e # as in run_step
        (set -e; "$@")
        echo $? > "$folder/$name.code"
    } > "$folder/$name.txt" 2>&1 &
}

# start_tests NAME FOLDER NICENESS OPTION...
start_tests() {
    local name=$1 folder=$2 niceness=$3
    shift 3
    rm -f "$folder/meson-logs/$name.json"
    start_in_background "$name" "$folder" \
        nice -n "$niceness" meson test -C "$folder" --no-rebuild --print-errorlogs --logbase "$name" "$@"
}

# wait_for_end NAME FOLDER: of what start_in_background has started.
wait_for_end() {
    local end=$((SECONDS + 5000)) last
    # Meson ends each test that takes too long.
    until wait_for 60 test -s "$2/$1.code"; do
        [ "$SECONDS" -lt "$end" ] || return 1
        last=$(grep -o '^ *\[\{0,1\}[0-9]*/[0-9]*.*' "$2/$1.txt" | tail -n 1) || true
        say "  $(elapsed) ${last:-$1 still runs}"
    done
    cat "$2/$1.txt"
    return "$(cat "$2/$1.code")"
}

# count_tests LOG FOLDER
count_tests() {
    local numbers log=$2/meson-logs/$1.json
    # Without a log no test ran, and the step has been counted as failed.
    [ -f "$log" ] || return 0
    numbers=$(python3 contrib/dev/count_tests.py "$log")
    say "tests passed and failed: $numbers"
    # shellcheck disable=SC2086 # two numbers
    count $numbers
}

check_format() { cpp_files | xargs -0 clang-format-14 --dry-run -Werror; }
check_tidy() { python3 contrib/dev/tidy.py build-asan; }
check_scripts() {
    script_files | xargs -0 shellcheck -x
    shellcheck build-test/contrib/lxcmon-push # the bash completion
}

check_python() {
    find tests contrib -name '*.py' -print0 | xargs -0 pyflakes3
    PYTHONPYCACHEPREFIX=$(mktemp -d) && export PYTHONPYCACHEPREFIX
    python3 -m compileall -q tests contrib
    rm -rf "$PYTHONPYCACHEPREFIX"
}

check_lengths() {
    local file lines long=0
    while IFS= read -r -d '' file; do
        lines=$(wc -l < "$file")
        [ "$lines" -le 300 ] || { say "$file has $lines lines; the limit is 300"; long=1; }
    done < <(source_files)
    return "$long"
}

install_and_restart() {
    trap end_of_installation EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    say "This takes 20 to 45 minutes the first time, and half of that later. What stays: the packages, the folders build, build-asan, build-test
and build-tsan, and the caches ~/.cache/ccache, ~/.cache/lxcmon-push-tidy, ~/.npm, /var/tmp/lxcmon-ccache and /var/tmp/lxcmon-incus."
    step "Packages"
    install_everything
    exec python3 contrib/dev/end_children.py contrib/test.sh --installed "$SECONDS"
}

# On a host whose own packages are in the way nothing else may start.
end_of_installation() {
    local code=$?
    end_waited_for
    [ "$code" -eq 0 ] || say "0 passed, 1 failed"
}

[ "$installed" = yes ] || install_and_restart
TMPDIR=$(mktemp -d /var/tmp/lxcmon-test-XXXXXX)
export TMPDIR
chmod 1777 "$TMPDIR" # as /tmp
trap clean_up EXIT
trap 'exit 143' INT TERM HUP
# Incus is only in backports, which this host may not have configured: unpack it, do not install it.
run_step "Unpack Incus" tests/support/fetch_incus.sh /var/tmp/lxcmon-incus
run_step "Build with g++, warnings are errors" build_with build-test "ccache g++" "${unity[@]}" -Ddebug=false
rm -f "$LXCMONTEST_SEEN_FIELDS"
# The virtual machine and the next build need the CPU while the other tests mostly wait: their priority is lower than that of the tests.
# The machine's is higher than that of builds and checks, beside which it would take hours.
start_tests e2e build-test 15 --suite e2e
start_in_background sanitizers build-test build_with_sanitizers
run_step "Run every test except the suites long and e2e" run_tests
count_tests testlog build-test
run_step "quickstart.sh" run_quickstart
run_step "quickstart.sh --influx" run_quickstart --influx
run_step "quickstart.sh, ended by a signal" tests/e2e/quickstart_signal_check.sh
start_tests long build-test 0 --suite long --suite soak
run_step "Format of the C++ files" check_format
run_step "Build with clang, ASan and UBSan, warnings are errors" wait_for_end sanitizers build-test
# Of the integration tests those that ask what the agent does, and not what it costs: tests/integration/meson.build names them.
start_tests sanitized build-asan 0 --timeout-multiplier 8 --suite unit --suite unit-root --suite integration
run_step "clang-tidy on src" check_tidy
run_step "Threads, with TSan" test_threads
count_tests testlog build-tsan
run_step "Fuzz each parser for $LXCMONTEST_FUZZ_SECONDS s" run_fuzz
count_tests testlog build-asan
run_step "shellcheck" check_scripts
run_step "Python files" check_python
run_step "No file over 300 lines" check_lengths

run_step "Run the unit and integration tests with ASan and UBSan" wait_for_end sanitized build-asan
count_tests sanitized build-asan
run_step "Run the tests of the suite e2e" wait_for_end e2e build-test
count_tests e2e build-test
run_step "Run the tests of the suite long" wait_for_end long build-test
count_tests long build-test
# Checks a ratio, not times, because machines are shared. Last, because nothing else may run in parallel.
run_step "Cost of 100 containers, compared with the baseline" tests/bench/bench.py --build build-test --sizes 100 --interval 500ms --check-ratio 3
run_step "Each field was compared with a real value" contrib/dev/check_seen_fields.py "$LXCMONTEST_SEEN_FIELDS" build-test/src/lxcmon-push

step "Done in $((SECONDS / 60)) min $((SECONDS % 60)) s"
python3 contrib/dev/failed_tests.py build-{test,asan,tsan}/meson-logs/{testlog,e2e,long,sanitized}.json
for failure in "${failures[@]}"; do say "FAILED: $failure"; done
say "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
