// SPDX-License-Identifier: GPL-2.0-or-later
// What a spool finds in its folder at the start: any names, files, folders, links and FIFOs, beside a second
// implementation of docs/delivery.md.
#include "fuzz/support.hpp"

#include "spool/contents.hpp"
#include "spool/owner.hpp"
#include "support/temp_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

using namespace lxcmon;
using fuzz::require;

namespace {

enum class Type { file, folder, fifo, link, kMaxValue = link };

struct File {
    Type type = Type::file;
    std::string text;
};
using Files = std::map<std::string, File>;

std::uint64_t some_number(FuzzedDataProvider& data) {
    constexpr std::uint64_t million = 1'000'000;
    static constexpr std::array<std::uint64_t, 9> edges{0,
                                                        999'999'999'999,
                                                        1'000'000'000'000,
                                                        100'000 * million * million - 1,
                                                        100'000 * million * million,
                                                        million * million * million - 1,
                                                        million * million * million,
                                                        INT64_MAX,
                                                        UINT64_MAX};
    return data.ConsumeIntegralInRange(0, 3) == 0
               ? edges[data.ConsumeIntegralInRange<std::size_t>(0, edges.size() - 1)]
               : data.ConsumeIntegralInRange<std::uint64_t>(1, 3);
}

std::string some_name(FuzzedDataProvider& data) {
    static constexpr std::array fixed{"rejected.jsonl",  "rejected.jsonl.1",
                                      spool::owner_name, spool::owner_temporary_name,
                                      "x.bad",           ".bad"};
    const std::uint64_t number = some_number(data);
    switch (data.ConsumeIntegralInRange(0, 7)) {
    case 0:
        return spool::gzip_name(number, some_number(data));
    case 1:
        return spool::temporary_name(number);
    case 2:
        return std::to_string(number) + data.PickValueInArray({".jsonl", "-1.jsonl.gz", ".jsonl.gz.tmp", ""});
    case 3:
        return fixed[data.ConsumeIntegralInRange<std::size_t>(0, fixed.size() - 1)];
    case 4:
        return spool::plain_name(number) + data.PickValueInArray({".bad", ".2.bad", "~"});
    case 5: {
        std::string name = fuzz::some_text(data, 60);
        std::erase_if(name, [](char c) { return c == '/' || c == '\0'; });
        return name;
    }
    default:
        return spool::plain_name(number);
    }
}

class Scene {
  public:
    Scene() { require(!folder_.open(), "a folder in /dev/shm"); }

    void check(FuzzedDataProvider& data) {
        Files before;
        for (int left = data.ConsumeIntegralInRange(1, 6); left > 0; --left)
            make(data, before);
        spool::Contents contents;
        require(!spool::read_contents(folder_, contents), "a folder can be read");
        const Files after = files();
        check_segments(contents, after);
        check_bad(contents, after);
        for (const auto& [name, file] : before)
            check_one(name, file, before, after, contents);
        require(after.size() <= before.size(), "no file is made");
        for (const auto& [name, file] : after)
            std::filesystem::remove_all(temp_.path(name));
    }

    /// Another agent that finds the spool in use names the holder, which has written its name.
    void check_lock(std::string_view text) const {
        temp_.write(spool::Folder::lock_name, text);
        spool::Folder other(folder_.path());
        try {
            require(other.open().has_value(), "a spool is used by one agent");
        } catch (const spool::SpoolHeld& held) {
            require(fuzz::is_printable(held.what()) && std::string_view(held.what()).size() < 1000,
                    "the holder is printable and short", held.what());
        }
        require(!other.is_open(), "a spool in use is not opened");
    }

  private:
    void make(FuzzedDataProvider& data, Files& made) {
        const std::string name = some_name(data);
        const Type type = data.ConsumeIntegralInRange(0, 7) == 0 ? data.ConsumeEnum<Type>() : Type::file;
        const std::string text = type == Type::file ? fuzz::some_text(data, 20) : std::string();
        const std::string path = temp_.path(name);
        bool is_made = !made.contains(name) && name != spool::Folder::lock_name;
        if (!is_made)
            return;
        if (type == Type::folder)
            is_made = ::mkdir(path.c_str(), 0700) == 0;
        else if (type == Type::fifo)
            is_made = ::mkfifo(path.c_str(), 0600) == 0;
        else if (type == Type::link)
            is_made = ::symlink("lock", path.c_str()) == 0;
        else
            is_made = write(name, text);
        if (is_made)
            made[name] = {type, text};
    }

    [[nodiscard]] bool write(const std::string& name, const std::string& text) const {
        const io::UniqueFd file = folder_.open_file(name, O_WRONLY | O_CREAT | O_EXCL);
        return file && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
    }

    [[nodiscard]] Files files() const {
        Files found;
        for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
            File file;
            const auto status = entry.symlink_status();
            file.type = std::filesystem::is_symlink(status)     ? Type::link
                        : std::filesystem::is_directory(status) ? Type::folder
                        : std::filesystem::is_fifo(status)      ? Type::fifo
                                                                : Type::file;
            if (file.type == Type::file) {
                std::ifstream in(entry.path(), std::ios::binary);
                file.text.assign(std::istreambuf_iterator<char>(in), {});
            }
            if (entry.path().filename() != spool::Folder::lock_name)
                found[entry.path().filename()] = file;
        }
        return found;
    }

    static void check_segments(const spool::Contents& contents, const Files& after) {
        std::set<std::string> names;
        std::uint64_t last = 0;
        for (const spool::Segment& each : contents.segments) {
            const auto file = after.find(each.name);
            require(file != after.end() && file->second.type == Type::file, "a segment is a file", each.name);
            require(names.insert(each.name).second, "a segment is listed once", each.name);
            require(each.number >= last, "the oldest segment first", each.name);
            last = each.number;
            const std::string& text = file->second.text;
            require(each.bytes == text.size() && each.mtime_ns > 0, "its size and time", each.name);
            const std::string wanted =
                each.is_gzip ? spool::gzip_name(each.number, each.lines) : spool::plain_name(each.number);
            require(each.name == wanted, "its name", each.name);
            require(each.is_gzip || (!text.empty() && std::count(text.begin(), text.end(), '\n') ==
                                                          static_cast<std::ptrdiff_t>(each.lines)),
                    "lines of a plain segment", each.name);
        }
    }

    static void check_bad(const spool::Contents& contents, const Files& after) {
        for (const spool::BadFile& each : contents.bad) {
            const auto file = after.find(each.name);
            require(each.name.ends_with(".bad") && file != after.end() && file->second.type == Type::file &&
                        file->second.text.size() == each.bytes,
                    "a bad file is there", each.name);
        }
    }

    /// What has become of one file.
    static void check_one(const std::string& name, const File& file, const Files& before, const Files& after,
                          const spool::Contents& contents) {
        constexpr std::uint64_t highest = 100'000'000'000'000'000;
        const std::uint64_t number = spool::number_of_name(name);
        const auto segment = spool::segment_of_name(name);
        const bool is_unfinished =
            name == spool::temporary_name(number) || name == spool::owner_temporary_name;
        const bool is_bad = spool::is_bad_name(name);
        require(!(segment || is_unfinished || is_bad) || number >= highest || contents.next_number > number,
                "new numbers are higher", name);
        const bool is_file = file.type == Type::file;
        const auto now = after.find(name);
        const bool stays =
            now != after.end() && now->second.type == file.type && now->second.text == file.text;
        const bool is_duplicate =
            segment && !segment->is_gzip && (file.text.empty() || has_gzip(number, before));
        require(stays != (is_file && (is_unfinished || is_duplicate)),
                "what a crash left is removed, all else stays", name);
        const auto is_in = [&](const auto& list) {
            return std::ranges::any_of(list, [&](const auto& each) { return each.name == name; });
        };
        require(is_in(contents.segments) == (is_file && segment && !is_duplicate), "a segment is listed",
                name);
        require(is_in(contents.bad) == (is_file && is_bad), "a bad file is listed", name);
    }

    static bool has_gzip(std::uint64_t number, const Files& before) {
        return std::ranges::any_of(before, [&](const auto& item) {
            const auto segment = spool::segment_of_name(item.first);
            return item.second.type == Type::file && segment && segment->is_gzip && segment->number == number;
        });
    }

    test::TempFolder temp_{"/dev/shm"};
    spool::Folder folder_{temp_.path("")};
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Scene scene;
    scene.check_lock(fuzz::text_of(data, size));
    const std::string name(fuzz::text_of(data, std::min<std::size_t>(size, 100)));
    static_cast<void>(spool::number_of_name(name));
    if (const auto segment = spool::segment_of_name(name))
        require(segment->name == name, "a segment has its name", name);
    FuzzedDataProvider provider(data, size);
    scene.check(provider);
    return 0;
}
