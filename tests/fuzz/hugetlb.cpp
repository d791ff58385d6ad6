// SPDX-License-Identifier: GPL-2.0-or-later
// The hugetlb files of a cgroup, v1 and v2, and the host's pools, as real files with any content.
#include "fuzz/support.hpp"

#include "sample/cgroup/hugetlb.hpp"
#include "support/temp_folder.hpp"

#include <array>
#include <filesystem>
#include <map>

using namespace lxcmon;
using namespace lxcmon::sample;
using fuzz::require;

namespace {

constexpr std::array sizes{"64KB", "2MB", "1GB"};

class HugetlbFolder {
  public:
    HugetlbFolder() {
        for (const char* pool : {"hugepages-64kB", "hugepages-2048kB", "hugepages-1048576kB", "no-pool"})
            std::filesystem::create_directories(folder_.path("sys/kernel/mm/hugepages") + '/' + pool);
        std::filesystem::create_directories(folder_.path("cg"));
    }

    /// Any text in each file.
    void check_any(FuzzedDataProvider& data, bool is_v1) {
        for (const char* size : sizes)
            for (const char* file :
                 {"current", "max", "events", "usage_in_bytes", "limit_in_bytes", "failcnt"})
                if (std::string_view(file).find('_') == std::string_view::npos || is_v1)
                    write(size, file, data.ConsumeRandomLengthString(64));
        for (const auto& point : sampled(is_v1, data))
            for (const auto& [key, value] : point.second)
                require(value >= 0, "a count is not negative", key);
    }

    /// Files as the kernel writes them, with other lines of hugetlb.SIZE.events before and after.
    void check_valid(FuzzedDataProvider& data, bool is_v1) {
        std::map<std::string, std::map<std::string, std::int64_t>> wanted;
        for (const char* size : sizes) {
            const auto count = [&] {
                return data.ConsumeIntegralInRange<std::int64_t>(1, std::int64_t{1} << 50);
            };
            auto& fields = wanted[size] = {{"usage_bytes", count()}, {"events_max", count()}};
            const auto line = [](std::int64_t number) { return std::to_string(number) + '\n'; };
            std::string limit = is_v1 ? "9223372036854771712\n" : "max\n";
            if (data.ConsumeBool())
                limit = line(fields["limit_bytes"] = count());
            const auto other = [&] {
                return data.ConsumeBool() ? "other" + line(count()) + "max_usage 1\nmax.local 2\n" : "";
            };
            const std::string hits = line(fields["events_max"]);
            write(size, is_v1 ? "usage_in_bytes" : "current", line(fields["usage_bytes"]));
            write(size, is_v1 ? "limit_in_bytes" : "max", limit);
            write(size, is_v1 ? "failcnt" : "events", is_v1 ? hits : other() + "max " + hits + other());
        }
        require(sampled(is_v1, data) == wanted, "the figures are those of the files");
    }

  private:
    void write(const char* size, std::string_view file, std::string_view text) const {
        folder_.write("cg/hugetlb." + std::string(size) + '.' + std::string(file), text);
    }

    /// Fields by size.
    [[nodiscard]] std::map<std::string, std::map<std::string, std::int64_t>>
    sampled(bool is_v1, FuzzedDataProvider& data) const {
        for (const char* pool : {"64", "2048", "1048576"})
            folder_.write("sys/kernel/mm/hugepages/hugepages-" + std::string(pool) + "kB/nr_hugepages",
                          data.ConsumeRandomLengthString(8));
        const CgroupLayout layout(is_v1 ? "35 24 0:30 / /cg rw - cgroup cgroup rw,hugetlb\n"
                                        : "35 24 0:30 / /cg rw - cgroup2 cgroup2 rw\n");
        const std::vector<std::optional<std::string>> directories{"cg"};
        io::FdBudget budget(100);
        HugePages pages(folder_.fd());
        require(pages.sizes().size() == sizes.size(), "a size of each pool");
        pages.refresh();
        HugetlbSampler sampler({folder_.fd(), layout, directories, budget}, pages);
        std::array<char, 4096> buffer{};
        PointBuffer points;
        sampler.sample(buffer, false, {}, 1, points);
        points.clear();
        sampler.sample(buffer, true, {}, 2, points);
        std::map<std::string, std::map<std::string, std::int64_t>> found;
        for (std::size_t at = 0; at < points.size(); ++at)
            for (const Field& field : points[at].fields)
                found[std::string(tag_of(points[at], "size"))][std::string(field.key)] =
                    std::get<std::int64_t>(field.value);
        return found;
    }

    test::TempFolder folder_{"/dev/shm"};
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static HugetlbFolder folder;
    FuzzedDataProvider provider(data, size);
    const bool is_v1 = provider.ConsumeBool();
    if (provider.ConsumeBool())
        folder.check_valid(provider, is_v1);
    else
        folder.check_any(provider, is_v1);
    return 0;
}
