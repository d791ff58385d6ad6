// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/unique_fd.hpp"
#include "support/child.hpp"
#include "support/stuck_fuse.hpp"
#include "support/temp_tree.hpp"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <array>
#include <string>

namespace lxcmon::test {

/// A process in a user namespace of `uid` that hangs in execve(2): it closes a file there whose FUSE server
/// does not answer. /proc/PID/ns can't be read meanwhile.
class HungExec {
  public:
    explicit HungExec(uid_t uid)
        : server_(
              CLONE_NEWNS, [&] { return is_mounted(); }, [&] { serve(); })
        , process_(
              0, [&] { return opens_file() && enters_namespace_of(uid); },
              [] { ::execl("/bin/true", "true", nullptr); }) {
        char byte = 0;
        static_cast<void>(::read(hangs_[0], &byte, 1));
    }
    ~HungExec() {
        server_.end(); // lets the other one go
        ::close(hangs_[0]);
        ::close(hangs_[1]);
    }
    HungExec(const HungExec&) = delete;
    HungExec& operator=(const HungExec&) = delete;

    [[nodiscard]] pid_t pid() const noexcept { return process_.pid(); }

  private:
    bool is_mounted() {
        tree_.write("file", "");
        return ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 && fuse_.open() &&
               fuse_.mount_at(file_.c_str(), "100666");
    }
    void serve() const {
        fuse_.serve([&](const fuse_in_header& request) {
            if (request.opcode == FUSE_FLUSH)
                static_cast<void>(::write(hangs_[1], "h", 1));
            else
                fuse_.answer(request.unique, fuse_open_out{}, request.opcode == FUSE_OPEN ? 0 : ENOSYS);
        });
    }
    bool opens_file() const {
        const io::UniqueFd mounts(
            ::open(("/proc/" + std::to_string(server_.pid()) + "/ns/mnt").c_str(), O_RDONLY | O_CLOEXEC));
        return ::setns(mounts.get(), CLONE_NEWNS) == 0 && ::open(file_.c_str(), O_RDWR | O_CLOEXEC) >= 0;
    }
    static bool enters_namespace_of(uid_t uid) {
        return ::setegid(uid) == 0 && ::seteuid(uid) == 0 && ::unshare(CLONE_NEWUSER) == 0;
    }
    static std::array<int, 2> pipe_ends() {
        std::array<int, 2> ends{-1, -1};
        static_cast<void>(::pipe2(ends.data(), O_CLOEXEC));
        return ends;
    }

    TempTree tree_;
    std::string file_ = tree_.path() / "file";
    std::array<int, 2> hangs_ = pipe_ends();
    StuckFuse fuse_;
    Child server_, process_;
};

} // namespace lxcmon::test
