// SPDX-License-Identifier: GPL-2.0-or-later
#include "expose/metrics_file.hpp"

#include "io/signals_blocked.hpp"
#include "io/write_all.hpp"
#include "text/same_kind.hpp"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <system_error>
#include <utility>

namespace lxcmon::expose {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds last_wait{2'000};
constexpr std::chrono::seconds longest_write{10};

std::string write_stdout(const std::string& text) {
    std::size_t written = 0;
    const int error = io::write_all_waiting(STDOUT_FILENO, text, written);
    return error == 0 ? std::string()
                      : "writing the metrics to standard output: " + std::generic_category().message(error);
}

std::string write(const std::string& path, const std::string& text, FileVersion& version) {
    try {
        return path == "-" ? write_stdout(text) : replace_file(path, text, version);
    } catch (const std::exception& error) { // no memory
        return path + ": " + error.what();
    }
}

std::string does_not_answer(const std::string& path) {
    return path == "-" ? "the reader of standard output does not read the metrics"
                       : "the disk of " + path + " does not answer";
}

} // namespace

struct MetricsFile::Shared {
    explicit Shared(std::string file)
        : path(std::move(file)) {}

    const std::string path;
    std::mutex mutex;
    std::condition_variable changed;
    // Under the mutex:
    std::optional<std::string> next;          ///< to be written
    std::optional<Clock::time_point> writing; ///< since when
    bool is_ending = false;
    bool is_removed_at_end = false;
    bool is_done = false;
    std::string trouble; ///< why the last text is not written

    /// Without the mutex.
    [[nodiscard]] std::string problem() {
        const std::scoped_lock lock(mutex);
        return writing && Clock::now() - *writing > longest_write ? does_not_answer(path) : trouble;
    }
};

MetricsFile::MetricsFile(std::string path)
    : shared_(std::make_shared<Shared>(std::move(path))) {
    const io::SignalsBlocked blocked;
    thread_ = std::thread(&MetricsFile::run, shared_);
}

MetricsFile::~MetricsFile() {
    finish(End::keep, last_wait);
}

void MetricsFile::publish(std::string text) {
    log_state();
    {
        const std::scoped_lock lock(shared_->mutex);
        shared_->next = std::move(text);
    }
    shared_->changed.notify_all();
}

void MetricsFile::log_state() {
    std::string now = shared_->problem();
    if (!now.empty() && !text::same_kind(now, logged_))
        spdlog::error("no metrics for Prometheus: {}", now);
    else if (now.empty() && !logged_.empty())
        spdlog::info("metrics for Prometheus are written again");
    logged_ = std::move(now);
}

void MetricsFile::run(const std::shared_ptr<Shared>& shared) {
    const bool is_file = shared->path != "-";
    // A file that a killed agent has left is removed at the end, too.
    FileVersion version = is_file ? version_of(shared->path) : FileVersion();
    if (is_file)
        remove_left_over(shared->path);
    std::unique_lock lock(shared->mutex);
    for (;;) {
        shared->changed.wait(lock, [&] { return shared->next || shared->is_ending; });
        if (!shared->next)
            break;
        const std::string text = *std::exchange(shared->next, std::nullopt);
        shared->writing = Clock::now();
        lock.unlock();
        std::string wrong = write(shared->path, text, version);
        lock.lock();
        shared->writing.reset();
        shared->trouble = std::move(wrong);
    }
    const bool is_removed = shared->is_removed_at_end && is_file;
    lock.unlock();
    if (is_removed)
        remove_file(shared->path, version);
    lock.lock();
    shared->is_done = true;
    shared->changed.notify_all();
}

bool MetricsFile::finish(End end, std::chrono::milliseconds limit) {
    if (!thread_.joinable())
        return false;
    {
        std::unique_lock lock(shared_->mutex);
        shared_->is_ending = true;
        shared_->is_removed_at_end = end == End::remove;
        if (end == End::remove)
            shared_->next.reset();
        shared_->changed.notify_all();
        if (!shared_->changed.wait_for(lock, limit, [this] { return shared_->is_done; })) {
            lock.unlock();
            spdlog::error("no metrics for Prometheus: {}", does_not_answer(shared_->path));
            thread_.detach();
            return false;
        }
    }
    thread_.join();
    log_state();
    return shared_->trouble.empty();
}

} // namespace lxcmon::expose
