#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lxcmon::http {

/// What is wrong with the address of a server, for a person to read; nothing where it is good: http
/// or https, a host, maybe a port and a path; or unix:///PATH. The text holds no part of `url`, as that
/// may hold a secret.
[[nodiscard]] std::optional<std::string> check_url(const std::string& url);

/// The same for a proxy: http, https, socks5 or socks5h, a host, maybe a port.
[[nodiscard]] std::optional<std::string> check_proxy(const std::string& url);

/// The path in unix:///PATH; nothing where the URL is another.
[[nodiscard]] std::optional<std::string> unix_socket_path(std::string_view url);

/// One text for all ways to write one server's address: without slashes at its end, the scheme and the
/// host in lower case, the default port left out.
[[nodiscard]] std::string canonical_url(std::string_view url);

/// `url` fit for a log or an error, however broken it is: what stands before an `@` and after a `?` is
/// hidden.
[[nodiscard]] std::string shown_url(std::string_view url);

/// For a query parameter or a form: all but letters, digits and `-._~` as %XX.
[[nodiscard]] std::string percent_encoded(std::string_view text);

} // namespace lxcmon::http
