#pragma once

#include "model/readings.hpp"
#include "sample/cgroup/control_files.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lxcmon::sample {

/// "hugepages-2048kB" of /sys/kernel/mm/hugepages as the control files call it: "2MB". Nothing for another
/// name.
[[nodiscard]] std::optional<std::string> huge_page_size(std::string_view folder);

/// hugetlb.SIZE.max, or v1's limit_in_bytes, in bytes. Nothing for "max" and for v1's "no limit", which is
/// LONG_MAX rounded down to a huge page, not to a page.
[[nodiscard]] std::optional<std::int64_t> parse_hugetlb_limit(std::string_view text) noexcept;

/// The sizes of huge pages that this kernel has, and whether the host has pages of them.
class HugePages {
  public:
    /// Looks for the sizes, once: /sys/kernel/mm/hugepages. `root_fd` is borrowed.
    explicit HugePages(int root_fd);
    /// At each tick: without a page in the pool no container can use one, and its files need not be read.
    void refresh();

    struct Size {
        std::int64_t bytes;
        std::string name;      ///< "2MB", valid as long as this
        std::string pool_path; ///< of nr_hugepages
        bool has_pages;
        struct FileNames {
            std::string usage, limit, events;
        };
        FileNames v1, v2; ///< of a cgroup
    };
    [[nodiscard]] std::span<const Size> sizes() const noexcept { return sizes_; }

  private:
    int root_fd_;
    std::vector<Size> sizes_; ///< the smallest first
    std::string text_;
};

/// lxc_hugetlb of one container (Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/hugetlb.rst). Most use no
/// huge pages: a size gets a point from when its usage is not 0, a limit is set or was hit, and then at each
/// sample of this start, so that a graph can fall to 0. Until then usage is looked at while the host has such
/// pages, limit and hits seldom.
class HugetlbSampler {
  public:
    /// Borrows `pages`.
    HugetlbSampler(const ContainerFiles& files, const HugePages& pages);
    /// Adds the points. `seldom`: it is the turn of what is read seldom. Reads nothing where no field of
    /// lxc_hugetlb is selected in `points`.
    void sample(std::span<char> buffer, bool seldom, std::span<const Tag> tags, std::int64_t time_ns,
                PointBuffer& points);

  private:
    struct Size {
        const HugePages::Size* page;
        std::optional<io::KernelFile> usage, limit, events;
        bool is_shown = false;
    };
    void read(Size& size, bool all, std::span<char> buffer, Readings& readings) const;
    static void close_idle(Size& size) noexcept;

    std::vector<Size> sizes_;
    bool is_v1_ = false;
};

} // namespace lxcmon::sample
