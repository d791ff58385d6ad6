// SPDX-License-Identifier: GPL-2.0-or-later
// LXC Monitor's settings, from YAML to a settings file that the agent takes.
#include "fuzz/support.hpp"

#include "app/settings/bad_setting.hpp"
#include "app/settings/toml_file.hpp"
#include "push/import/lxc_monitor.hpp"
#include "push/invocation.hpp"

using namespace lxcmon;
using fuzz::require;

namespace {

/// Throws app::BadSetting if the YAML is refused.
std::string imported(const std::string& yaml) {
    try {
        return push::settings_of_lxc_monitor(push::read_yaml(yaml, "m.yaml"), "m.yaml");
    } catch (const app::BadSetting& bad) {
        const std::string_view message = bad.what();
        require(message.starts_with("lxcmon-push: m.yaml:") && fuzz::is_printable(message),
                "an error is one line with the file's name", message);
        require(message.size() < 1000, "an error is short", message);
        throw;
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string toml;
    try {
        toml = imported(std::string(fuzz::text_of(data, size)));
    } catch (const app::BadSetting&) {
        return 0;
    }
    try {
        static_cast<void>(app::parse_toml(toml, "lxcmon-push.toml", push::program()));
    } catch (const app::BadSetting& bad) {
        require(false, "the agent takes the settings", bad.what());
    }
    return 0;
}
