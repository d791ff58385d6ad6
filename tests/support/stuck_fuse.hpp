// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <fcntl.h>
#include <linux/fuse.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <string>

namespace lxcmon::test {

/// A FUSE filesystem whose server takes each request and answers none: a process that waits for an answer
/// can't be ended. It ends with the server, the process that calls serve().
class StuckFuse {
  public:
    /// Opens /dev/fuse; call it before the root changes.
    [[nodiscard]] bool open() noexcept {
        fuse_ = ::open("/dev/fuse", O_RDWR | O_CLOEXEC);
        return fuse_ >= 0;
    }
    [[nodiscard]] bool mount_at(const char* path) const {
        const std::string options =
            "fd=" + std::to_string(fuse_) + ",rootmode=40000,user_id=0,group_id=0,allow_other";
        return ::mount("stuck", path, "fuse.stuck", 0, options.c_str()) == 0;
    }
    void serve() const {
        std::array<char, 1U << 17U> request{};
        while (::read(fuse_, request.data(), request.size()) > 0 || errno == EINTR) {
            fuse_in_header header{};
            std::copy_n(request.begin(), sizeof header, static_cast<char*>(static_cast<void*>(&header)));
            if (header.opcode == FUSE_INIT)
                agree(header.unique);
        }
    }

  private:
    /// The answer to the first request, which the kernel needs before it sends another.
    void agree(std::uint64_t unique) const {
        struct {
            fuse_out_header header{};
            fuse_init_out body{};
        } answer;
        answer.header = {sizeof answer, 0, unique};
        answer.body.major = FUSE_KERNEL_VERSION;
        answer.body.minor = 31;
        answer.body.max_readahead = answer.body.max_write = 1U << 16U;
        static_cast<void>(::write(fuse_, &answer, sizeof answer));
    }

    int fuse_ = -1;
};

} // namespace lxcmon::test
