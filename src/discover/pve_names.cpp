#include "discover/pve_names.hpp"

#include "io/parse.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <exception>
#include <memory>
#include <system_error>
#include <thread>

namespace lxcmon::discover {
namespace {

constexpr std::string_view last_word = "end";
/// Of all that a look says: the most containers that it tells of, with the longest names.
constexpr std::size_t most_bytes = 8U << 20U;

/// Whether the mount point, the folder above `folder`, is there. It may hang, so that it is looked for in the
/// listing of the folder above it: stat() would ask the filesystem that is mounted there.
bool has_mount_point(const std::string& folder) {
    const std::string mount_point = folder.substr(0, folder.rfind('/'));
    const std::size_t slash = mount_point.rfind('/');
    const std::unique_ptr<DIR, int (*)(DIR*)> listing(::opendir(mount_point.substr(0, slash).c_str()),
                                                      &::closedir);
    if (!listing)
        return false;
    while (const dirent* entry = ::readdir(listing.get()))
        if (mount_point.compare(slash + 1, std::string::npos, entry->d_name) == 0)
            return true;
    return false;
}

/// The child: says a line "VMID NAME" for each, at last "end ERRNO", and ends.
[[noreturn]] void look(int answer, pid_t agent, const std::string& folder, const HostNames& before) noexcept {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::prctl(PR_SET_NAME, "lxcmon-pve");
    // It may hang for long, and must hold nothing of the agent's, such as the lock of the spool.
    if (::getppid() != agent || ::dup2(answer, STDIN_FILENO) < 0)
        ::_exit(1);
    ::close_range(STDIN_FILENO + 1, ~0U, 0);
    ::fcntl(STDIN_FILENO, F_SETFL, O_WRONLY); // waits while the pipe is full
    try {
        HostNames names;
        const int error = read_pve_folder(folder, before, names);
        std::string text;
        for (const auto& [vmid, name] : names)
            text += vmid + ' ' + name + '\n';
        text += std::string(last_word) + ' ' + std::to_string(error) + '\n';
        std::string_view rest = text;
        while (!rest.empty()) {
            const ssize_t length = ::write(STDIN_FILENO, rest.data(), rest.size());
            if (length < 0)
                ::_exit(1);
            rest.remove_prefix(static_cast<std::size_t>(length));
        }
    } catch (const std::exception&) { // no memory
        ::_exit(1);
    }
    ::_exit(0);
}

} // namespace

PveNames::~PveNames() {
    if (pid_ <= 0)
        return;
    ::kill(pid_, SIGKILL);
    // Most often it dies at once; one that can't is left.
    for (int tries = 0; tries < 100 && ::waitpid(pid_, nullptr, WNOHANG) == 0; ++tries)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

void PveNames::start() {
    std::array<int, 2> ends{};
    error_ = ::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0 ? 0 : errno;
    if (error_ != 0)
        return;
    answer_.reset(ends[0]);
    const io::UniqueFd theirs(ends[1]);
    const pid_t agent = ::getpid();
    const pid_t child = ::fork();
    if (child == 0)
        look(theirs.get(), agent, settings_.folder, names_);
    if (child < 0) {
        error_ = errno;
        answer_.reset();
        return;
    }
    pid_ = child;
    text_.clear();
}

void PveNames::take(std::chrono::milliseconds wait) {
    const Clock::time_point end = Clock::now() + wait;
    while (pid_ > 0) {
        std::array<char, 4096> buffer{};
        const ssize_t length = ::read(answer_.get(), buffer.data(), buffer.size());
        if (length > 0 && text_.size() < most_bytes) {
            text_.append(buffer.data(), static_cast<std::size_t>(length));
        } else if (length < 0 && errno == EAGAIN) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
            pollfd ready{answer_.get(), POLLIN, 0};
            if (left <= 0 || ::poll(&ready, 1, static_cast<int>(left)) <= 0)
                return;
        } else if (length >= 0 || errno != EINTR) {
            take_answer();
        }
    }
}

/// It has closed its end: it is about to end, or has.
void PveNames::take_answer() {
    answer_.reset();
    ::waitpid(std::exchange(pid_, 0), nullptr, 0);
    HostNames fresh;
    error_ = EIO; // it ended without its last word
    io::for_each_line(text_, [&](std::string_view line) {
        const std::string_view key = io::take_until(line, ' ');
        if (key == last_word)
            error_ = io::parse_number<int>(line).value_or(EIO);
        else
            fresh.emplace(key, line);
    });
    if (error_ == 0)
        names_ = std::move(fresh);
}

void PveNames::refresh() {
    const bool is_first = !std::exchange(looked_, true);
    if (is_first)
        is_pve_ = has_mount_point(settings_.folder);
    if (!is_pve_)
        return;
    const Clock::time_point now = Clock::now();
    if (pid_ == 0 && now >= next_) {
        since_ = now;
        next_ = now + settings_.period;
        start();
    }
    take(is_first ? settings_.first_wait : std::chrono::milliseconds(0));
    if (pid_ == 0)
        note(error_ != 0 ? "can't be read: " + std::generic_category().message(error_) : std::string());
    else if (now - since_ > settings_.patience)
        note("does not answer");
}

void PveNames::note(std::string trouble) {
    if (trouble == trouble_)
        return;
    trouble_ = std::move(trouble);
    if (trouble_.empty())
        spdlog::info("{}: host names are read again", settings_.folder);
    else
        spdlog::warn("{} {}: the host names of containers stay as they were (is pve-cluster running?)",
                     settings_.folder, trouble_);
}

std::string_view PveNames::find(std::string_view vmid) const noexcept {
    const auto at = names_.find(vmid);
    return at != names_.end() ? std::string_view(at->second) : std::string_view{};
}

} // namespace lxcmon::discover
