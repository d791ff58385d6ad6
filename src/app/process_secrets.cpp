// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/process_secrets.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>

namespace lxcmon::app {

namespace {

void overwrite(char* text) noexcept {
    for (; *text != '\0'; ++text)
        *text = '*';
}

} // namespace

void protect_memory() noexcept {
    // A refusal is no error: the unit's filter of system calls refuses setrlimit(), and its LimitCORE= does
    // the same. A core pattern with a pipe ignores RLIMIT_CORE.
    const rlimit none{0, 0};
    static_cast<void>(::setrlimit(RLIMIT_CORE, &none));
    static_cast<void>(::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
}

void hide_argument(std::span<char*> arguments, std::string_view option) noexcept {
    bool is_next_value = false;
    for (char* argument : arguments) {
        const std::string_view text = argument;
        if (is_next_value) {
            overwrite(argument);
            is_next_value = false;
        } else if (text.starts_with("--") && text.substr(2).starts_with(option)) {
            const std::string_view rest = text.substr(2 + option.size());
            is_next_value = rest.empty();
            if (rest.starts_with('='))
                overwrite(argument + 2 + option.size() + 1);
        }
    }
}

} // namespace lxcmon::app
