// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/top/view_text.hpp"

#include "push/view/columns.hpp"
#include "text/display_width.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace lxcmon::push {
namespace {

constexpr char32_t last_ascii = 0x7f;

std::string pressure_list(const Pressure& pressure) {
    std::string text;
    for (const auto& [share, name] :
         {std::pair{pressure.cpu, "cpu"}, std::pair{pressure.memory, "memory"}, std::pair{pressure.io, "io"}})
        if (share)
            text += (text.empty() ? "" : ", ") + std::string(name) + " " + percent(*share);
    return text.empty() ? "" : "waits " + text;
}

std::vector<std::string> host_parts(const Figures& host) {
    std::vector<std::string> parts{"CPU " + (host.cpu_percent ? percent(*host.cpu_percent) : "-")};
    if (host.cpu_limit_cores)
        parts.back() += fmt::format(" of {:.0f}%", *host.cpu_limit_cores * 100);
    parts.push_back("memory " + used_of(host.memory_used_bytes, host.memory_limit_bytes));
    parts.push_back(pressure_list(host.pressure));
    if (host.swap_limit_bytes.value_or(0) > 0)
        parts.push_back("swap " + used_of(host.swap_used_bytes, host.swap_limit_bytes));
    if (host.read_bytes_per_sec || host.write_bytes_per_sec)
        parts.push_back("disk " + rate_text(host.read_bytes_per_sec) + " read, " +
                        rate_text(host.write_bytes_per_sec) + " written");
    return parts;
}

} // namespace

std::string host_text(const Overview& overview, std::size_t columns) {
    std::string text = "host:";
    for (const std::string& part : host_parts(overview.host)) {
        const std::string_view gap = text.ends_with(':') ? " " : "  ";
        if (!part.empty() && text.size() + gap.size() + part.size() <= columns)
            text.append(gap).append(part);
    }
    return text;
}

std::string summary_text(const Overview& overview) {
    const auto running = std::ranges::count_if(overview.containers,
                                               [](const Figures& each) { return each.init_pid.has_value(); });
    std::string text = fmt::format("  {} of {} containers run", running, overview.containers.size());
    if (overview.left_out != 0)
        text += fmt::format(", {} left out", overview.left_out);
    if (const auto& load = overview.host_load; load[0] && load[1] && load[2])
        text += fmt::format("  load {:.2f} {:.2f} {:.2f}", *load[0], *load[1], *load[2]);
    return text;
}

std::string order_text(const ViewSettings& settings, const std::string& filter) {
    std::string text =
        "by " + std::string(word_of(settings.sort)) + (settings.is_reversed ? ", reversed" : "");
    if (!settings.state.empty())
        text += ", only " + settings.state;
    if (!filter.empty())
        text += ", only names with \"" + text::for_terminal(filter) + "\"";
    return text;
}

std::string position_text(std::size_t first, std::size_t last, std::size_t all) {
    return fmt::format(", {} to {} of {}", first, last, all);
}

std::string hint_text() {
    return "q: quit  ?: help  /: filter  Enter: details  r: reverse  sort: a c m n d p";
}

std::string help_text() {
    return R"(c m n d p   sort by CPU, memory, network, disk, processes
a           sort by name
r           the other way round
/           show only names that contain a text; Esc removes it
Up Down     choose a container; Page Up, Page Down, Home, End
Enter       its interfaces, filesystems, devices and busiest commands; Esc: back
q           quit

CPU is in percent of one core, CORES is the limit, THROTTLED the share of its
periods (of 100 ms, for most limits) in which the limit made it wait. MEMORY is what is used without page cache, and
the limit. WAITS is the share of the last 10 s in which something waited for the
scarcest of CPU, memory and I/O. RESTARTS are those since this program began;
OOM is the number of processes that the kernel killed since the container began.
In the details, READ and WRITTEN, IN and OUT are rates; the other counts are those
since the container began. Containers that are left out: lxcmon-push list says why.
Sizes are in powers of 1024.
)";
}

bool contains(std::string_view name, std::string_view part) {
    const auto same = [](char left, char right) {
        const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
        return lower(left) == lower(right);
    };
    // Not ranges::search(): clang 14 does not take libstdc++'s.
    return std::search(name.begin(), name.end(), part.begin(), part.end(), same) != name.end() ||
           part.empty();
}

void append_character(std::string& text, char32_t character) {
    if (character < U' ' || character == last_ascii)
        return;
    const auto put = [&](char32_t bits, unsigned mark) { text += static_cast<char>((bits & 0x3fU) | mark); };
    if (character < 0x80) {
        text += static_cast<char>(character);
    } else if (character < 0x800) {
        text += static_cast<char>(0xc0U | (character >> 6U));
        put(character, 0x80);
    } else if (character < 0x10000) {
        text += static_cast<char>(0xe0U | (character >> 12U));
        put(character >> 6U, 0x80);
        put(character, 0x80);
    } else {
        text += static_cast<char>(0xf0U | (character >> 18U));
        put(character >> 12U, 0x80);
        put(character >> 6U, 0x80);
        put(character, 0x80);
    }
}

void remove_last_character(std::string& text) {
    while (!text.empty()) {
        const auto byte = static_cast<unsigned char>(text.back());
        text.pop_back();
        if ((byte & 0xc0U) != 0x80U)
            return;
    }
}

} // namespace lxcmon::push
