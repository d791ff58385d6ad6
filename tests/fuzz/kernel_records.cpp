// SPDX-License-Identifier: GPL-2.0-or-later
// Records of the kernel: entries of a folder (getdents64) and inotify events.
#include "fuzz/support.hpp"

#include "io/file_changes.hpp"
#include "io/kernel_file.hpp"

#include <array>
#include <cstring>
#include <utility>

using namespace lxcmon;
using fuzz::require;

namespace {

using Entry = std::pair<unsigned char, std::string>;
using Event = std::pair<int, std::uint32_t>; ///< wd, mask

std::vector<Entry> entries_of(std::span<const char> records) {
    std::vector<Entry> entries;
    io::for_each_entry(records, [&](unsigned char type, const char* name) {
        require(name > records.data() && name < records.data() + records.size(), "a name in the records");
        entries.emplace_back(type, name);
    });
    return entries;
}

std::vector<Event> events_of(std::span<const char> records) {
    std::vector<Event> events;
    io::for_each_inotify_event(
        records, [&](const inotify_event& event) { events.emplace_back(event.wd, event.mask); });
    return events;
}

/// Appends a record: its first bytes, as many of a text as they say, zeros up to a multiple of `align`.
void append(std::string& records, std::string_view head, std::string_view text, std::size_t align) {
    records += head;
    records += text;
    records.resize(records.size() + (align - (head.size() + text.size()) % align) % align);
}

void add_entry(FuzzedDataProvider& data, std::string& records, std::vector<Entry>& entries) {
    constexpr std::size_t name_at = offsetof(dirent64, d_name);
    const auto type = data.ConsumeIntegral<unsigned char>();
    const std::string name = data.ConsumeRandomLengthString(255).c_str();
    const auto length = static_cast<std::uint16_t>((name_at + name.size() + 8) / 8 * 8);
    std::array<char, name_at> head{};
    std::memcpy(head.data() + offsetof(dirent64, d_reclen), &length, sizeof length);
    std::memcpy(head.data() + offsetof(dirent64, d_type), &type, sizeof type);
    append(records, {head.data(), head.size()}, name + '\0', 8);
    entries.emplace_back(type, name);
}

void add_event(FuzzedDataProvider& data, std::string& records, std::vector<Event>& events) {
    const std::string name = data.ConsumeRandomLengthString(64);
    inotify_event event{};
    event.wd = data.ConsumeIntegral<int>();
    event.mask = data.ConsumeIntegral<std::uint32_t>();
    event.len = static_cast<std::uint32_t>((name.size() + 15) / 16 * 16);
    std::array<char, sizeof event> head{};
    std::memcpy(head.data(), &event, sizeof event);
    append(records, {head.data(), head.size()}, name, 16);
    events.emplace_back(event.wd, event.mask);
}

/// Good records are read as they were made; cut ones give the first of these.
template <typename Record, typename Add, typename Read>
void check_round_trip(FuzzedDataProvider& data, Add add, Read read) {
    std::string records;
    std::vector<Record> made;
    for (int left = data.ConsumeIntegralInRange(0, 8); left > 0; --left)
        add(data, records, made);
    require(read(std::span<const char>(records)) == made, "what the kernel says");
    const std::size_t cut = data.ConsumeIntegralInRange<std::size_t>(0, records.size());
    const auto some = read(std::span<const char>(records).first(cut));
    require(some.size() <= made.size() && std::equal(some.begin(), some.end(), made.begin()),
            "whole records only");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    require(entries_of(text).size() <= size / offsetof(dirent64, d_name), "no entry is invented");
    require(events_of(text).size() <= size / sizeof(inotify_event), "no event is invented");
    FuzzedDataProvider provider(data, size);
    check_round_trip<Entry>(provider, &add_entry, &entries_of);
    check_round_trip<Event>(provider, &add_event, &events_of);
    return 0;
}
