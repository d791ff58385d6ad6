// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/kernel_file.hpp"

#include "io/clock.hpp"

#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <system_error>
#include <utility>

namespace lxcmon::io {
namespace {

ReadResult read_from_begin(int fd, std::span<char> buffer, Pieces pieces) noexcept {
    std::size_t have = 0;
    for (;;) {
        const ssize_t length =
            ::pread(fd, buffer.data() + have, buffer.size() - have, static_cast<off_t>(have));
        if (length < 0)
            return {{}, errno};
        have += static_cast<std::size_t>(length);
        // A full buffer: the file may be longer.
        if (have == buffer.size())
            return {{}, EOVERFLOW};
        if (pieces == Pieces::one || length == 0)
            return {{buffer.data(), have}, 0};
    }
}

} // namespace

bool ReadResult::gone() const noexcept {
    return error == ENOENT || error == ENODEV || error == ESRCH;
}

FdBudget FdBudget::from_rlimit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        throw std::system_error(errno, std::generic_category(), "getrlimit(RLIMIT_NOFILE)");
    limit.rlim_cur = limit.rlim_max;
    // A refusal is no error: the soft limit then applies.
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0 && ::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        throw std::system_error(errno, std::generic_category(), "getrlimit(RLIMIT_NOFILE)");
    constexpr rlim_t most = 1'000'000;
    constexpr long reserve = 64;
    const auto all = static_cast<long>(std::min(limit.rlim_cur, most));
    return FdBudget(std::max(all - all / 10 - reserve, 0L));
}

bool FdBudget::take(Keep keep) noexcept {
    if (keep == Keep::if_roomy && left_ <= roomy_above_)
        return false;
    if (left_ <= 0) {
        exhausted_ = true;
        return false;
    }
    --left_;
    return true;
}

bool FdBudget::newly_exhausted() noexcept {
    return exhausted_ && !std::exchange(reported_, true);
}

std::string FilePath::text() const {
    return folder.empty() ? std::string(name) : std::string(folder) + '/' + std::string(name);
}

KernelFile::KernelFile(int root_fd, FilePath path, FdBudget& budget, Keep keep) noexcept
    : root_fd_(root_fd)
    , path_(path)
    , budget_(&budget)
    , keep_(keep) {}

KernelFile::KernelFile(KernelFile&& other) noexcept
    : root_fd_(other.root_fd_)
    , path_(other.path_)
    , budget_(other.budget_)
    , keep_(other.keep_)
    , fd_(std::move(other.fd_))
    , absent_(other.absent_) {}

KernelFile& KernelFile::operator=(KernelFile&& other) noexcept {
    if (this != &other) {
        close();
        root_fd_ = other.root_fd_;
        path_ = other.path_;
        budget_ = other.budget_;
        keep_ = other.keep_;
        fd_ = std::move(other.fd_);
        absent_ = other.absent_;
    }
    return *this;
}

KernelFile::~KernelFile() {
    close();
}

void KernelFile::close() noexcept {
    if (!fd_)
        return;
    fd_.reset();
    budget_->give_back();
}

/// Without std::string: if descriptors run short, this runs at each read.
UniqueFd KernelFile::open() const noexcept {
    std::array<char, PATH_MAX> text{};
    const std::size_t length = path_.folder.size() + 1 + path_.name.size();
    if (length >= text.size()) {
        errno = ENAMETOOLONG;
        return {};
    }
    char* end = std::ranges::copy(path_.folder, text.begin()).out;
    if (end != text.begin())
        *end++ = '/';
    std::ranges::copy(path_.name, end);
    return open_below(root_fd_, text.data());
}

ReadResult KernelFile::read(std::span<char> buffer, Pieces pieces) noexcept {
    if (absent_)
        return {{}, ENOENT};
    UniqueFd opened;
    if (!fd_) {
        opened = open();
        if (!opened) {
            absent_ = errno == ENOENT;
            return {{}, errno};
        }
    }
    const int fd = fd_ ? fd_.get() : opened.get();
    const ReadResult result = read_from_begin(fd, buffer, pieces);
    const bool was_read = result.error == 0 || result.error == EOVERFLOW;
    if (opened && was_read && budget_->take(keep_))
        fd_ = std::move(opened);
    if (budget_->is_overdrawn() || (keep_ == Keep::if_roomy && budget_->is_tight()))
        close();
    return result;
}

ReadResult read_once(int root_fd, const char* path, std::span<char> buffer, Pieces pieces) noexcept {
    const UniqueFd fd = open_below(root_fd, path);
    return fd ? read_from_begin(fd.get(), buffer, pieces) : ReadResult{{}, errno};
}

UniqueFd open_below(int root_fd, const char* path, int extra_flags) noexcept {
    return UniqueFd(::openat(root_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | extra_flags));
}

int try_read_whole(int root_fd, const char* path, std::string& text, std::size_t limit_bytes,
                   std::int64_t limit_cpu_ns) {
    constexpr std::size_t step_bytes = 16U << 10U;
    constexpr unsigned steps_of_check = 4;
    const std::int64_t end_ns = limit_cpu_ns == 0 ? 0 : now_ns(CLOCK_THREAD_CPUTIME_ID) + limit_cpu_ns;
    unsigned steps = 0;
    text.clear();
    const UniqueFd fd = open_below(root_fd, path);
    if (!fd)
        return errno;
    for (;;) {
        const std::size_t have = text.size();
        if (have > limit_bytes)
            return EOVERFLOW;
        if (limit_cpu_ns != 0 && ++steps % steps_of_check == 0 && now_ns(CLOCK_THREAD_CPUTIME_ID) > end_ns)
            return ETIME;
        text.resize(have + step_bytes);
        const ssize_t length = ::read(fd.get(), text.data() + have, step_bytes);
        text.resize(have + static_cast<std::size_t>(length > 0 ? length : 0));
        if (length == 0)
            return 0;
        if (length < 0 && errno != EINTR)
            return errno;
    }
}

std::string read_whole(int root_fd, const std::string& path) {
    std::string text;
    if (const int error = try_read_whole(root_fd, path.c_str(), text); error != 0)
        throw std::system_error(error, std::generic_category(), "reading /" + path);
    return text;
}

} // namespace lxcmon::io
