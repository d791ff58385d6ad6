// SPDX-License-Identifier: GPL-2.0-or-later
#include "discover/container_entry.hpp"

#include "discover/monitors/sockets.hpp"
#include "io/pidfd.hpp"
#include "text/printable.hpp"

#include <spdlog/spdlog.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace lxcmon::discover {
namespace {

constexpr std::int64_t shortest_pause_ns = 250'000'000;
constexpr int longest_doubling = 7;
/// The monitor of a starting container does not answer either: log only after several attempts.
constexpr int silences_to_log = 3;
constexpr int most_messages = 20; // about containers of one user, in this time
constexpr std::int64_t allowance_period_ns = 600'000'000'000;
/// Between two warnings that the state of one container is not known: any user can listen in place of a
/// monitor that has ended.
constexpr std::int64_t warning_period_ns = 600'000'000'000;

} // namespace

bool LogAllowance::take(std::int64_t now_ns) {
    if (messages_ == 0 || now_ns - begin_ns_ >= allowance_period_ns) {
        begin_ns_ = now_ns;
        messages_ = 0;
    }
    if (++messages_ == most_messages + 1)
        spdlog::warn(
            "there are more messages about the containers of uid {}: {} of them are logged in 10 minutes",
            uid_, most_messages);
    return messages_ <= most_messages;
}

std::int64_t pause_after(int failures) noexcept {
    return shortest_pause_ns << std::min(failures, longest_doubling);
}

ContainerEntry::ContainerEntry(std::uint64_t id, const std::string& lxcpath, const std::string& name)
    : asked_path(lxcpath) {
    container.id = id;
    container.lxcpath = lxcpath;
    container.name = name;
}

void ContainerEntry::set_paths(const std::vector<std::string>& paths) {
    socket_names.clear();
    failed_.clear();
    first_way = 0;
    for (const std::string& path : paths)
        socket_names.push_back(monitor_socket_name(path, container.name));
}

bool ContainerEntry::is_paused(std::uint64_t listener, std::int64_t now_ns, std::size_t way) const noexcept {
    if (allowance != nullptr || listener == 0)
        return (allowance != nullptr || !had_socket_) && now_ns < retry_ns_;
    return way < failed_.size() && failed_[way].socket == listener && now_ns < failed_[way].retry_ns;
}

bool ContainerEntry::must_ask(std::uint64_t listener, std::int64_t now_ns, std::size_t way) {
    if (question != 0 || (container.init_pid != 0 && !ended))
        return false;
    const bool has_ended = std::exchange(container.init_pid, 0) != 0;
    ended = false; // handled here
    container.init_pidfd.reset();
    container.state = "STOPPED";
    if (listener == 0 && configured_ && !has_ended && known)
        return false;
    known = known && !has_ended;
    if (is_paused(listener, now_ns, way))
        return false;
    known = false;
    socket = listener;
    way_ = way;
    first_way = way + 1;
    return true;
}

LxcQuestion ContainerEntry::container_question() const {
    LxcQuestion made;
    made.ask = LxcAsk::container;
    made.lxcpath = asked_path;
    made.name = container.name;
    made.active = socket != 0;
    return made;
}

LxcQuestion ContainerEntry::init_question(uid_t owner) const {
    LxcQuestion made = container_question();
    made.ask = LxcAsk::init;
    made.owner = owner;
    made.init_pid = init_pid_;
    made.cgroup_dir = container.cgroup_dir;
    return made;
}

bool ContainerEntry::take(LxcAnswer answer, std::int64_t now_ns) {
    question = 0;
    configured_ = true;
    if (answer.trouble != LxcTrouble::none) {
        fail(answer.trouble, answer.fault, now_ns);
        return false;
    }
    take_names(answer);
    container.state = std::move(answer.state);
    init_pid_ = answer.init_pid;
    init_.reset(init_pid_ != 0 ? static_cast<int>(::syscall(SYS_pidfd_open, init_pid_, 0)) : -1);
    if (init_)
        return true;
    if (init_pid_ != 0)
        fail(errno == ESRCH ? LxcTrouble::silent : LxcTrouble::fault,
             "its init can't be opened: " + std::generic_category().message(errno), now_ns);
    else
        fail(LxcTrouble::none, {}, now_ns);
    return false;
}

/// LXD has no configuration while the container is stopped: keep the last name.
void ContainerEntry::take_names(LxcAnswer& answer) {
    if (!answer.uts_name.empty() || answer.lxd_name.empty())
        uts_name = std::move(answer.uts_name);
    else if (uts_name.empty())
        uts_name = std::move(answer.lxd_name);
    container.cgroup_dir = std::move(answer.cgroup_dir);
}

bool ContainerEntry::take_init(const LxcAnswer& answer, std::int64_t now_ns) {
    question = 0;
    io::UniqueFd init = std::move(init_);
    if (answer.trouble != LxcTrouble::none || !io::is_alive(init.get())) {
        const bool is_refused = answer.trouble != LxcTrouble::none;
        fail(is_refused ? answer.trouble : LxcTrouble::silent,
             is_refused ? answer.fault : "its init has ended", now_ns);
        return false;
    }
    fail(LxcTrouble::none, {}, now_ns);
    container.init_pidfd = std::move(init);
    container.init_pid = init_pid_;
    return true;
}

/// The way by which its init was found comes first in the next search.
void ContainerEntry::note_way(LxcTrouble trouble, std::int64_t now_ns) {
    if (trouble == LxcTrouble::none) {
        failed_.clear();
        first_way = init_pid_ != 0 ? way_ : first_way;
        return;
    }
    if (socket == 0)
        return;
    failed_.resize(std::max(failed_.size(), way_ + 1));
    FailedListener& failed = failed_[way_];
    failed.failures = failed.socket == socket ? failed.failures + 1 : 1;
    failed.socket = socket;
    failed.retry_ns = now_ns + pause_after(trouble == LxcTrouble::fault ? longest_doubling : failed.failures);
}

/// LxcTrouble::none is the end of a failure.
void ContainerEntry::fail(LxcTrouble trouble, const std::string& reason, std::int64_t now_ns) {
    known = trouble == LxcTrouble::none;
    failures_ = known ? 0 : failures_ + 1;
    // A starting container answers soon; a monitor that stays silent costs time at each attempt.
    retry_ns_ = known ? 0 : now_ns + pause_after(trouble == LxcTrouble::fault ? longest_doubling : failures_);
    had_socket_ = socket != 0;
    note_way(trouble, now_ns);
    fault = reason;
    if (trouble != LxcTrouble::silent || failures_ >= silences_to_log)
        note_fault(now_ns);
}

void ContainerEntry::report_left_out(std::int64_t now_ns) {
    if (known)
        return;
    if (fault.empty())
        fault = "liblxc has not answered in time";
    note_fault(now_ns);
}

/// Logs the fault unless it was logged last, and its end if it was.
void ContainerEntry::note_fault(std::int64_t now_ns) {
    if (fault == said_fault_ || (!known && now_ns < next_warning_ns_))
        return;
    said_fault_ = fault;
    if (!known)
        next_warning_ns_ = now_ns + warning_period_ns;
    if (!may_log(allowance, now_ns))
        return;
    if (known)
        spdlog::info("container {} of {}: its state is known again", container.name, container.lxcpath);
    else
        spdlog::warn("container {} of {}: {}; it is skipped until this is fixed", container.name,
                     container.lxcpath, fault);
}

void ContainerEntry::refuse_init_of(const ContainerEntry& other, LxcAnswer& answer) const {
    if (answer.trouble != LxcTrouble::none || other.ended || other.container.init_pid != init_pid_)
        return;
    answer.trouble = LxcTrouble::fault;
    answer.fault = "its monitor names process " + std::to_string(init_pid_) +
                   " as its init, which is that of container " + text::escaped(other.container.name) +
                   " of " + other.container.lxcpath;
}

void ContainerEntry::set_host_name(std::string_view managed_name) {
    const std::string_view name = managed_name.empty() ? std::string_view(uts_name) : managed_name;
    if (container.host_name != name)
        container.host_name = name;
}

bool ContainerEntry::is_only_announced(std::uint64_t listener) noexcept {
    if (!announced || defined || listener != 0 || container.init_pid != 0)
        return false;
    known = true;
    return true;
}

bool ContainerEntry::set_managed(const Manager* manager) {
    container.managed = manager != nullptr ? manager->find(container.name) : nullptr;
    set_host_name(container.managed != nullptr ? std::string_view(container.managed->host_name)
                                               : std::string_view());
    const bool is_down = container.init_pid == 0 && question == 0 && known && container.state == "STOPPED";
    const std::string_view place =
        manager != nullptr && is_down ? manager->left_for(container, since) : std::string_view();
    if (left_for == place)
        return false;
    left_for = place;
    if (left_for.empty() && known)
        said_left_.clear(); // it is back
    if (!left_for.empty() && std::exchange(said_left_, left_for) != left_for)
        spdlog::info("container {} of {}: {}; it is not shown", container.name, container.lxcpath,
                     left_for == Manager::destroyed ? "its manager has it no more"
                                                    : "it has left, for " + left_for);
    return true;
}

std::vector<std::string> left_of(const ContainerEntries& entries) {
    std::vector<std::string> left;
    for (const auto& [name, entry] : entries)
        if (!entry->left_for.empty())
            left.push_back(name + " (" + entry->left_for + ")");
    return left;
}

void begin_list(ContainerEntries& entries) {
    for (const auto& [name, entry] : entries) {
        // A configuration that has gone was destroyed with its container: only the manager's next answer
        // tells.
        entry->announced = entry->announced && !entry->defined;
        entry->seen = entry->announced;
        entry->defined = false;
    }
}

void EndedInits::add(ContainerEntry& entry) {
    entries_.push_back(&entry);
    polls_.push_back({entry.container.init_pidfd.get(), POLLIN, 0}); // ignores -1
}

void EndedInits::find() {
    const bool polled = ::poll(polls_.data(), polls_.size(), 0) >= 0;
    for (std::size_t index = 0; index < polls_.size(); ++index) {
        const pollfd& each = polls_[index];
        entries_[index]->ended = polled ? (each.revents & (POLLIN | POLLHUP)) != 0 : io::has_ended(each.fd);
    }
    entries_.clear();
    polls_.clear();
}

void ContainerEntry::report_untrusted(uid_t owner, std::int64_t now_ns) {
    if (!std::exchange(reported_untrusted_, true) && may_log(allowance, now_ns))
        spdlog::warn("container {} of {}: ignoring the process on its monitor socket: it is not run by uid "
                     "{}, the owner of the lxcpath, or is in another pid namespace",
                     container.name, container.lxcpath, owner);
}

} // namespace lxcmon::discover
