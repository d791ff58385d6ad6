// SPDX-License-Identifier: GPL-2.0-or-later
// Why a container of a user can't be loaded: its configuration with lines that name files, which are there or
// not, beside a second implementation. No path leads out of the working folder, as the files are opened.
#include "fuzz/support.hpp"

#include "discover/load_trouble.hpp"
#include "support/temp_folder.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>

using namespace lxcmon;
using fuzz::require;

namespace {

constexpr std::array names{"there", "folder", "fifo", "none", "no\x1bne", "\xc2\x9b", ""};

void make_working_folder() {
    static const test::TempFolder folder("/dev/shm");
    folder.write("there", "");
    std::filesystem::create_directories(folder.path("folder"));
    std::filesystem::create_directories(folder.path("lxc/web"));
    require(::mkfifo(folder.path("fifo").c_str(), 0600) == 0 && ::chdir(folder.path("").c_str()) == 0,
            "a working folder");
}

std::string without_slash(std::string text) {
    std::erase(text, '/');
    return text;
}

struct Line {
    std::string key, value;
};

Line some_line(FuzzedDataProvider& data) {
    Line line;
    line.key = data.PickValueInArray(
        {"lxc.include", "lxc.log.file", "lxc.uts.name", "#lxc.include", "lxc.includes"});
    if (data.ConsumeIntegralInRange(0, 7) == 0)
        line.key = fuzz::some_text(data, 20);
    line.value = data.ConsumeIntegralInRange(0, 3) != 0
                     ? std::string(names[data.ConsumeIntegralInRange<std::size_t>(0, names.size() - 1)])
                     : fuzz::some_text(data, data.ConsumeBool() ? 20 : 400);
    for (std::string* const text : {&line.key, &line.value}) {
        *text = without_slash(*text);
        std::erase_if(*text,
                      [](char c) { return std::string_view("\n= \t\r").find(c) != std::string_view::npos; });
    }
    return line;
}

std::string blanks(FuzzedDataProvider& data) {
    return std::string(static_cast<std::size_t>(data.ConsumeIntegralInRange(0, 2)),
                       data.PickValueInArray({' ', '\t', '\r'}));
}

/// The beginning of what is said about a line; empty without trouble.
std::string wanted_of(const Line& line) {
    const std::string value = line.value.c_str();
    struct stat status {};
    const bool exists = ::stat(value.c_str(), &status) == 0;
    if (line.key == "lxc.include")
        return exists ? "" : "it includes '";
    const bool can_be_opened = exists && S_ISREG(status.st_mode);
    return line.key == "lxc.log.file" && !can_be_opened ? "its lxc.log.file is '" : "";
}

void check_lines(FuzzedDataProvider& data) {
    std::string config, wanted;
    const int count = data.ConsumeIntegralInRange(0, 5);
    for (int at = 0; at < count; ++at) {
        const Line line = some_line(data);
        config += blanks(data) + line.key + blanks(data) + '=' + blanks(data) + line.value + blanks(data);
        if (at + 1 < count || data.ConsumeBool())
            config += '\n';
        if (wanted.empty())
            wanted = wanted_of(line);
    }
    std::ofstream("lxc/web/config", std::ios::binary) << config;
    const std::string trouble = discover::load_trouble("lxc", "web");
    require(fuzz::is_printable(trouble) && trouble.size() < 600, "a reason is printable and short", trouble);
    require(trouble.starts_with(wanted.empty() ? "its configuration or an include has" : wanted),
            "the first reason", trouble);
}

/// Any text; the name is one word of the command.
void check_text(FuzzedDataProvider& data) {
    std::string name = without_slash(fuzz::some_text(data, 20).c_str());
    if (name.empty() || name == "." || name == "..")
        name = "x";
    const std::string folder = "lxc/" + name;
    require(::mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST, "a container's folder", folder);
    std::ofstream(folder + "/config", std::ios::binary)
        << without_slash(data.ConsumeRemainingBytesAsString());
    const std::string trouble = discover::load_trouble("lxc", name);
    require(!trouble.empty(), "there is a reason");
    if (const std::size_t at = trouble.find(" -n "); trouble.starts_with("its configuration or")) {
        std::string word = trouble.substr(at + 4, trouble.rfind(" -l ERROR") - at - 4);
        if (word.starts_with('\'')) {
            word = word.substr(1, word.size() - 2);
            for (std::size_t quote = 0; (quote = word.find("'\\''", quote)) != std::string::npos; ++quote)
                word.replace(quote, 4, "'");
        } else {
            require(word.find_first_of(std::string_view("' \\$`\"&;|<>()*?[]#~=%!{}\n\t")) ==
                        std::string::npos,
                    "a plain word is one word", word);
        }
        require(word == name, "the command has the name", trouble);
    }
    if (name != "web")
        std::filesystem::remove_all(folder);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const bool is_ready = (make_working_folder(), true);
    static_cast<void>(is_ready);
    FuzzedDataProvider provider(data, size);
    if (provider.ConsumeIntegralInRange(0, 3) == 0)
        check_text(provider);
    else
        check_lines(provider);
    return 0;
}
