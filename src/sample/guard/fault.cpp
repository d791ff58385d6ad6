// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/guard/fault.hpp"

#include <spdlog/spdlog.h>

#include <system_error>

namespace lxcmon::sample {

void Fault::set(const std::string& subject, std::string message) {
    if (message == message_)
        return;
    message_ = std::move(message);
    if (!message_.empty())
        spdlog::warn("{}: {}", subject, message_);
}

std::string message_of(int error) {
    return std::generic_category().message(error);
}

} // namespace lxcmon::sample
