// SPDX-License-Identifier: GPL-2.0-or-later
#include "docgen/blocks.hpp"

#include "push/command_table.hpp"
#include "push/option_table.hpp"

namespace lxcmon::docgen {

std::string markdown_commands() {
    std::string text =
        "| command | what it does |\n|---|---|\n"
        "| `lxcmon-push` | Run the agent until SIGTERM or SIGINT; SIGHUP reads the settings again |\n";
    for (const app::Command& row : push::command_table())
        text += "| `lxcmon-push " + synopsis(row, "\\|", "") + "` | " + std::string(row.help) + " |\n";
    return text;
}

std::string markdown_options() {
    std::string text = "| option | default | environment | what it does |\n|---|---|---|---|\n";
    for (const app::Option& row : push::option_table()) {
        const std::string value = row.value.name.empty() ? "" : " " + std::string(row.value.name);
        const std::string standard =
            row.standard_variable.empty() ? "" : ", `" + std::string(row.standard_variable) + "`";
        text += "| `--" + std::string(row.name) + value + "` | " + std::string(row.default_value.text) +
                " | `" + app::environment_name(row.name) + "`" + standard + " | " + std::string(row.help) +
                " |\n";
    }
    return text;
}

} // namespace lxcmon::docgen
