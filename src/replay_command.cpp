#include "commands.hpp"

#include "deliver/queue.hpp"
#include "deliver/sender.hpp"
#include "encode/json_lines.hpp"
#include "sink_factory.hpp"

#include <spdlog/spdlog.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>

namespace lxcmon {
namespace {

constexpr std::chrono::minutes batch_limit{5};

/// Reads lines, delivers batches as they fill up, and keeps count.
class Replay {
  public:
    explicit Replay(const Config& config)
        : destination_(make_destination(config))
        , batcher_(destination_.format, config.batch_lines)
        , queue_({.limit_bytes = config.queue_max_bytes})
        , sender_(queue_, *destination_.sink) {}

    void read(std::istream& input, const std::string& name) {
        std::string line;
        for (std::size_t number = 1; ok_ && std::getline(input, line); ++number)
            if (!line.empty())
                take(line, name, number);
        if (input.bad())
            bad_line(name, 0, "reading failed");
    }

    int finish() {
        if (auto rest = batcher_.finish())
            deliver(std::move(*rest));
        const deliver::Counts counts = sender_.counts();
        spdlog::info("{} points delivered, {} rejected by the server, {} bad lines", counts.delivered_points,
                     counts.rejected_points, bad_lines_);
        return ok_ && bad_lines_ == 0 && counts.rejected_points == 0 ? 0 : 1;
    }

  private:
    void take(const std::string& line, const std::string& name, std::size_t number) {
        points_.clear();
        if (const auto wrong = encode::parse_json_line(line, points_))
            return bad_line(name, number, *wrong);
        for (std::size_t index = 0; index < points_.size(); ++index)
            if (auto full = batcher_.add(points_[index]))
                deliver(std::move(*full));
    }

    void bad_line(const std::string& name, std::size_t number, const std::string& wrong) {
        constexpr std::size_t shown = 10;
        if (++bad_lines_ <= shown)
            spdlog::error("{}, line {}: {}; expected a JSON object with name, tags, fields and timestamp",
                          name, number, wrong);
    }

    void deliver(Batch batch) {
        if (!ok_)
            return;
        static_cast<void>(queue_.push(std::move(batch)));
        const auto drained = sender_.drain(batch_limit);
        if (drained.lines_left == 0)
            return;
        ok_ = false;
        spdlog::error("stopped with {} points not delivered: {}", drained.lines_left, drained.why);
    }

    Destination destination_;
    encode::Batcher batcher_;
    deliver::Queue queue_;
    deliver::Sender sender_;
    PointBuffer points_;
    std::size_t bad_lines_ = 0;
    bool ok_ = true;
};

} // namespace

int replay(const Config& config, const std::vector<std::string>& files) {
    if (config.influx_url.empty() && !config.dry_run)
        throw BadSetting(
            "lxcmon-push: replay: needs a server to deliver to (--influx-url URL), or --dry-run");
    for (const std::string& file : files)
        if (file != "-" && !std::ifstream(file))
            throw BadSetting("lxcmon-push: replay: '" + file + "' can't be read: " + std::strerror(errno) +
                             "; expected a file of JSON Lines, or - for standard input");
    Replay replay(config);
    for (const std::string& file : files) {
        if (file == "-") {
            replay.read(std::cin, "standard input");
        } else {
            std::ifstream input(file);
            replay.read(input, file);
        }
    }
    return replay.finish();
}

} // namespace lxcmon
