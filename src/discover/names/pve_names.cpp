// SPDX-License-Identifier: GPL-2.0-or-later
#include "discover/names/pve_names.hpp"

#include <dirent.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <memory>
#include <system_error>

namespace lxcmon::discover {
namespace {

/// Limit on the text of one scan: the maximum number of containers, each with the longest name.
constexpr std::size_t most_names_bytes = 8U << 20U;
/// Maximum size of one datagram.
constexpr std::size_t piece_bytes = 4096;

/// True if the mount point, the parent of `folder`, exists. Searches the listing of the mount point's parent,
/// because stat() would query the mounted filesystem, which may hang.
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

} // namespace

void send_pve_names(int socket, const std::string& folder, const HostNames& before) noexcept {
    try {
        HostNames names;
        const int error = read_pve_folder(folder, before, names);
        const std::string text = encode(names, error);
        std::string_view rest = text;
        while (!rest.empty()) {
            const ssize_t length =
                ::send(socket, rest.data(), std::min(rest.size(), piece_bytes), MSG_NOSIGNAL);
            if (length < 0)
                return;
            rest.remove_prefix(static_cast<std::size_t>(length));
        }
    } catch (const std::exception&) { // no memory: the child ends without the last line
    }
}

void PveNames::start() {
    text_.clear();
    error_ = 0;
    try {
        worker_.start("starting the process that reads host names",
                      [this](int socket) { scan_(socket, settings_.folder, names_); });
    } catch (const std::system_error& error) {
        error_ = error.code().value();
    }
}

void PveNames::receive(std::chrono::milliseconds wait) {
    const Clock::time_point end = Clock::now() + wait;
    const auto left = [&] { return std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()); };
    while (worker_.is_running() && worker_.wait_for_reply(left())) {
        std::array<char, piece_bytes> piece{};
        const ssize_t length = ::recv(worker_.socket(), piece.data(), piece.size(), 0);
        if (length > 0 && text_.size() < most_names_bytes)
            text_.append(piece.data(), static_cast<std::size_t>(length));
        else
            finish_scan();
    }
}

/// The child has closed its socket.
void PveNames::finish_scan() {
    worker_.kill();
    HostNames fresh;
    error_ = decode_names(text_, fresh);
    if (error_ == 0)
        names_ = std::move(fresh);
}

void PveNames::refresh() {
    const bool is_first = !std::exchange(checked_, true);
    const Clock::time_point now = Clock::now();
    if (!is_pve_ && now >= next_) {
        is_pve_ = has_mount_point(settings_.folder); // it may be installed later
        next_ = is_pve_ ? now : now + settings_.period;
    }
    if (!is_pve_)
        return;
    if (!worker_.is_running() && now >= next_) {
        since_ = now;
        next_ = now + settings_.period;
        start();
    }
    receive(is_first ? settings_.first_wait : std::chrono::milliseconds(0));
    if (!worker_.is_running())
        note(error_ != 0 ? "can't be read: " + std::generic_category().message(error_) : std::string());
    else if (now - since_ > settings_.hang_after)
        note("does not answer");
}

void PveNames::note(std::string trouble) {
    if (trouble == trouble_)
        return;
    trouble_ = std::move(trouble);
    if (trouble_.empty())
        spdlog::info("{}: host names can be read again", settings_.folder);
    else
        spdlog::warn("{} {}: keeping the last known host names (is pve-cluster running?)", settings_.folder,
                     trouble_);
}

std::string_view PveNames::find(std::string_view vmid) const noexcept {
    const auto at = names_.find(vmid);
    return at != names_.end() ? std::string_view(at->second) : std::string_view{};
}

} // namespace lxcmon::discover
