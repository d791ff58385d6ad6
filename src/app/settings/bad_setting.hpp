// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "text/utf8.hpp"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

namespace lxcmon::app {

/// An invalid setting. The text is one line for stderr: the option, its value (unless secret), the expected
/// form and, unless it is from the command line, its origin. The program exits with code 2.
class BadSetting : public std::exception {
  public:
    explicit BadSetting(std::string text)
        : text_(std::move(text)) {
        // Values may contain line ends.
        std::ranges::replace_if(text_, &text::is_control, '?');
    }
    [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

  private:
    std::string text_;
};

} // namespace lxcmon::app
