// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "text/utf8.hpp"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

namespace lxcmon::app {

/// An invalid setting. The text is one line for stderr: the option, its value (unless secret), what is
/// expected and, unless it came from the command line, where it stands. The program ends with exit code 2.
class BadSetting : public std::exception {
  public:
    explicit BadSetting(std::string text)
        : text_(std::move(text)) {
        // One line, whatever a value contains.
        std::ranges::replace_if(text_, &text::is_control, '?');
    }
    [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

  private:
    std::string text_;
};

} // namespace lxcmon::app
