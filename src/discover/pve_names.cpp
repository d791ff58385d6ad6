#include "discover/pve_names.hpp"

#include "io/signals_blocked.hpp"

#include <dirent.h>
#include <spdlog/spdlog.h>

#include <cerrno>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <utility>

namespace lxcmon::discover {
namespace {

using Clock = std::chrono::steady_clock;

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

} // namespace

/// The thread's alone but for what `mutex` guards.
struct PveNames::Shared {
    std::string folder;
    std::chrono::milliseconds period{};

    std::mutex mutex;
    std::condition_variable changed;
    bool ending = false;
    bool reading = false;
    bool has_read = false; ///< once, with or without success
    Clock::time_point since;
    int error = 0; ///< errno of the last look
    std::shared_ptr<const HostNames> names = std::make_shared<HostNames>();

    void run() {
        std::unique_lock lock(mutex);
        while (!ending) {
            reading = true;
            since = Clock::now();
            lock.unlock();
            look();
            lock.lock();
            reading = false;
            has_read = true;
            changed.notify_all();
            changed.wait_for(lock, period, [this] { return ending; });
        }
    }

  private:
    void look() noexcept {
        int failure = ENOMEM;
        std::shared_ptr<HostNames> fresh;
        try {
            fresh = std::make_shared<HostNames>();
            failure = read_pve_folder(folder, *names, *fresh); // nobody else writes to `names`
        } catch (const std::exception&) {                      // no memory: the old ones stay
        }
        const std::lock_guard lock(mutex);
        error = failure;
        if (failure == 0)
            names = std::move(fresh);
    }
};

PveNames::~PveNames() {
    if (!thread_.joinable())
        return;
    bool hangs = false;
    {
        std::unique_lock lock(shared_->mutex);
        shared_->ending = true;
        shared_->changed.notify_all();
        hangs = !shared_->changed.wait_for(lock, settings_.first_wait, [this] { return !shared_->reading; });
    }
    if (hangs)
        thread_.detach();
    else
        thread_.join();
}

void PveNames::start() {
    auto shared = std::make_shared<Shared>();
    shared->folder = settings_.folder;
    shared->period = settings_.period;
    const io::SignalsBlocked blocked;
    thread_ = std::thread([shared] { shared->run(); });
    shared_ = std::move(shared);
    std::unique_lock lock(shared_->mutex);
    shared_->changed.wait_for(lock, settings_.first_wait, [this] { return shared_->has_read; });
}

void PveNames::refresh() {
    if (!std::exchange(looked_, true) && has_mount_point(settings_.folder))
        try {
            start();
        } catch (const std::system_error& error) {
            spdlog::warn("no thread can be started for the host names of {}: {}; containers are named as "
                         "lxc.uts.name says",
                         settings_.folder, error.what());
        }
    if (!shared_)
        return;
    std::unique_lock lock(shared_->mutex);
    names_ = shared_->names;
    const bool reading = shared_->reading;
    const bool hangs = reading && Clock::now() - shared_->since > settings_.patience;
    const int error = shared_->error;
    lock.unlock();
    if (hangs)
        note("does not answer");
    else if (!reading)
        note(error != 0 ? "can't be read: " + std::generic_category().message(error) : std::string());
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
    if (!names_)
        return {};
    const auto at = names_->find(vmid);
    return at != names_->end() ? std::string_view(at->second) : std::string_view{};
}

} // namespace lxcmon::discover
