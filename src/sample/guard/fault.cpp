#include "sample/guard/fault.hpp"

#include <spdlog/spdlog.h>

#include <system_error>

namespace lxcmon::sample {

void Fault::set(const std::string& who, std::string words) {
    if (words == words_)
        return;
    words_ = std::move(words);
    if (!words_.empty())
        spdlog::warn("{}: {}", who, words_);
}

std::string words_of(int error) {
    return std::generic_category().message(error);
}

} // namespace lxcmon::sample
