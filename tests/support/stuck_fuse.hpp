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
#include <functional>
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
    /// `mode`: octal, of a directory; 100000 to mount on a file.
    [[nodiscard]] bool mount_at(const char* path, const std::string& mode = "40000") const {
        const std::string options =
            "fd=" + std::to_string(fuse_) + ",rootmode=" + mode + ",user_id=0,group_id=0,allow_other";
        return ::mount("stuck", path, "fuse.stuck", 0, options.c_str()) == 0;
    }
    /// `other` sees each request except the first, and may answer it.
    void serve(const std::function<void(const fuse_in_header&)>& other = {}) const {
        std::array<char, 1U << 17U> request{};
        while (::read(fuse_, request.data(), request.size()) > 0 || errno == EINTR) {
            fuse_in_header header{};
            std::copy_n(request.begin(), sizeof header, static_cast<char*>(static_cast<void*>(&header)));
            if (header.opcode == FUSE_INIT)
                agree(header.unique);
            else if (other)
                other(header);
        }
    }
    template <typename Body>
    void answer(std::uint64_t unique, const Body& body, int error = 0) const {
        struct {
            fuse_out_header header{};
            Body body{};
        } message;
        message.header = {static_cast<std::uint32_t>(error == 0 ? sizeof message : sizeof message.header),
                          -error, unique};
        message.body = body;
        static_cast<void>(::write(fuse_, &message, message.header.len));
    }

  private:
    /// The answer to the first request, which the kernel needs before it sends another.
    void agree(std::uint64_t unique) const {
        fuse_init_out limits{};
        limits.major = FUSE_KERNEL_VERSION;
        limits.minor = 31;
        limits.max_readahead = limits.max_write = 1U << 16U;
        answer(unique, limits);
    }

    int fuse_ = -1;
};

} // namespace lxcmon::test
