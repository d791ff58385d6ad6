// SPDX-License-Identifier: GPL-2.0-or-later
#include "deliver/health.hpp"

#include "text/counted.hpp"

#include <spdlog/spdlog.h>

namespace lxcmon::deliver {

namespace {

/// Number of batches without a refused line before the log says that refusing has ended: a bad line now and
/// then must not log each time.
constexpr unsigned clean_batches_needed = 10;

} // namespace

void Health::failing(const Verdict& verdict) {
    ++tries_;
    if (failing_ && verdict.outcome == outcome_ && verdict.status == status_)
        return;
    if (!failing_) {
        since_ = std::chrono::steady_clock::now();
        tries_ = 1;
    }
    failing_ = true;
    outcome_ = verdict.outcome;
    status_ = verdict.status;
    const bool settings = verdict.outcome == Outcome::settings;
    spdlog::log(settings ? spdlog::level::err : spdlog::level::warn, "delivery to {} fails: {}; {}", name_,
                verdict.message, when_failing_);
    const std::lock_guard lock(mutex_);
    trouble_ = verdict.message;
}

void Health::delivered(std::size_t lines) {
    if (!failing_)
        return;
    failing_ = false;
    const auto lasted = std::chrono::steady_clock::now() - since_;
    spdlog::info("delivery to {} works again after {} in {} s; {} delivered", name_,
                 text::counted(tries_, "failed try", "failed tries"),
                 std::chrono::duration_cast<std::chrono::seconds>(lasted).count(),
                 text::counted(lines, "line"));
    const std::lock_guard lock(mutex_);
    trouble_.clear();
}

void Health::rejected(std::size_t lines, const std::string& message) {
    if (rejected_lines_ == 0)
        spdlog::warn("{} refuses {} permanently: {}", name_, text::counted(lines, "line"), message);
    rejected_lines_ += lines;
}

void Health::batch_done(bool clean) {
    if (rejected_lines_ == 0)
        return;
    clean_batches_ = clean ? clean_batches_ + 1 : 0;
    if (clean_batches_ < clean_batches_needed)
        return;
    spdlog::info("{} refuses no lines any more; it refused {}", name_, rejected_lines_);
    rejected_lines_ = 0;
    clean_batches_ = 0;
}

std::string Health::trouble() const {
    const std::lock_guard lock(mutex_);
    return trouble_;
}

} // namespace lxcmon::deliver
