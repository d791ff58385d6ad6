// SPDX-License-Identifier: GPL-2.0-or-later
// A settings file, from its text to the checked settings.
#include "fuzz/support.hpp"

#include "app/settings/toml_file.hpp"
#include "push/influx_options.hpp"
#include "push/invocation.hpp"
#include "push/option_table.hpp"

using namespace lxcmon;
using fuzz::require;

namespace {

constexpr const char* path = "/etc/lxcmon/lxcmon-push.toml";

void check_message(const app::BadSetting& bad) {
    const std::string_view message = bad.what();
    require(message.starts_with("lxcmon-push: ") && message.find('\n') == std::string_view::npos,
            "an error is one line of the program", message);
}

/// The values that name a file are left out: their functions read it.
std::vector<app::Given> given_values(const app::FileSettings& settings) {
    std::vector<app::Given> all;
    for (std::size_t option = 0; option < push::program().options.size(); ++option) {
        const app::Option& row = *push::program().options[option];
        const auto found = settings.find(row.name);
        if (found == settings.end() || row.value.name == "FILE" || row.value.name == "PEM")
            continue;
        app::Given given{option, found->second.values, {}, false};
        require(found->second.places.size() == found->second.values.size(), "a place for each value");
        for (const app::FilePlace& place : found->second.places) {
            require(place.line > 0 && place.column > 0, "a place counts from 1");
            given.places.push_back(std::string(path) + ":" + std::to_string(place.line));
        }
        all.push_back(std::move(given));
    }
    return all;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        const auto settings = app::parse_toml(fuzz::text_of(data, size), path, push::program());
        push::Config config;
        app::apply(push::program(), push::option_table(), given_values(settings), config);
        push::check_influx_options(config);
    } catch (const app::BadSetting& bad) {
        check_message(bad);
    }
    return 0;
}
