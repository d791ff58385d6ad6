// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <thread>

namespace lxcmon::test {

/// True as soon as `condition()` is; false if it is not within `patience`.
template <typename Condition>
[[nodiscard]] bool comes_true(Condition&& condition, std::chrono::seconds patience) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end)
            return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

} // namespace lxcmon::test
