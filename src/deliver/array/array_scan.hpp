// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace lxcmon::deliver {

/// Finds the end of the elements of a JSON array of objects that may be torn: its writer was killed, or the
/// host lost its power. Looks only at brackets and strings. Takes constant memory, whatever the depth.
class ArrayScan {
  public:
    /// Takes the next part of the text.
    void add(std::string_view part) noexcept;

    /// True if the text is no array of objects, as far as it has been seen. An empty text is one, torn.
    [[nodiscard]] bool is_foreign() const noexcept { return is_foreign_; }
    /// True if the array is complete, and only blanks follow it.
    [[nodiscard]] bool is_whole() const noexcept { return is_closed_ && !is_torn_; }
    /// Bytes up to the end of the last complete element, or of the opening bracket; 0: there is none.
    [[nodiscard]] std::uint64_t end() const noexcept { return end_; }
    /// True if what follows can't change the answers.
    [[nodiscard]] bool is_over() const noexcept { return is_torn_ || is_foreign_; }
    /// True if no element is complete.
    [[nodiscard]] bool is_empty() const noexcept { return is_empty_; }

  private:
    void take(char c) noexcept;
    void take_in_string(char c) noexcept;
    void take_outside(char c) noexcept;
    void take_between(char c) noexcept;

    std::uint64_t at_ = 0, end_ = 0;
    std::uint64_t depth_ = 0; ///< open brackets
    bool in_string_ = false, is_escaped_ = false;
    bool is_empty_ = true;
    bool is_closed_ = false;
    bool is_torn_ = false; ///< what follows is no JSON
    bool is_foreign_ = false;
};

/// Scans a file from its begin, as far as it may be an array. Nothing if it can't be read: errno has the
/// cause.
[[nodiscard]] std::optional<ArrayScan> scan_array(int fd);

} // namespace lxcmon::deliver
