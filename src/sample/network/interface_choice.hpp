// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sample/network/rtnetlink.hpp"
#include "text/name_globs.hpp"

namespace lxcmon::sample {

/// Selects interfaces by name: --net-loopback, --net-include and --net-exclude.
struct InterfaceChoice {
    bool loopback = false;
    text::NameGlobs globs{};

    /// `is_usual`: wanted by default, unless it is the loopback.
    [[nodiscard]] bool wants(const Link& link, bool is_usual = true) const {
        return globs.wants(link.name.data(), is_usual && (loopback || !link.loopback));
    }
};

} // namespace lxcmon::sample
