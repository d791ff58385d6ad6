#include "push/command_table.hpp"

#include <array>

namespace lxcmon::push {
namespace {

constexpr std::string_view as_json = "As JSON, for scripts";

constexpr auto list_flags = std::to_array<CommandFlag>({{"json", Format::json, as_json}});
constexpr auto fields_flags = std::to_array<CommandFlag>(
    {{"json", Format::json, as_json}, {"markdown", Format::markdown, "As in README.md"}});

constexpr auto table = std::to_array<CommandRow>({
    {Command::list, "list", "Show the containers of this host with their figures", list_flags},
    {Command::fields, "fields", "Show what can be sampled, and where it comes from", fields_flags},
    {Command::check, "check", "Try settings, rights, liblxc, containers and server; exit code 0 or 1"},
    {Command::replay,
     "replay",
     "Deliver points from files of JSON Lines, plain or gzip (- is standard input); with --dry-run print "
     "them as line protocol",
     {},
     "FILE",
     "A file of JSON Lines, or -"},
});

} // namespace

std::span<const CommandRow> command_table() noexcept {
    return table;
}

} // namespace lxcmon::push
