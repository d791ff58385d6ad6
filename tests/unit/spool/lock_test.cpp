// SPDX-License-Identifier: GPL-2.0-or-later
// The lock of a spool beside forks: a helper that is just being forked has a copy of the lock's descriptor.
#include "support/child.hpp"
#include "unit/spool/spool_support.hpp"

#include <sys/file.h>

#include <fcntl.h>

#include <optional>

using namespace lxcmon;
using namespace lxcmon::test;

namespace {

/// True if no process has the lock.
bool is_free(const std::string& path) {
    const io::UniqueFd lock(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    return lock && ::flock(lock.get(), LOCK_EX | LOCK_NB) == 0;
}

} // namespace

TEST_CASE_FIXTURE(SpoolTest, "spool: a fork that still has the lock's descriptor does not keep the lock") {
    std::optional<Spool> spool;
    spool.emplace(settings, hooks);
    REQUIRE_FALSE(spool->open());
    append(*spool, numbered_batch(1, 2));
    const Child stopped_in_fork; // it closes none of the descriptors, and only waits
    REQUIRE_FALSE(is_free(path("lock")));
    spool.reset();
    CHECK(is_free(path("lock")));
    Spool next(settings, hooks);
    CHECK_FALSE(next.open());
    CHECK(drain(next) == numbered_lines(1, 2));
}
