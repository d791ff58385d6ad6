// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/command_table.hpp"

#include "push/commands/commands.hpp"
#include "push/view/order.hpp"

#include <array>

namespace lxcmon::push {
namespace {

using app::CommandFlag;
using app::Mode;

constexpr std::string_view as_json = "As JSON, for scripts";

constexpr auto list_flags = std::to_array<CommandFlag>({{"json", Mode::json, as_json}});
constexpr auto fields_flags = std::to_array<CommandFlag>(
    {{"json", Mode::json, as_json}, {"markdown", Mode::markdown, "As in docs/measurements.md"}});
constexpr auto check_flags = std::to_array<CommandFlag>(
    {{"offline", Mode::offline, "Only the settings: no server, no containers, any user; for CI"}});

constexpr app::OptionValue sort_value{"COLUMN", sort_words};
constexpr app::OptionValue state_value{"STATE", state_words};
constexpr std::string_view sort_help =
    "Order of the containers: by name, or the highest cpu, memory, network, disk or processes first";
constexpr std::string_view state_help = "Only containers in this state";
constexpr auto list_options = std::to_array<app::CommandOption>(
    {{"sort", sort_value, "name", sort_help}, {"state", state_value, "any", state_help}});
constexpr auto top_options = std::to_array<app::CommandOption>(
    {{"sort", sort_value, "cpu", sort_help}, {"state", state_value, "any", state_help}});

constexpr auto command_rows = std::to_array<CommandRow>({
    {{"list", "Show the containers of this host with their metrics", list_flags, list_options},
     &list_containers},
    {{"top",
      "Watch the containers of this host: a live table, every 2 s or --interval; ? shows its keys. Without a "
      "terminal it prints one table",
      {},
      top_options},
     &top,
     false},
    {{"fields", "Show the measurements and fields, with the source of each", fields_flags}, &show_fields},
    {{"check",
      "Test settings, privileges, liblxc, containers and server, to which it writes some points; exit code 0 "
      "or 1",
      check_flags},
     &check,
     false},
    {{"replay",
      "Deliver points from files of JSON Lines, plain or gzip (- is standard input, plain); with --dry-run "
      "print "
      "them as line protocol",
      {},
      {},
      "FILE",
      "A file of JSON Lines, or -"},
     &replay},
    {{"import-config",
      "Print the settings file of LXC Monitor (YAML) as one of lxcmon-push",
      {},
      {},
      "FILE",
      "Its lxc_monitor.yaml",
      false},
     &import_config,
     false},
});

} // namespace

std::span<const CommandRow> command_table() noexcept {
    return command_rows;
}

} // namespace lxcmon::push
