// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <stdexcept>
#include <string_view>

namespace lxcmon::app {

/// The reader of standard output has exited (`lxcmon-push list | head`): nobody is left to be told.
struct ReaderGone : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Writes the result of a command, whole, to standard output. Throws ReaderGone, or std::runtime_error if it
/// can't be written, for example on a full disk. SIGPIPE must be ignored.
void print(std::string_view text);

} // namespace lxcmon::app
