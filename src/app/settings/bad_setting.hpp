#pragma once

#include "text/utf8.hpp"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

namespace lxcmon::app {

/// What is wrong with a value: "is not a duration; expected for example 10s".
struct BadValue {
    std::string message;
    std::string shown{}; ///< what is shown of a value that may hold a secret; empty: the value itself
};

/// A setting that can't be taken: one line for stderr, naming the option, its value (unless secret), what is
/// expected and, where it is not the command line, where it stands. The program ends with exit code 2.
class BadSetting : public std::exception {
  public:
    explicit BadSetting(std::string text)
        : text_(std::move(text)) {
        // One line, whatever stands in a value.
        std::ranges::replace_if(text_, &text::is_control, '?');
    }
    [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

  private:
    std::string text_;
};

} // namespace lxcmon::app
