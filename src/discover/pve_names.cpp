#include "discover/pve_names.hpp"

#include "io/parse.hpp"

#include <dirent.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <memory>
#include <system_error>

namespace lxcmon::discover {
namespace {

constexpr std::string_view last_word = "end";
/// Of all that a look says: the most containers that it tells of, with the longest names.
constexpr std::size_t most_bytes = 8U << 20U;
/// Of that in one datagram.
constexpr std::size_t piece_bytes = 4096;

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
void look(int socket, const std::string& folder, const HostNames& before) noexcept {
    ::prctl(PR_SET_NAME, "lxcmon-pve");
    try {
        HostNames names;
        const int error = read_pve_folder(folder, before, names);
        std::string text;
        for (const auto& [vmid, name] : names)
            text += vmid + ' ' + name + '\n';
        text += std::string(last_word) + ' ' + std::to_string(error) + '\n';
        std::string_view rest = text;
        while (!rest.empty()) {
            const ssize_t length =
                ::send(socket, rest.data(), std::min(rest.size(), piece_bytes), MSG_NOSIGNAL);
            if (length < 0)
                return;
            rest.remove_prefix(static_cast<std::size_t>(length));
        }
    } catch (const std::exception&) { // no memory: it ends without its last word
    }
}

} // namespace

void PveNames::start() {
    text_.clear();
    error_ = 0;
    try {
        worker_.start("starting the process that reads host names",
                      [this](int socket) { look(socket, settings_.folder, names_); });
    } catch (const std::system_error& error) {
        error_ = error.code().value();
    }
}

void PveNames::take(std::chrono::milliseconds wait) {
    const Clock::time_point end = Clock::now() + wait;
    const auto left = [&] { return std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()); };
    while (worker_.is_running() && worker_.wait_for_reply(left())) {
        std::array<char, piece_bytes> piece{};
        const ssize_t length = ::recv(worker_.socket(), piece.data(), piece.size(), 0);
        if (length > 0 && text_.size() < most_bytes)
            text_.append(piece.data(), static_cast<std::size_t>(length));
        else
            take_answer();
    }
}

/// It has closed its end: it is about to end, or has.
void PveNames::take_answer() {
    worker_.kill();
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
    if (!worker_.is_running() && now >= next_) {
        since_ = now;
        next_ = now + settings_.period;
        start();
    }
    take(is_first ? settings_.first_wait : std::chrono::milliseconds(0));
    if (!worker_.is_running())
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
