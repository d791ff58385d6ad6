// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/guard/fault.hpp"

#include "text/same_kind.hpp"

#include <spdlog/spdlog.h>

#include <system_error>

namespace lxcmon::sample {

void Fault::set(const std::string& subject, std::string message) {
    const bool is_known = text::same_kind(message, message_);
    message_ = std::move(message);
    if (!is_known && !message_.empty())
        spdlog::warn("{}: {}", subject, message_);
}

std::string message_of(int error) {
    return std::generic_category().message(error);
}

} // namespace lxcmon::sample
