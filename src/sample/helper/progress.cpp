// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/helper/progress.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <system_error>

namespace lxcmon::sample {

void HelperProgress::Unmap::operator()(HelperProgress* progress) const noexcept {
    ::munmap(progress, sizeof *progress);
}

HelperProgress::Shared HelperProgress::make() {
    void* const place =
        ::mmap(nullptr, sizeof(HelperProgress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (place == MAP_FAILED)
        throw std::system_error(errno, std::generic_category(), "starting the namespace helper: mmap");
    return Shared(new (place) HelperProgress{});
}

template <typename Change>
void HelperProgress::change(Change&& change) noexcept {
    const std::uint64_t before = version_.load(std::memory_order_relaxed);
    version_.store(before + 1, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    change();
    version_.store(before + 2, std::memory_order_release);
}

void HelperProgress::begin(std::uint64_t sequence) noexcept {
    change([&] {
        sequence_ = sequence;
        stage_ = Stage::unknown;
    });
}

void HelperProgress::enter(Stage stage) noexcept {
    change([&] { stage_ = stage; });
}

void HelperProgress::enter_mount(std::uint64_t device, std::string_view mount_point) noexcept {
    change([&] {
        stage_ = Stage::mount;
        device_ = device;
        length_ = static_cast<std::uint32_t>(mount_point.copy(mount_point_.data(), mount_point_.size()));
    });
}

HangPlace HelperProgress::place(std::uint64_t sequence) const {
    const std::uint64_t version = version_.load(std::memory_order_acquire);
    HangPlace place;
    if (version % 2 == 0 && sequence_ == sequence) {
        place.stage = stage_;
        place.device = device_;
        if (stage_ == Stage::mount)
            place.mount_point.assign(mount_point_.data(),
                                     std::min<std::size_t>(length_, mount_point_.size()));
    }
    std::atomic_thread_fence(std::memory_order_acquire);
    return version_.load(std::memory_order_relaxed) == version ? place : HangPlace{};
}

} // namespace lxcmon::sample
