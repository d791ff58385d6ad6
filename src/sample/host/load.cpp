// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/host/load.hpp"

#include "io/parse.hpp"

namespace lxcmon::sample {
namespace {

consteval FieldId load_field(std::string_view name) {
    return field_id("host_load", name);
}

} // namespace

void parse_host_load(std::string_view loadavg, Readings& readings) noexcept {
    auto line = io::single_line(loadavg);
    if (!line)
        return;
    const auto load1 = io::parse_decimal(io::take_until(*line, ' '));
    const auto load5 = io::parse_decimal(io::take_until(*line, ' '));
    const auto load15 = io::parse_decimal(io::take_until(*line, ' '));
    const auto running = io::parse_number<std::uint32_t>(io::take_until(*line, '/'));
    const auto threads = io::parse_number<std::uint32_t>(io::take_until(*line, ' '));
    // The newest pid comes last: if it is missing, the text is cut and the number before it may be, too.
    if (!load1 || !load5 || !load15 || !running || !threads || line->empty())
        return;
    readings.set(load_field("load1"), *load1);
    readings.set(load_field("load5"), *load5);
    readings.set(load_field("load15"), *load15);
    readings.set(load_field("running"), std::int64_t{*running});
    readings.set(load_field("threads"), std::int64_t{*threads});
}

} // namespace lxcmon::sample
