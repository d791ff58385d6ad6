#include "deliver/failover_sink.hpp"

#include <spdlog/spdlog.h>

#include <optional>
#include <stdexcept>
#include <utility>

namespace lxcmon::deliver {

namespace {

constexpr std::chrono::seconds fail_back_after{60};

/// Another sink may do better; all else is about the lines, and the same everywhere.
bool is_failure(Outcome outcome) noexcept {
    return outcome == Outcome::retry || outcome == Outcome::server_error || outcome == Outcome::settings;
}

/// Words on a connection name the server by themselves.
std::string named(const std::string& name, const std::string& message) {
    return message.starts_with(name) ? message : name + ": " + message;
}

} // namespace

FailoverSink::FailoverSink(std::vector<std::unique_ptr<Sink>> sinks, Clock clock)
    : clock_(std::move(clock)) {
    if (sinks.empty())
        throw std::invalid_argument("failover needs a sink");
    for (auto& sink : sinks)
        members_.push_back({std::move(sink)});
}

/// The current one, those after it, those before it; but those before it first once a minute has passed.
std::vector<std::size_t> FailoverSink::order() const {
    std::vector<std::size_t> indexes;
    const std::size_t start = current_ != 0 && clock_() >= fail_back_at_ ? 0 : current_;
    for (std::size_t step = 0; step < members_.size(); ++step)
        indexes.push_back((start + step) % members_.size());
    return indexes;
}

Verdict FailoverSink::send_to(Member& member, std::string_view lines) {
    Verdict verdict = member.sink->send(lines);
    if (verdict.outcome == Outcome::no_gzip) {
        if (member.sink->stop_compressing())
            verdict = member.sink->send(lines);
        if (verdict.outcome == Outcome::no_gzip)
            verdict.outcome = Outcome::settings;
    }
    if (verdict.outcome == Outcome::no_database) {
        verdict.outcome = Outcome::settings;
        if (member.database_tried)
            return verdict;
        Verdict made = member.sink->make_database();
        member.database_tried = made.outcome != Outcome::retry; // else nobody has answered
        if (made.outcome != Outcome::delivered)
            return made;
        verdict = member.sink->send(lines);
        if (verdict.outcome == Outcome::no_database)
            verdict.outcome = Outcome::settings;
    }
    return verdict;
}

Verdict FailoverSink::send(std::string_view lines) {
    std::optional<Verdict> first;
    std::string all_messages;
    std::string message_of_current;
    const std::vector<std::size_t> indexes = order();
    if (indexes.front() < current_) // whatever comes of it, not again for a minute
        fail_back_at_ = clock_() + fail_back_after;
    for (const std::size_t index : indexes) {
        Verdict verdict = send_to(members_[index], lines);
        if (!is_failure(verdict.outcome)) {
            if (index != current_)
                switch_to(index, message_of_current);
            return verdict;
        }
        const std::string message = named(members_[index].sink->name(), verdict.message);
        all_messages += (all_messages.empty() ? "" : "; ") + message;
        if (index == current_)
            message_of_current = message;
        if (!first)
            first = std::move(verdict);
    }
    if (members_.size() > 1)
        first->message = "no server takes the points: " + all_messages;
    return std::move(*first);
}

/// `failure` is why the current one is left; empty where an earlier one is back.
void FailoverSink::switch_to(std::size_t index, const std::string& failure) {
    const std::string name = members_[index].sink->name();
    if (failure.empty())
        spdlog::info("{} works again; sending to it in place of {}", name, members_[current_].sink->name());
    else
        spdlog::warn("{}; sending to {}", failure, name);
    current_ = index;
    fail_back_at_ = clock_() + fail_back_after;
}

Verdict FailoverSink::make_database() {
    return members_[current_].sink->make_database();
}

bool FailoverSink::stop_compressing() noexcept {
    return members_[current_].sink->stop_compressing();
}

void FailoverSink::set_deadline(std::chrono::steady_clock::time_point deadline) noexcept {
    for (const Member& member : members_)
        member.sink->set_deadline(deadline);
}

std::vector<Finding> FailoverSink::probe() {
    std::vector<Finding> findings;
    for (const Member& member : members_)
        for (Finding& finding : member.sink->probe())
            findings.push_back(std::move(finding));
    return findings;
}

std::string FailoverSink::name() const {
    std::string name;
    for (const Member& member : members_)
        name += (name.empty() ? "" : ", else ") + member.sink->name();
    return name;
}

} // namespace lxcmon::deliver
