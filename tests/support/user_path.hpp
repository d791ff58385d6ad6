// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "discover/container_table.hpp"
#include "support/temp_tree.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace lxcmon::test {

constexpr uid_t lxc_user = 65534; // nobody
using TableNames = std::vector<std::string>;

/// An lxcpath of the user's with a container `good`, beside one of root's with `steady`.
class UserPath {
  public:
    UserPath() {
        define("good");
        root_.write("steady/config", "lxc.rootfs.path = dir:/nowhere\n");
    }
    void define(const std::string& name, const std::string& more = "") const {
        user_.write(name + "/config", "lxc.rootfs.path = dir:/nowhere\n" + more);
        own();
    }
    void own() const {
        REQUIRE(::chown(user_.path().c_str(), lxc_user, lxc_user) == 0);
        for (const auto& each : std::filesystem::recursive_directory_iterator(user_.path()))
            REQUIRE(::lchown(each.path().c_str(), lxc_user, lxc_user) == 0);
    }
    [[nodiscard]] std::string path() const { return user_.path(); }
    [[nodiscard]] const TempTree& roots() const noexcept { return root_; }
    [[nodiscard]] discover::DiscoverSettings settings() const {
        discover::DiscoverSettings settings{{root_.path(), user_.path()}, {}, {}};
        settings.liblxc.deadline = std::chrono::milliseconds(500);
        settings.liblxc.wait = std::chrono::seconds(10);
        settings.liblxc.first_wait = std::chrono::seconds(30);
        return settings;
    }

  private:
    TempTree user_, root_;
};

inline TableNames names_after_refresh(discover::ContainerTable& table) {
    table.refresh();
    TableNames names;
    for (const Container* each : table.containers())
        names.push_back(each->name);
    return names;
}

} // namespace lxcmon::test
