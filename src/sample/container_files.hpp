#pragma once

#include "io/kernel_file.hpp"
#include "model/selection.hpp"
#include "sample/cgroup_layout.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lxcmon::sample {

/// Where one container's control files are, for those who open them. All is borrowed.
struct ContainerFiles {
    int root_fd = -1;
    const CgroupLayout& layout;
    const std::vector<std::optional<std::string>>& directories; ///< by hierarchy, see container_directories()
    io::FdBudget& budget;
    /// Who opens a file looks whether something of it is wanted.
    Selection selection = Selection::everything();

    /// A file of the v1 controller; nothing where that is not mounted or the container has no cgroup there.
    [[nodiscard]] std::optional<io::KernelFile> v1(std::string_view controller, std::string_view file) const {
        return in(layout.find_v1(controller), file);
    }
    [[nodiscard]] std::optional<io::KernelFile> v2(std::string_view file) const {
        return in(layout.find_v2(), file);
    }

  private:
    [[nodiscard]] std::optional<io::KernelFile> in(std::optional<std::size_t> hierarchy,
                                                   std::string_view file) const {
        if (!hierarchy || !directories[*hierarchy])
            return std::nullopt;
        return io::KernelFile(root_fd, *directories[*hierarchy] + '/' + std::string(file), budget);
    }
};

/// The text of a file that may not be there at all: empty then.
[[nodiscard]] inline std::string_view text_of(std::optional<io::KernelFile>& file,
                                              std::span<char> buffer) noexcept {
    return file ? file->read(buffer).text : std::string_view{};
}

} // namespace lxcmon::sample
