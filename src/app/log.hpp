// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "app/log_settings.hpp"

#include <string>
#include <string_view>

namespace lxcmon::app {

/// Whether the descriptor is connected to the systemd journal. `journal_stream` is the value of
/// $JOURNAL_STREAM (systemd.exec(5)), or nullptr.
[[nodiscard]] bool goes_to_journal(int fd, const char* journal_stream) noexcept;

/// Writes the final error message of the program to stderr, with a priority if stderr is the journal.
void print_error(std::string_view text);

/// Configures spdlog: output to stderr or to a rotating file, as text or as one JSON object a line. Lines for
/// the journal have priorities (sd-daemon(3)) and no time. Control characters in messages are replaced,
/// because names and answers of servers are untrusted. No other thread may log meanwhile. Throws BadSetting
/// if the file can't be opened.
void set_up_log(const std::string& program, const LogSettings& settings);

/// The settings of the last set_up_log() that succeeded.
[[nodiscard]] const LogSettings& log_settings() noexcept;

} // namespace lxcmon::app
