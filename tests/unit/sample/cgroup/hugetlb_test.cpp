// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/cgroup/hugetlb.hpp"

#include "support/encoded.hpp"
#include "support/temp_tree.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

using namespace lxcmon;
using namespace lxcmon::sample;
using test::TempTree;

namespace {

constexpr const char* v2_mount = "1 0 0:1 / /cg rw - cgroup2 cgroup2 rw\n";
constexpr const char* v1_mounts =
    "1 0 0:1 / /v1 rw - cgroup cgroup rw,hugetlb\n2 0 0:2 / /cg rw - cgroup2 c rw\n";
const std::string pools = "sys/kernel/mm/hugepages/hugepages-";

/// A host with huge pages of 2 MB and 1 GB and one container that uses none at first.
class HugeHost {
  public:
    explicit HugeHost(bool is_v1 = false)
        : is_v1_(is_v1)
        , layout_(is_v1 ? v1_mounts : v2_mount) {
        set_pool("2048kB", 0);
        set_pool("1048576kB", 0);
        for (const char* size : {"2MB", "1GB"}) {
            set_usage(size, "0");
            set_limit(size, is_v1 ? "9223372035781033984" : "max");
            set_hits(size, 0);
        }
        for (std::size_t index = 0; index < layout_.hierarchies().size(); ++index)
            directories_.emplace_back(layout_.hierarchies()[index].mount_point + "/c");
    }
    void set_pool(const std::string& size, int pages) const {
        tree_.write(pools + size + "/nr_hugepages", std::to_string(pages) + "\n");
    }
    void set_usage(const std::string& size, const std::string& value) const {
        write(size, "usage_in_bytes", "current", value);
    }
    void set_limit(const std::string& size, const std::string& value) const {
        write(size, "limit_in_bytes", "max", value);
    }
    void set_hits(const std::string& size, int count) const {
        write(size, "failcnt", "events", (is_v1_ ? "" : "max ") + std::to_string(count));
    }
    /// Starts the container.
    void start() {
        pages_.emplace(tree_.fd());
        sampler_.emplace(ContainerFiles{tree_.fd(), layout_, directories_, budget_}, *pages_);
    }
    std::string tick(bool seldom = true) {
        PointBuffer points;
        points.select(selection);
        pages_->refresh();
        sampler_->sample(buffer_, seldom, {}, 1, points);
        return test::encoded(points);
    }
    [[nodiscard]] const TempTree& tree() const { return tree_; }
    /// Number of descriptors kept open.
    int kept() {
        int left = 0;
        while (budget_.take())
            ++left;
        for (int count = 0; count < left; ++count)
            budget_.give_back();
        return 100 - left;
    }

    Selection selection = Selection::everything();

  private:
    void write(const std::string& size, const char* v1, const char* v2, const std::string& value) const {
        const std::string stem = (is_v1_ ? "v1/c/hugetlb." : "cg/c/hugetlb.") + size + '.';
        tree_.write(stem + (is_v1_ ? v1 : v2), value + "\n");
    }

    bool is_v1_;
    TempTree tree_;
    CgroupLayout layout_;
    std::vector<std::optional<std::string>> directories_;
    io::FdBudget budget_{100};
    std::optional<HugePages> pages_;
    std::optional<HugetlbSampler> sampler_;
    std::vector<char> buffer_ = std::vector<char>(4096);
};

} // namespace

TEST_CASE("sizes as the kernel names them") {
    CHECK(huge_page_size("hugepages-64kB") == "64KB");
    CHECK(huge_page_size("hugepages-2048kB") == "2MB");
    CHECK(huge_page_size("hugepages-32768kB") == "32MB");
    CHECK(huge_page_size("hugepages-1048576kB") == "1GB");
    CHECK(huge_page_size("hugepages-16777216kB") == "16GB");
    for (const char* other :
         {"", ".", "hugepages-", "hugepages-kB", "hugepages-2048", "hugepages-0kB", "hugepages--1kB",
          "hugepages-9999999999999999999kB", "hugepages-9999999999999999kB"}) {
        CAPTURE(other);
        CHECK_FALSE(huge_page_size(other));
    }
}

TEST_CASE("a limit, and no limit") {
    CHECK(parse_hugetlb_limit("4194304\n") == 4194304);
    CHECK(parse_hugetlb_limit("0\n") == 0);
    // v1 without a limit, for pages of 4 KiB and huge pages of 2 MiB, 1 GiB, 16 GiB.
    for (const char* none : {"max\n", "-1\n", "", "5", "9223372036852678656\n", "9223372035781033984\n",
                             "9223372019674906624\n", "9223372036854775808\n"}) {
        CAPTURE(none);
        CHECK_FALSE(parse_hugetlb_limit(none));
    }
}

TEST_CASE("a container with huge pages or a limit has a point per size, on v1 and v2") {
    for (const bool is_v1 : {false, true}) {
        CAPTURE(is_v1);
        HugeHost host(is_v1);
        host.set_pool("2048kB", 8);
        host.set_usage("2MB", "4194304");
        host.set_limit("2MB", "6291456");
        host.set_hits("2MB", 3);
        host.set_limit("1GB", "0"); // 0 is a limit
        host.start();
        CHECK(host.tick() ==
              "lxc_hugetlb,size=2MB usage_bytes=4194304i,limit_bytes=6291456i,events_max=3i 1\n"
              "lxc_hugetlb,size=1GB usage_bytes=0i,limit_bytes=0i,events_max=0i 1\n");
    }
}

TEST_CASE("points begin with the first use and continue until the next start") {
    HugeHost host;
    host.set_pool("2048kB", 8);
    host.start();
    CHECK(host.tick().empty());
    CHECK(host.tick().empty());
    host.set_usage("2MB", "2097152");
    CHECK(host.tick() == "lxc_hugetlb,size=2MB usage_bytes=2097152i,events_max=0i 1\n");
    host.set_usage("2MB", "0");
    host.set_pool("2048kB", 0);
    CHECK(host.tick() == "lxc_hugetlb,size=2MB usage_bytes=0i,events_max=0i 1\n");
    host.start();
    CHECK(host.tick().empty());
}

TEST_CASE("a limit that is set or hit later is seen at the next seldom tick") {
    for (const bool is_limit : {false, true}) {
        HugeHost host;
        host.start();
        CHECK(host.tick().empty());
        if (is_limit)
            host.set_limit("2MB", "2097152");
        else
            host.set_hits("2MB", 1);
        CHECK(host.tick(false).empty());
        const std::string limit = is_limit ? "limit_bytes=2097152i," : "";
        CHECK(host.tick() == "lxc_hugetlb,size=2MB usage_bytes=0i," + limit +
                                 (is_limit ? "events_max=0i 1\n" : "events_max=1i 1\n"));
    }
}

TEST_CASE("no file stays open for a size that is not used") {
    HugeHost host;
    host.start();
    CHECK(host.tick().empty());
    CHECK(host.kept() == 0);
    host.set_limit("2MB", "2097152");
    host.start();
    CHECK_FALSE(host.tick().empty());
    CHECK(host.kept() == 3); // of 2 MiB, which has a limit
    host.set_pool("1048576kB", 1);
    CHECK_FALSE(host.tick(false).empty());
    CHECK(host.kept() == 4); // the pool has pages, which may be used at any time
}

TEST_CASE("no point and no read if not selected; no point without the files") {
    HugeHost host;
    host.set_limit("2MB", "2097152");
    host.selection = Selection::of(std::vector<std::string>{"lxc_cpu"});
    host.start();
    CHECK(host.tick().empty());
    CHECK(host.kept() == 0);
    host.selection = Selection::everything();
    host.tree().remove("cg");
    host.start();
    CHECK(host.tick().empty());
    // A kernel without huge pages.
    host.tree().remove("sys");
    host.start();
    CHECK(host.tick().empty());
}

TEST_CASE("usage is read if the pool can't be read") {
    HugeHost host;
    host.start();
    host.tree().remove(pools + "2048kB/nr_hugepages");
    host.set_usage("2MB", "2097152");
    CHECK(host.tick() == "lxc_hugetlb,size=2MB usage_bytes=2097152i,events_max=0i 1\n");
}
