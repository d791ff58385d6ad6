// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "encode/csv.hpp"
#include "io/unique_fd.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace lxcmon::deliver {

/// One CSV file of one measurement. It is created with mode 0640 and its header, and put aside when its
/// columns change or it is full. A file that is renamed or removed meanwhile is created again; symlinks are
/// not followed. All functions block.
class CsvFile {
  public:
    CsvFile(std::string path, std::uint64_t max_bytes, encode::CsvColumns columns);

    /// The columns of the next rows. They get those of an existing file that can take them.
    [[nodiscard]] encode::CsvColumns& columns() noexcept { return columns_; }

    struct Failure {
        int error = 0; ///< 0: none
        std::string message{};
    };
    /// Makes the file ready for rows of columns() with this size: opens it, ends an incomplete last row of a
    /// crash by removing it, and puts it aside if need be.
    [[nodiscard]] Failure prepare(std::size_t more_bytes);
    /// Appends rows, all or nothing. After prepare().
    [[nodiscard]] Failure append(std::string_view rows);
    /// Removes what the last append() has written.
    void take_back() noexcept;

    /// True once after a file was put aside.
    [[nodiscard]] bool has_put_aside() noexcept;
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

  private:
    [[nodiscard]] Failure open();
    [[nodiscard]] Failure take_existing();
    [[nodiscard]] Failure put_aside();
    [[nodiscard]] Failure failure(std::string_view doing, int error) const;

    std::string path_;
    std::uint64_t max_bytes_; ///< 0: no limit
    encode::CsvColumns columns_;
    encode::CsvColumns written_; ///< of the open file
    io::UniqueFd fd_;
    std::uint64_t bytes_ = 0, header_bytes_ = 0;
    std::uint64_t bytes_before_ = 0; ///< the last append()
    bool has_put_aside_ = false;
};

} // namespace lxcmon::deliver
