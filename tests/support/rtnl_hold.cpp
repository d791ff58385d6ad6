// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/rtnl_hold.hpp"

#include "support/veth.hpp"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace lxcmon::test {
namespace {

constexpr std::size_t page_bytes = 4096;
constexpr int fault_wait_msec = 20'000;

void require(bool succeeded, const char* what) {
    if (!succeeded)
        throw std::system_error(errno, std::generic_category(), what);
}

/// In a namespace of its own, whose loopback has an address.
void ask_for_interfaces(void* page) noexcept {
    if (::unshare(CLONE_NEWNET) != 0 || !set_link_up("lo"))
        return;
    const io::UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifconf answer{};
    answer.ifc_len = page_bytes;
    answer.ifc_ifcu.ifcu_buf = static_cast<char*>(page);
    static_cast<void>(::ioctl(socket.get(), SIOCGIFCONF, &answer));
}

} // namespace

RtnlHold::RtnlHold()
    : page_(::mmap(nullptr, page_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
    , faults_(static_cast<int>(::syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK))) {
    require(page_ != MAP_FAILED && faults_, "userfaultfd");
    uffdio_api api{UFFD_API, 0, 0};
    require(::ioctl(faults_.get(), UFFDIO_API, &api) == 0, "UFFDIO_API");
    uffdio_register range{};
    range.range = {reinterpret_cast<std::uintptr_t>(page_), page_bytes};
    range.mode = UFFDIO_REGISTER_MODE_MISSING;
    require(::ioctl(faults_.get(), UFFDIO_REGISTER, &range) == 0, "UFFDIO_REGISTER");
    holder_ = std::thread(ask_for_interfaces, page_);
    pollfd wait{faults_.get(), POLLIN, 0};
    // Without O_NONBLOCK the descriptor would report POLLERR at once.
    if (::poll(&wait, 1, fault_wait_msec) == 1 && wait.revents == POLLIN)
        return;
    release();
    throw std::system_error(ETIMEDOUT, std::generic_category(), "holding RTNL");
}

void RtnlHold::release() noexcept {
    if (!holder_.joinable())
        return;
    uffdio_zeropage zero{};
    zero.range = {reinterpret_cast<std::uintptr_t>(page_), page_bytes};
    static_cast<void>(::ioctl(faults_.get(), UFFDIO_ZEROPAGE, &zero));
    holder_.join();
    ::munmap(page_, page_bytes);
}

} // namespace lxcmon::test
