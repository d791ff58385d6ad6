// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "support/waiting.hpp"

#include "discover/container_table.hpp"

#include <chrono>

namespace lxcmon::test {

/// Refreshes the table until `condition()` is true; false if it is not within what a busy machine may take.
template <typename Condition>
[[nodiscard]] bool becomes_true(discover::ContainerTable& table, Condition&& condition) {
    const auto is_true = [&] {
        table.refresh();
        return condition();
    };
    return comes_true(is_true, std::chrono::seconds(30));
}

} // namespace lxcmon::test
