// SPDX-License-Identifier: GPL-2.0-or-later
// toml_dump FILE...: reads each settings file and prints a line of JSON for it: the texts of each option, or
// the error.

#include "app/settings/bad_setting.hpp"
#include "app/settings/toml_file.hpp"
#include "push/invocation.hpp"

#include <nlohmann/json.hpp>

#include <fstream>
#include <iostream>
#include <sstream>

int main(int count, char** arguments) {
    using namespace lxcmon::app;
    for (int at = 1; at < count; ++at) {
        const std::string path = arguments[at];
        std::ostringstream text;
        text << std::ifstream(path, std::ios::binary).rdbuf();
        nlohmann::json line = nlohmann::json::object();
        try {
            for (const auto& [name, value] : parse_toml(text.str(), path, lxcmon::push::program()))
                line["values"][name] = value.values;
        } catch (const BadSetting& bad) {
            line["error"] = bad.what();
        }
        std::cout << line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
    }
}
