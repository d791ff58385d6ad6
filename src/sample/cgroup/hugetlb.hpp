// SPDX-License-Identifier: GPL-2.0-or-later
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

/// Converts a folder name of /sys/kernel/mm/hugepages ("hugepages-2048kB") to the size in control file names
/// ("2MB"). Nothing for any other name.
[[nodiscard]] std::optional<std::string> huge_page_size(std::string_view folder);

/// Parses hugetlb.SIZE.max, or v1's limit_in_bytes, in bytes. Nothing for "max" and for v1's "no limit",
/// which is LONG_MAX rounded down to a huge page, not to a page.
[[nodiscard]] std::optional<std::int64_t> parse_hugetlb_limit(std::string_view text) noexcept;

/// The kernel's huge page sizes, and whether the host has pages of each size. Sampling thread only.
class HugePages {
  public:
    /// Lists the sizes, once, from /sys/kernel/mm/hugepages. `root_fd` is borrowed.
    explicit HugePages(int root_fd);
    /// Call at each tick. No container can use a size whose pool is empty, so its files need not be read.
    void refresh();

    struct Size {
        std::int64_t bytes;
        std::string name;      ///< "2MB"; valid as long as this object
        std::string pool_path; ///< of nr_hugepages
        bool has_pages;
        struct FileNames {
            std::string usage, limit, events;
        };
        FileNames v1, v2; ///< in a cgroup
    };
    [[nodiscard]] std::span<const Size> sizes() const noexcept { return sizes_; }

  private:
    int root_fd_;
    std::vector<Size> sizes_; ///< smallest first
    std::string text_;
};

/// lxc_hugetlb of one container (Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/hugetlb.rst). Most
/// containers use no huge pages: a size has points only after its usage was not 0, or a limit was set or hit.
/// From then on it has a point in each sample of this start, so that a graph can fall to 0. Before that,
/// usage is read while the host has such pages, limit and hits seldom.
class HugetlbSampler {
  public:
    /// Borrows `pages`.
    HugetlbSampler(const ContainerFiles& files, const HugePages& pages);
    /// Adds a point per size. `seldom`: the seldom files are due. Reads nothing if no field of lxc_hugetlb is
    /// selected in `points`.
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
