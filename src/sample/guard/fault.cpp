#include "sample/guard/fault.hpp"

#include <spdlog/spdlog.h>

#include <system_error>

namespace lxcmon::sample {

void Fault::set(const std::string& who, std::string message) {
    if (message == words_)
        return;
    words_ = std::move(message);
    if (!words_.empty())
        spdlog::warn("{}: {}", who, words_);
}

std::string message_of(int error) {
    return std::generic_category().message(error);
}

} // namespace lxcmon::sample
