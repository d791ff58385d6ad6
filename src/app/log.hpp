#pragma once

#include "app/log_settings.hpp"

#include <string>
#include <string_view>

namespace lxcmon::app {

/// Whether what is written to this descriptor goes to systemd's journal: $JOURNAL_STREAM names it
/// (systemd.exec(5)).
[[nodiscard]] bool goes_to_journal(int fd, const char* journal_stream) noexcept;

/// Writes the last words of a program that can't go on to stderr, for the journal as an error.
void print_error(std::string_view text);

/// Sets spdlog up as the settings say: to stderr or to a rotating file, as text or as one JSON object a line.
/// The journal has times of its own and gets priorities (sd-daemon(3)) in their place. Control characters in
/// a message are replaced: names and servers' answers are not ours. Throws BadSetting where the file can't be
/// opened.
void set_up_log(const std::string& program, const LogSettings& settings);

/// The settings of the last set_up_log() that succeeded.
[[nodiscard]] const LogSettings& log_settings() noexcept;

} // namespace lxcmon::app
