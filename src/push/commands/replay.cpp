// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/commands/commands.hpp"

#include "app/settings/bad_setting.hpp"
#include "deliver/queue.hpp"
#include "deliver/sender.hpp"
#include "encode/json_lines.hpp"
#include "push/sink_factory.hpp"
#include "spool/line_reader.hpp"
#include "text/counted.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <spdlog/spdlog.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace lxcmon::push {
namespace {

constexpr std::chrono::minutes batch_limit{5};

/// Delivers points to one destination, in full batches.
class Delivery {
  public:
    Delivery(Destination destination, const DestinationSettings& settings)
        : destination_(std::move(destination))
        , batcher_(destination_.format, settings.batch_lines)
        , queue_({.limit_bytes = settings.queue.limit_bytes})
        , sender_(queue_, *destination_.sink, {.when_failing = "replay stops if this lasts"}) {}

    void take(const PointBuffer& points) {
        for (std::size_t index = 0; index < points.size(); ++index)
            if (const Batch* full = batcher_.add(points[index]))
                deliver(*full);
    }

    /// Delivers the last batch. True if all points were delivered and none was rejected.
    bool finish() {
        if (const Batch* rest = batcher_.finish())
            deliver(*rest);
        const deliver::DeliveryTotals counts = sender_.counts();
        spdlog::info("{}: {} delivered, {} rejected by the server", destination_.sink->name(),
                     text::counted(counts.delivered_points, "point"), counts.rejected_points);
        return ok_ && counts.rejected_points == 0;
    }

    [[nodiscard]] bool ok() const noexcept { return ok_; }

  private:
    void deliver(const Batch& batch) {
        if (!ok_)
            return;
        static_cast<void>(queue_.push(batch));
        const auto drained = sender_.drain(batch_limit);
        if (drained.lines_left == 0)
            return;
        ok_ = false;
        spdlog::error("{}: stopped with {} not delivered: {}", destination_.sink->name(),
                      text::counted(drained.lines_left, "point"), drained.why);
    }

    Destination destination_;
    encode::Batcher batcher_;
    deliver::Queue queue_;
    deliver::Sender sender_;
    bool ok_ = true;
};

/// Reads lines, passes the points to each destination, and counts invalid lines.
class Replay {
  public:
    explicit Replay(const DestinationSettings& settings) {
        warn_of_insecure(settings);
        for (Destination& destination : make_destinations(settings))
            targets_.push_back(std::make_unique<Delivery>(std::move(destination), settings));
    }

    void read(spool::LineReader input, const std::string& name) {
        using Kind = spool::Line::Kind;
        bool in_long_line = false;
        std::size_t number = 0;
        while (any_ok()) {
            const auto line = input.next();
            if (!line)
                break;
            const bool is_more =
                std::exchange(in_long_line, line->kind == Kind::part && !line->text.ends_with('\n'));
            number += is_more ? 0 : 1;
            if (line->kind != Kind::part && !line->text.empty())
                take(line->text, name, number);
            else if (line->kind == Kind::part && !is_more)
                bad_line(name, number, "longer than 1 MiB");
        }
        if (!input.error().empty())
            unreadable(name, input.error());
    }

    int finish() {
        bool success = bad_lines_ == 0;
        for (const auto& target : targets_)
            success = target->finish() && success;
        if (bad_lines_ != 0)
            spdlog::error("{} invalid lines", bad_lines_);
        return success ? 0 : 1;
    }

  private:
    [[nodiscard]] bool any_ok() const {
        return std::ranges::any_of(targets_, [](const auto& target) { return target->ok(); });
    }

    void take(std::string_view line, const std::string& name, std::size_t number) {
        points_.clear();
        if (const auto wrong = encode::parse_json_line(line, points_))
            return bad_line(name, number, *wrong);
        for (const auto& target : targets_)
            target->take(points_);
    }

    void bad_line(const std::string& name, std::size_t number, const std::string& wrong) {
        constexpr std::size_t shown = 10;
        if (++bad_lines_ <= shown)
            spdlog::error("{}, line {}: {}; expected a JSON object with name, tags, fields and timestamp",
                          name, number, wrong);
    }

    void unreadable(const std::string& name, const std::string& wrong) {
        ++bad_lines_;
        spdlog::error("{}: can't be read to its end: {}", name, wrong);
    }

    std::vector<std::unique_ptr<Delivery>> targets_; ///< Sender is not movable
    PointBuffer points_;
    std::size_t bad_lines_ = 0;
};

io::UniqueFd open_file(const std::string& path) noexcept {
    return io::UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

/// `-` is standard input, always plain text because it may be a terminal.
spool::LineReader open_input(const std::string& file) {
    using spool::LineReader;
    if (file == "-")
        return {io::UniqueFd(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)), spool::LineReader::Format::plain};
    return {open_file(file), spool::LineReader::Format::either};
}

} // namespace

int replay(const Invocation& invocation) {
    const DestinationSettings& settings = invocation.config.destinations;
    const std::vector<std::string>& files = invocation.operands;
    if (settings.influx_urls.empty() && !settings.dry_run)
        throw app::BadSetting(
            "lxcmon-push: replay: needs a server to deliver to (--influx-url URL), or --dry-run");
    for (const std::string& file : files)
        if (file != "-" && !open_file(file))
            throw app::BadSetting("lxcmon-push: replay: '" + file +
                                  "' can't be read: " + std::strerror(errno) +
                                  "; expected a file of JSON Lines, gzipped or not, or - for standard input");
    Replay replay(settings);
    for (const std::string& file : files)
        replay.read(open_input(file), file == "-" ? "standard input" : file);
    return replay.finish();
}

} // namespace lxcmon::push
