// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/mman.h>

#include <cerrno>
#include <new>
#include <system_error>

namespace lxcmon::test {

/// A value that this process and those that it forks have in common. The destructor of the value is not run.
template <typename Value>
class Shared {
  public:
    Shared()
        : memory_(::mmap(nullptr, sizeof(Value), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {
        if (memory_ == MAP_FAILED)
            throw std::system_error(errno, std::generic_category(), "mmap");
        value_ = new (memory_) Value{};
    }
    Shared(const Shared&) = delete;
    Shared& operator=(const Shared&) = delete;
    ~Shared() { ::munmap(memory_, sizeof(Value)); }

    [[nodiscard]] Value& operator*() const noexcept { return *value_; }
    [[nodiscard]] Value* operator->() const noexcept { return value_; }

  private:
    void* memory_;
    Value* value_ = nullptr;
};

} // namespace lxcmon::test
