// SPDX-License-Identifier: GPL-2.0-or-later
#include "discover/lxc_api.hpp"

#include "discover/load_trouble.hpp"

#include <fcntl.h>
#include <lxc/lxccontainer.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <system_error>

namespace lxcmon::discover {
namespace {

struct Free {
    void operator()(void* memory) const noexcept { std::free(memory); }
};
using CString = std::unique_ptr<char, Free>;

using Lister = int (*)(const char* lxcpath, char*** names, lxc_container*** containers);

std::vector<std::string> list(Lister lister, const std::string& lxcpath) {
    char** raw = nullptr;
    errno = 0;
    const int count = lister(lxcpath.c_str(), &raw, nullptr);
    if (count < 0)
        throw std::system_error(errno != 0 ? errno : ENOENT, std::generic_category(),
                                "listing the containers of " + lxcpath);
    const std::unique_ptr<char*, Free> array(raw);
    std::vector<std::string> names;
    names.reserve(static_cast<std::size_t>(count));
    for (int index = 0; index < count; ++index) {
        const CString name(raw[index]);
        names.emplace_back(name.get());
    }
    return names;
}

bool is_directory(const char* path) noexcept {
    struct stat status {};
    return ::stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/// liblxc returns "(null)" for some unset keys, for example lxc.cgroup.dir.container.
bool is_unset(const std::string& value) noexcept {
    return value.empty() || value == "(null)";
}

} // namespace

std::vector<std::string> default_lxcpaths() {
    const char* const of_liblxc = ::lxc_get_global_config_item("lxc.lxcpath");
    std::vector<std::string> paths{of_liblxc != nullptr ? of_liblxc : "/var/lib/lxc"};
    for (const char* path :
         {"/var/lib/lxd/containers", "/var/snap/lxd/common/lxd/containers", "/var/lib/incus/containers"})
        if (is_directory(path) && std::ranges::find(paths, path) == paths.end())
            paths.emplace_back(path);
    return paths;
}

std::string liblxc_version() {
    return ::lxc_get_version();
}

std::vector<std::string> list_defined(const std::string& lxcpath) {
    return list(&::list_defined_containers, lxcpath);
}

void LxcHandle::Put::operator()(lxc_container* container) const noexcept {
    ::lxc_container_put(container);
}

LxcHandle::LxcHandle(const std::string& lxcpath, const std::string& name)
    : container_(::lxc_container_new(name.c_str(), lxcpath.c_str())) {
    if (!container_)
        throw std::runtime_error("liblxc can't load the container as uid " + std::to_string(::geteuid()) +
                                 ": " + load_trouble(lxcpath, name));
    // Without a configuration file (LXD, Incus) liblxc does not query the monitor for the configuration of
    // the running container. Any harmless setting creates a configuration in memory.
    if (!container_->is_defined(container_.get()))
        container_->set_config_item(container_.get(), "lxc.start.auto", "0");
}

std::string LxcHandle::state() const {
    const char* const state = container_->state(container_.get());
    return state != nullptr ? state : "STOPPED";
}

io::UniqueFd LxcHandle::init_pidfd() const {
    io::UniqueFd pidfd(container_->init_pidfd(container_.get()));
    if (pidfd) {
        ::fcntl(pidfd.get(), F_SETFD, FD_CLOEXEC);
        return pidfd;
    }
    // The monitor is older than liblxc's pidfd command. Query the pid again after opening it: it could have
    // been reused in between.
    const pid_t pid = container_->init_pid(container_.get());
    if (pid <= 0)
        return {};
    pidfd.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (container_->init_pid(container_.get()) != pid)
        return {};
    return pidfd;
}

std::string LxcHandle::config_item(const char* key, bool running) const {
    std::string value;
    if (const int length = container_->get_config_item(container_.get(), key, nullptr, 0); length > 0) {
        value.resize(static_cast<std::size_t>(length) + 1);
        const int written = container_->get_config_item(container_.get(), key, value.data(), length + 1);
        value.resize(written > 0 ? static_cast<std::size_t>(written) : 0);
    }
    if (is_unset(value) && running) {
        const CString text(container_->get_running_config_item(container_.get(), key));
        value = text ? text.get() : "";
    }
    return is_unset(value) ? std::string() : value;
}

} // namespace lxcmon::discover
