// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "deliver/array/array_file.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

/// A folder for an array, and what is in it.
namespace lxcmon::test {

using deliver::ArrayFile;
using deliver::JsonFileSettings;
using deliver::Outcome;
using deliver::Verdict;

inline std::string read_all(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

struct Place {
    test::TempFolder folder;
    std::string file = folder.path("metrics.json");
    std::string spare = folder.path(".metrics.json.spare");

    [[nodiscard]] ArrayFile sink(std::uint64_t max_bytes = 0, unsigned kept = 3) const {
        return ArrayFile(JsonFileSettings{file, true, max_bytes, kept});
    }
    [[nodiscard]] std::string text() const { return read_all(file); }
};

inline std::string element(int number, std::size_t padding = 0) {
    return "{\"n\":" + std::to_string(number) + ",\"p\":\"" + std::string(padding, 'x') + "\"}\n";
}

inline bool is_delivered(ArrayFile& sink, const std::string& lines) {
    const Verdict verdict = sink.send(lines);
    INFO(verdict.message);
    return verdict.outcome == Outcome::delivered;
}

/// The numbers of the elements; -1 alone: not a JSON array.
inline std::vector<int> numbers_in(const std::string& text) {
    const auto json = nlohmann::json::parse(text, nullptr, false);
    if (!json.is_array())
        return {-1};
    std::vector<int> numbers;
    for (const auto& each : json)
        numbers.push_back(each.value("n", -2));
    return numbers;
}

using Numbers = std::vector<int>;

inline ino_t inode(const std::string& path) {
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    return status.st_ino;
}

/// Runs `child` in a process of its own until it ends or is killed.
inline pid_t in_child(const std::function<void()>& child) {
    const pid_t pid = ::fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL); // a test that is killed leaves none behind
        child();
        ::_exit(0);
    }
    return pid;
}

} // namespace lxcmon::test
