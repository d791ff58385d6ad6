// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace lxcmon::encode {

/// Appends a JSON string with its quotes. Invalid UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

/// Appends a finite number that JSON readers take for a float: it has a point or an exponent.
void append_json_float(std::string& out, double number);

} // namespace lxcmon::encode
