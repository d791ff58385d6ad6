// SPDX-License-Identifier: GPL-2.0-or-later
#include "spool/owner.hpp"

#include "io/kernel_file.hpp"
#include "io/write_all.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace lxcmon::spool {
namespace {

std::string first_line(const io::UniqueFd& file) {
    constexpr off_t most_bytes = off_t{64} << 10U;
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_size > most_bytes)
        return {};
    std::string text(static_cast<std::size_t>(status.st_size), '\0');
    const ssize_t size = ::pread(file.get(), text.data(), text.size(), 0);
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    text.resize(std::min(text.find('\n'), text.size()));
    return text;
}

} // namespace

std::string read_owner(const std::string& folder) {
    const io::UniqueFd opened = io::open_below(AT_FDCWD, folder.c_str(), O_DIRECTORY);
    // O_NONBLOCK: open() must not hang on a FIFO.
    return opened ? first_line(io::open_below(opened.get(), owner_name, O_NOFOLLOW | O_NONBLOCK))
                  : std::string();
}

/// Does not sync it: without the file, the first server has the folder.
int note_owner(const Folder& folder, const std::string& url) {
    if (url.empty() || first_line(folder.open_file(owner_name, O_RDONLY)) == url)
        return 0;
    if (const int error = folder.remove(owner_temporary_name); error != 0)
        return error;
    const io::UniqueFd file = folder.open_file(owner_temporary_name, O_WRONLY | O_CREAT | O_EXCL);
    if (!file)
        return errno;
    std::size_t written = 0;
    int error = io::write_all(file.get(), url + "\n", written);
    if (error == 0)
        error = folder.rename(owner_temporary_name, owner_name);
    if (error != 0)
        static_cast<void>(folder.remove(owner_temporary_name));
    return error;
}

} // namespace lxcmon::spool
