// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

namespace lxcmon::sample {

/// A lasting fault. It is logged when it begins and when its message changes, not while it stays the same.
class Fault {
  public:
    /// The log line is "SUBJECT: MESSAGE". An empty message ends the fault.
    void set(const std::string& subject, std::string message);
    void clear() noexcept { message_.clear(); } ///< ends the fault
    [[nodiscard]] bool is_none() const noexcept { return message_.empty(); }

  private:
    std::string message_;
};

/// The text of an errno.
[[nodiscard]] std::string message_of(int error);

} // namespace lxcmon::sample
