// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/commands/commands.hpp"

#include "app/settings/bad_setting.hpp"
#include "app/standard_output.hpp"
#include "io/unique_fd.hpp"
#include "push/import/lxc_monitor.hpp"
#include "text/printable.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace lxcmon::push {
namespace {

/// At most one byte more than a YAML file may have.
std::string text_of_yaml(const std::string& path) {
    const auto refuse = [&](const std::string& why) {
        throw app::BadSetting("lxcmon-push: import-config: '" + text::printable(path) + "' " + why +
                              "; expected the settings file of LXC Monitor, for example "
                              "/etc/lxc_autoscale_ml/lxc_monitor.yaml");
    };
    const io::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat status {};
    if (!fd || ::fstat(fd.get(), &status) != 0)
        refuse(std::string("can't be read: ") + std::strerror(errno));
    if (!S_ISREG(status.st_mode))
        refuse("is no file");
    std::string text(most_yaml_bytes + 1, '\0');
    std::size_t size = 0;
    for (ssize_t got = 1; got != 0 && size < text.size(); size += static_cast<std::size_t>(got)) {
        got = ::read(fd.get(), text.data() + size, text.size() - size);
        if (got < 0)
            refuse(std::string("can't be read: ") + std::strerror(errno));
    }
    text.resize(size);
    return text;
}

} // namespace

int import_config(const Invocation& invocation) {
    if (invocation.operands.size() != 1)
        throw app::BadSetting("lxcmon-push: import-config: several files are given; expected one");
    const std::string& path = invocation.operands.front();
    app::print(settings_of_lxc_monitor(read_yaml(text_of_yaml(path), path), path));
    return 0;
}

} // namespace lxcmon::push
