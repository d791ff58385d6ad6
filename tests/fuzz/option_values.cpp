// SPDX-License-Identifier: GPL-2.0-or-later
// Values of options, URLs, the command line, and files that an option names.
#include "fuzz/support.hpp"

#include "app/settings/command_line.hpp"
#include "app/settings/nearest_name.hpp"
#include "app/settings/values.hpp"
#include "http/tls_files.hpp"
#include "http/url.hpp"
#include "io/parse.hpp"
#include "push/invocation.hpp"
#include "push/option_table.hpp"

using namespace lxcmon;
using fuzz::require;

namespace {

template <typename Parse>
void refusable(Parse&& parse) {
    try {
        parse();
    } catch (const text::BadValue& bad) {
        require(!bad.message.empty(), "a refusal says why");
    }
}

void check_values(const std::string& value) {
    refusable([&] { require(app::parse_duration(value).count() >= 0, "a duration is not negative", value); });
    refusable([&] { require(app::parse_size(value) > 0, "a size is not 0", value); });
    refusable(
        [&] { require(app::parse_count(value, 1, 5000) - 1 < 5000, "a count is in its range", value); });
    for (const push::OptionRow& row : push::option_table()) {
        if (row.value.name == "FILE" || row.value.name == "PEM")
            continue;
        refusable([&] {
            push::Config config;
            row.take(config, value);
        });
    }
}

int hex_digit(char c) {
    return c <= '9' ? c - '0' : c - 'A' + 10;
}

void check_urls(const std::string& url) {
    const std::string canonical = http::canonical_url(url);
    require(http::canonical_url(canonical) == canonical, "a canonical URL stays the same", url);
    require(http::check_url(url) || !http::check_url(canonical),
            "a canonical URL is as good as the given one", url);
    static_cast<void>(http::check_proxy(url));
    const std::string user = "https://root:" + http::percent_encoded(url) + "@host/";
    require(http::check_url(user).has_value(), "credentials in a URL are refused", user);
    if (url.size() >= 4 && url.find_first_of("*/@?#") == std::string::npos)
        require(http::shown_url("https://u:" + url + "@host/").find(":" + url) == std::string::npos,
                "a shown URL hides credentials", url);
    std::string decoded;
    const std::string encoded = http::percent_encoded(url);
    for (std::size_t at = 0; at < encoded.size(); ++at)
        if (encoded[at] == '%') {
            decoded.push_back(
                static_cast<char>(hex_digit(encoded[at + 1]) * 16 + hex_digit(encoded[at + 2])));
            at += 2;
        } else {
            decoded.push_back(encoded[at]);
        }
    require(decoded == url, "percent encoding loses nothing", url);
}

void check_command_line(std::string_view text) {
    std::vector<std::string> arguments;
    while (!text.empty())
        arguments.emplace_back(io::take_until(text, '\n'));
    try {
        const auto line = app::read_command_line(push::program(), arguments);
        require(line.print || line.values.size() == push::program().options.size(), "values by option");
    } catch (const app::BadSetting& bad) {
        require(std::string_view(bad.what()).starts_with("lxcmon-push: "), "an error names the program",
                bad.what());
    }
}

void check_files(std::string_view text) {
    const io::UniqueFd file = fuzz::file_with(text);
    const std::string path = "/proc/self/fd/" + std::to_string(file.get());
    for (const auto allowed : {app::SecretCharacters::ascii, app::SecretCharacters::utf8})
        refusable([&] {
            const std::string secret = app::read_secret(path, allowed);
            require(!secret.empty() && fuzz::is_utf8(secret) && secret.find('\n') == std::string::npos,
                    "a secret is one line");
        });
    static_cast<void>(http::check_certificate_file(path));
    static_cast<void>(http::check_key_file(path));
    static_cast<void>(http::holds_key(path));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(fuzz::text_of(data, std::min<std::size_t>(size, 2000)));
    check_values(text);
    check_urls(text);
    if (text.starts_with('-') || text.find("\n-") != std::string::npos)
        check_command_line(text); // takes longer than all the others
    check_files(text);
    static constexpr std::array<std::string_view, 4> names{"influx-url", "influx-db", "log-level", "tag"};
    const std::string_view near = app::nearest_name(text, names);
    require(near.empty() || std::find(names.begin(), names.end(), near) != names.end(),
            "a near name is one of them");
    return 0;
}
