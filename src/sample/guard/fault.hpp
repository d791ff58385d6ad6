#pragma once

#include <string>

namespace lxcmon::sample {

/// A trouble that lasts: logged when it begins and when it becomes another one, not while it stays.
class Fault {
  public:
    /// `who` begins the log line. No `words`: it is over.
    void set(const std::string& who, std::string message);
    void clear() noexcept { words_.clear(); } ///< it is over
    [[nodiscard]] bool is_none() const noexcept { return words_.empty(); }

  private:
    std::string words_;
};

/// What an errno means.
[[nodiscard]] std::string message_of(int error);

} // namespace lxcmon::sample
