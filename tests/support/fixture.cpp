// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/fixture.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace lxcmon::test {

Fixture::Fixture(const std::string& name)
    : name_(name)
    , directory_(std::filesystem::path(LXCMON_FIXTURES) / name)
    , root_(::open((directory_ / "root").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {
    if (!root_)
        throw std::runtime_error("no fixture " + directory_.string());
    std::istringstream table(text_of_file(directory_ / "containers.tsv"));
    for (CapturedContainer row; table >> row.name >> row.init_pid >> row.state;) {
        containers_.push_back(row);
        table.ignore(4096, '\n'); // the lxcpath
    }
    if (containers_.empty())
        throw std::runtime_error("no container in fixture " + name);
}

const CapturedContainer& Fixture::container(const std::string& name) const {
    const auto at = std::ranges::find(containers_, name, &CapturedContainer::name);
    if (at == containers_.end())
        throw std::runtime_error("no container " + name + " in fixture " + name_);
    return *at;
}

std::string Fixture::text(const std::string& path) const {
    return text_of_file(directory_ / "root" / path);
}

std::int64_t Fixture::boottime_ns() const {
    return std::llround(std::stod(text("proc/uptime")) * 100.0) * 10'000'000;
}

std::vector<std::string> fixture_names() {
    std::vector<std::string> names{"v1", "v2", "hybrid"};
    for (const auto& entry : std::filesystem::directory_iterator(std::string(LXCMON_FIXTURES) + "/broken"))
        names.push_back("broken/" + entry.path().filename().string());
    if (names.size() == 3)
        throw std::runtime_error("no case in tests/fixtures/broken");
    std::ranges::sort(names);
    return names;
}

std::string text_of_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file)
        throw std::runtime_error("can't read " + path.string());
    return {std::istreambuf_iterator<char>(file), {}};
}

} // namespace lxcmon::test
