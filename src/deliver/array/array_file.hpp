// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "deliver/array/array_copy.hpp"
#include "deliver/array/array_lock.hpp"
#include "deliver/settings.hpp"
#include "deliver/sink.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace lxcmon::deliver {

/// Appends each line, a JSON object, to the JSON array in a file. A reader sees a complete array at any time,
/// also after a kill of this process: there are two copies of the array. The one that readers do not see, the
/// spare one beside it (".NAME.spare"), gets the elements; then both change their names in one step. It is
/// changed only if nobody has it open, since a slow reader may still read what was the file before; otherwise
/// it is made anew, as a copy of the whole array. So an element costs the same however long the array is.
/// An array of other programs (LXC Monitor) is continued, a torn one is cut after its last complete element.
/// A missing file is created with mode 0640; later its mode stays. Symlinks are not followed. A second
/// process is refused (".NAME.lock").
class ArrayFile final : public Sink {
  public:
    /// Throws std::invalid_argument if the path is `-`, empty or ends in a slash. Opens no file.
    explicit ArrayFile(JsonFileSettings settings);

    [[nodiscard]] Verdict send(std::string_view lines) override;
    /// Has no effect: a send() waits for the disk only.
    void set_deadline(std::chrono::steady_clock::time_point deadline) noexcept override;
    [[nodiscard]] std::vector<Finding> probe() override;
    [[nodiscard]] std::string name() const override { return settings_.path; }

  private:
    [[nodiscard]] Verdict open();
    [[nodiscard]] std::string why_no_place() const;
    [[nodiscard]] bool must_rotate(std::string_view elements) const noexcept;
    [[nodiscard]] Verdict rotate_and_begin(std::string_view elements);
    /// Returns 0 or an errno.
    [[nodiscard]] int keep_old() const;
    [[nodiscard]] Verdict extend(std::string_view elements);
    /// The spare copy takes the place of the file.
    [[nodiscard]] Verdict show_spare(std::string_view elements);
    void drop_spare() noexcept;
    [[nodiscard]] Verdict failure(int error, std::string_view doing) const;
    [[nodiscard]] Verdict refusal(std::string message) const;

    JsonFileSettings settings_;
    std::string spare_path_, lock_path_;
    ArrayLock lock_; ///< taken by the first send()
    ArrayCopy shown_, spare_;
};

} // namespace lxcmon::deliver
