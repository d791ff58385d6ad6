// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/commands/commands.hpp"

#include "app/settings/bad_setting.hpp"
#include "app/standard_output.hpp"
#include "deliver/queue.hpp"
#include "deliver/sender.hpp"
#include "encode/json_lines.hpp"
#include "push/output/sink_factory.hpp"
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

/// Delivers points to one destination, in full batches, or prints them.
class Delivery {
  public:
    Delivery(Destination destination, const DestinationSettings& settings)
        : destination_(std::move(destination))
        , batcher_(encode::Format::line_protocol, settings.batch_lines)
        , queue_({.limit_bytes = settings.queue.limit_bytes})
        , sender_(queue_, *destination_.sink, {.when_failing = "replay stops if this lasts"})
        , prints_(settings.dry_run) {}

    void take(const PointBuffer& points) {
        for (std::size_t index = 0; index < points.size(); ++index)
            if (const Batch* full = batcher_.add(points[index]))
                deliver(*full);
    }

    /// Delivers the last batch. True if all points were delivered and none was rejected.
    bool finish() {
        if (const Batch* rest = batcher_.finish())
            deliver(*rest);
        if (prints_) {
            spdlog::info("{} printed", text::counted(printed_points_, "point"));
            return true;
        }
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
        if (prints_) { // waits for its reader, as any other program
            app::print(batch.body);
            printed_points_ += batch.lines;
            return;
        }
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
    bool prints_;
    std::uint64_t printed_points_ = 0;
    bool ok_ = true;
};

/// The lines of one file, and what is wrong with the first bad ones.
struct FileLines {
    static constexpr std::size_t most_shown = 10;
    /// A file that begins with so many bad or empty lines is read no further.
    static constexpr std::size_t most_at_begin = 1000;
    /// Nor one that has so many in all: it is damaged, or made to waste time.
    static constexpr std::size_t most_bad = 10'000, most_empty = 1'000'000;
    static constexpr const char* expected = "expected a JSON object with name, tags, fields and timestamp";

    std::size_t count = 0;
    std::size_t good = 0;
    std::size_t bad = 0;
    std::size_t empty = 0;
    std::vector<std::string> shown;

    [[nodiscard]] bool is_foreign() const noexcept { return good == 0 && bad + empty >= most_at_begin; }
    [[nodiscard]] bool is_hopeless() const noexcept {
        return is_foreign() || bad >= most_bad || empty >= most_empty;
    }

    void add_bad(const std::string& wrong) {
        if (++bad <= most_shown)
            shown.push_back("line " + std::to_string(count) + ": " + wrong);
    }

    /// Logs the bad lines, of another program's file only one. True if there are none.
    [[nodiscard]] bool report(const std::string& name) const {
        if (bad == 0 && !is_hopeless())
            return true;
        if (good == 0) {
            spdlog::error("{} is no file of points: none of {}{} is one ({}); {} in each line", name,
                          is_foreign() ? "its first " : "its ", text::counted(count, "line"),
                          shown.empty() ? "they are empty" : shown.front(), expected);
            return false;
        }
        for (const std::string& line : shown)
            spdlog::error("{}, {}; {}", name, line, expected);
        if (bad > 0)
            spdlog::error("{}: {} of {} invalid and skipped", name, bad,
                          text::counted(count, "line is", "lines are"));
        if (is_hopeless())
            spdlog::error("{}: the rest is not read, after {} invalid and {} empty lines: take them out, for "
                          "example with grep '^{{'",
                          name, bad, empty);
        return false;
    }
};

/// Reads lines, passes the points to each destination, and counts invalid lines.
class Replay {
  public:
    explicit Replay(const DestinationSettings& settings) {
        warn_of_insecure(settings);
        for (Destination& destination : make_destinations(settings))
            if (!destination.is_beside) // the agent has written these points into its files
                targets_.push_back(std::make_unique<Delivery>(std::move(destination), settings));
    }

    void read(spool::LineReader input, const std::string& name) {
        using Kind = spool::Line::Kind;
        bool in_long_line = false;
        FileLines lines;
        while (any_ok() && !lines.is_hopeless()) {
            const auto line = input.next();
            if (!line)
                break;
            const bool is_more =
                std::exchange(in_long_line, line->kind == Kind::part && !line->text.ends_with('\n'));
            lines.count += is_more ? 0 : 1;
            if (line->kind != Kind::part && line->text.empty())
                ++lines.empty;
            else if (line->kind != Kind::part)
                take(line->text, lines);
            else if (line->kind == Kind::part && !is_more)
                lines.add_bad("longer than 1 MiB");
        }
        success_ = lines.report(name) && success_;
        if (!input.error().empty())
            unreadable(name, input.error());
    }

    int finish() {
        for (const auto& target : targets_)
            success_ = target->finish() && success_;
        return success_ ? 0 : 1;
    }

  private:
    [[nodiscard]] bool any_ok() const {
        return std::ranges::any_of(targets_, [](const auto& target) { return target->ok(); });
    }

    void take(std::string_view line, FileLines& lines) {
        points_.clear();
        if (const auto wrong = encode::parse_json_line(line, points_))
            return lines.add_bad(*wrong);
        ++lines.good;
        for (const auto& target : targets_)
            target->take(points_);
    }

    void unreadable(const std::string& name, const std::string& wrong) {
        success_ = false;
        spdlog::error("{}: can't be read to its end: {}", name, wrong);
    }

    std::vector<std::unique_ptr<Delivery>> targets_; ///< Sender is not movable
    PointBuffer points_;
    bool success_ = true; ///< each line of each file is a point
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
