// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lxcmon::http {

/// Checks the URL of a server: http or https, a host, optionally a port and a path; or unix:///PATH. Returns
/// what is wrong, for an error message, or nothing. The text contains no part of `url`, which may hold a
/// secret.
[[nodiscard]] std::optional<std::string> check_url(const std::string& url);

/// Checks the URL of a proxy in the same way: http, https, socks5 or socks5h, a host, optionally a port.
[[nodiscard]] std::optional<std::string> check_proxy(const std::string& url);

/// Returns the path of unix:///PATH; nothing for any other URL.
[[nodiscard]] std::optional<std::string> unix_socket_path(std::string_view url);

/// Normalizes the URL of a server: no slashes at the end, scheme and host in lower case, no default port.
[[nodiscard]] std::string canonical_url(std::string_view url);

/// Returns `url` for a log or an error, with the text before an `@` and after a `?` or `#` hidden. Any text
/// is allowed.
[[nodiscard]] std::string shown_url(std::string_view url);

/// Encodes a value for a query or a form: every byte except letters, digits and `-._~` becomes %XX.
[[nodiscard]] std::string percent_encoded(std::string_view text);

} // namespace lxcmon::http
