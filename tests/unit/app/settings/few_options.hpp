// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "app/settings/parse.hpp"

namespace lxcmon::test {

/// A program of a few options: one of each kind.
inline const app::Program& few_options() {
    static const app::Option url{"", "influx-url", "URL", "", "", true};
    static const app::Option database{"", "influx-db", "NAME", "", ""};
    static const app::Option include{"", "include", "GLOB", "", "", true};
    static const app::Option tag{"", "tag", "KEY=VALUE", "", "", true};
    static const app::Option host{"", "host", "NAME", "", ""};
    static const app::Option interval{"", "interval", "DURATION", "", ""};
    static const app::Option level{"", "log-level", "LEVEL", "", ""};
    static const app::Option once{"", "once", "", "", "", false, {}, {}, true};
    static const app::Option config{"", "config", "FILE", "/nonexistent/few.toml", "", false, {}, {}, true};
    static const app::Program program{
        "lxcmon-few",
        "A few options.",
        "",
        {&url, &database, &include, &tag, &host, &interval, &level, &once, &config},
        {}};
    return program;
}

} // namespace lxcmon::test
