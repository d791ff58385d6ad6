// SPDX-License-Identifier: GPL-2.0-or-later
#include "deliver/failover_sink.hpp"

#include <spdlog/spdlog.h>

#include <optional>
#include <stdexcept>
#include <utility>

namespace lxcmon::deliver {

namespace {

constexpr std::chrono::seconds fail_back_after{60};

/// True if another sink may take the lines. Other verdicts are about the lines or their size.
bool is_failure(Outcome outcome) noexcept {
    return outcome == Outcome::retry || outcome == Outcome::server_error || outcome == Outcome::settings;
}

/// Adds the server's name, unless the message begins with it: messages about connections do.
std::string named(const std::string& name, const std::string& message) {
    return message.starts_with(name) ? message : name + ": " + message;
}

} // namespace

FailoverSink::FailoverSink(std::vector<std::unique_ptr<Sink>> sinks, Clock clock)
    : sinks_(std::move(sinks))
    , clock_(std::move(clock)) {
    if (sinks_.empty())
        throw std::invalid_argument("failover needs a sink");
}

/// The current sink, the later ones, the earlier ones. Once a minute the order starts with the first sink.
std::vector<std::size_t> FailoverSink::order() const {
    std::vector<std::size_t> indexes;
    const std::size_t start = current_ != 0 && clock_() >= fail_back_at_ ? 0 : current_;
    for (std::size_t step = 0; step < sinks_.size(); ++step)
        indexes.push_back((start + step) % sinks_.size());
    return indexes;
}

Verdict FailoverSink::send(std::string_view lines) {
    std::optional<Verdict> first;
    std::string all_messages;
    std::string message_of_current;
    const std::vector<std::size_t> indexes = order();
    if (indexes.front() < current_) // the next time in a minute, whatever the result
        fail_back_at_ = clock_() + fail_back_after;
    for (const std::size_t index : indexes) {
        Verdict verdict = sinks_[index]->send(lines);
        if (!is_failure(verdict.outcome)) {
            if (index != current_)
                switch_to(index, message_of_current);
            return verdict;
        }
        const std::string message = named(sinks_[index]->name(), verdict.message);
        all_messages += (all_messages.empty() ? "" : "; ") + message;
        if (index == current_)
            message_of_current = message;
        if (!first)
            first = std::move(verdict);
    }
    if (sinks_.size() > 1)
        first->message = "no server accepts the points: " + all_messages;
    return std::move(*first);
}

/// `failure` is the message of the current sink; empty if it did not fail and an earlier one works again.
void FailoverSink::switch_to(std::size_t index, const std::string& failure) {
    const std::string name = sinks_[index]->name();
    if (failure.empty())
        spdlog::info("{} works again; sending to it instead of {}", name, sinks_[current_]->name());
    else
        spdlog::warn("{}; sending to {}", failure, name);
    current_ = index;
    fail_back_at_ = clock_() + fail_back_after;
}

void FailoverSink::set_deadline(std::chrono::steady_clock::time_point deadline) noexcept {
    for (const auto& sink : sinks_)
        sink->set_deadline(deadline);
}

std::vector<Finding> FailoverSink::probe() {
    std::vector<Finding> findings;
    for (const auto& sink : sinks_)
        for (Finding& finding : sink->probe())
            findings.push_back(std::move(finding));
    return findings;
}

std::string FailoverSink::name() const {
    std::string name;
    for (const auto& sink : sinks_)
        name += (name.empty() ? "" : ", else ") + sink->name();
    return name;
}

} // namespace lxcmon::deliver
