// SPDX-License-Identifier: GPL-2.0-or-later
// A spool over files of an earlier run with any content, whose limits may be reached: what is appended is
// delivered once, also if the spool is closed and opened again.
#include "fuzz/gzip.hpp"
#include "fuzz/support.hpp"

#include "encode/json_lines.hpp"
#include "encode/line_protocol.hpp"
#include "encode/line_protocol_reader.hpp"
#include "spool/spool.hpp"
#include "support/temp_folder.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

using namespace lxcmon;
using fuzz::require;

namespace {

constexpr std::uint64_t second_ns = 1'000'000'000;

/// "m,from=spool f=1i 7\n"
std::string numbered_line(const char* from, int number) {
    return std::string("m,from=") + from + " f=1i " + std::to_string(number) + "\n";
}

std::string json_of(const std::string& line) {
    PointBuffer points;
    std::string json;
    require(!encode::parse_line_protocol(line, points), "line protocol", line);
    encode::append_json_line(json, points[0]);
    return json;
}

/// The spool's folder, and what must still be delivered.
class Run {
  public:
    explicit Run(FuzzedDataProvider& data)
        : data_(data)
        , is_bounded_(data.ConsumeIntegralInRange(0, 3) == 0) {
        if (is_bounded_) {
            settings_.max_bytes = data.ConsumeIntegralInRange<std::uint64_t>(200, 3000);
            settings_.max_age = std::chrono::seconds(100);
        }
        settings_.batch_lines = data.ConsumeIntegralInRange<std::size_t>(1, 6);
    }

    void check() {
        for (int left = data_.ConsumeIntegralInRange(0, 4); left > 0; --left)
            write_earlier_file();
        open();
        for (int left = data_.ConsumeIntegralInRange(0, 20); left > 0; --left) {
            step(data_.ConsumeIntegralInRange(0, 11));
            check_lines();
        }
        while (const Batch* batch = spool_->begin())
            accept(*batch);
        require(spool_->lines() == 0, "no line is left");
        require(is_bounded_ || dropped_ + spool_->dropped_lines() == 0, "the spool is below its limits");
        require(is_bounded_ || waiting_.empty(), "each appended line is delivered");
        require(waiting_.size() <= dropped_ + spool_->dropped_lines(), "a dropped line is counted");
        spool_.reset();
        for (const auto& entry : std::filesystem::directory_iterator(settings_.folder)) {
            const std::string name = entry.path().filename();
            require(spool::is_bad_name(name) || name == "lock" || name == "rejected.jsonl" ||
                        name == "notes.txt" || name == "000000000001.jsonl~",
                    "only bad and foreign files are left", name);
        }
    }

  private:
    /// What waits, and what could not be cancelled.
    void check_lines() const {
        if (is_bounded_ || has_earlier_ || may_repeat_)
            return;
        const std::uint64_t lines = spool_->lines();
        require(lines >= waiting_.size() && lines <= waiting_.size() + cancelled_.size(),
                "lines are counted");
    }

    void write_earlier_file() {
        has_earlier_ = true;
        data_.ConsumeBool() ? write_good_file() : write_file();
    }

    void write_file() {
        const auto number = data_.ConsumeIntegralInRange<std::uint64_t>(1, 4);
        const auto lines = data_.ConsumeIntegralInRange<std::uint64_t>(0, 3);
        const std::array names{spool::plain_name(number),         spool::gzip_name(number, lines),
                               spool::temporary_name(number),     spool::plain_name(number) + ".bad",
                               std::string("rejected.jsonl"),     std::string("notes.txt"),
                               std::string("000000000001.jsonl~")};
        const std::string& name = names[data_.ConsumeIntegralInRange<std::size_t>(0, names.size() - 1)];
        std::string text = fuzz::some_text(data_, 500);
        if (data_.ConsumeBool())
            text.insert(data_.ConsumeIntegralInRange<std::size_t>(0, text.size()), earlier_lines(nullptr));
        folder_.write(name, data_.ConsumeBool() ? fuzz::gzip_file(text, data_).bytes : text);
    }

    /// A segment without damage; its name may have a wrong number of lines.
    void write_good_file() {
        const auto number = data_.ConsumeIntegralInRange<std::uint64_t>(5, 7);
        const auto lines = data_.ConsumeIntegralInRange<std::uint64_t>(0, 8);
        if (!good_.insert(number).second)
            return;
        const std::string text = earlier_lines(&waiting_);
        if (data_.ConsumeBool())
            folder_.write(spool::gzip_name(number, lines), fuzz::gzipped(text));
        else
            folder_.write(spool::plain_name(number), text);
    }

    std::string earlier_lines(std::set<std::string>* waiting) {
        std::string text;
        for (int left = data_.ConsumeIntegralInRange(1, 7); left > 0; --left) {
            const std::string line = numbered_line(waiting != nullptr ? "earlier" : "bad", ++last_);
            text += json_of(line);
            if (waiting != nullptr && !is_bounded_) // what the name says counts as dropped
                waiting->insert(line);
        }
        return text;
    }

    void open() {
        if (spool_)
            dropped_ += spool_->dropped_lines();
        spool_.reset();
        spool_.emplace(settings_, hooks_);
        require(!spool_->open(), "the spool can be opened");
    }

    std::uint64_t number_of_a_segment() { return data_.ConsumeIntegralInRange<std::uint64_t>(1, 6); }

    void step(int what) {
        switch (what) {
        case 0:
        case 1:
        case 2:
            return append();
        case 3:
        case 4:
            if (const Batch* batch =
                    spool_->begin(what == 3 ? spool::Spool::every_segment : number_of_a_segment(),
                                  data_.ConsumeIntegralInRange<std::uint64_t>(1, 2000)))
                accept(*batch);
            return;
        case 5:
            return keep();
        case 6:
            return spool_->tidy();
        case 7:
            now_ns_ += data_.ConsumeIntegralInRange<std::int64_t>(0, 60) * std::int64_t{second_ns};
            return;
        case 8:
            return cancel();
        case 9: // as after a crash
            may_repeat_ = true;
            return open();
        case 10:
            return stop();
        default: // room is made while a batch is in use
            if (spool_->begin() == nullptr)
                return;
            append();
            if (spool_->wants_back())
                spool_->keep();
            else
                accept(*spool_->begin());
        }
    }

    void append() {
        Batch batch;
        for (int left = data_.ConsumeIntegralInRange(1, 4); left > 0; --left) {
            batch.body += numbered_line("spool", ++last_);
            ++batch.lines;
        }
        const auto appended = spool_->append(batch);
        if (is_bounded_ && !appended.entry) {
            require(appended.too_large == (batch.body.size() > settings_.max_bytes), "a batch is too large",
                    appended.why);
            return;
        }
        require(appended.entry.has_value(), "a batch can be appended", appended.why);
        for (std::string_view rest = batch.body; !rest.empty();) {
            const std::string line(rest.substr(0, rest.find('\n') + 1));
            rest.remove_prefix(line.size());
            waiting_.insert(line);
        }
        last_entry_ = appended.entry;
        last_batch_ = batch.body;
    }

    /// The last batch was delivered from memory.
    void cancel() {
        if (!last_entry_)
            return;
        spool_->cancel(*last_entry_);
        last_entry_.reset();
        for (std::string_view rest = last_batch_; !rest.empty();) {
            const std::string line(rest.substr(0, rest.find('\n') + 1));
            rest.remove_prefix(line.size());
            waiting_.erase(line);
            cancelled_.insert(line); // and sent twice if it is being read or gzipped
        }
    }

    void keep() {
        const Batch* const batch = spool_->begin();
        if (batch == nullptr)
            return;
        const std::string body = batch->body;
        spool_->keep();
        const Batch* const again = spool_->begin();
        require(again != nullptr && again->body == body, "a batch that is kept comes again");
        spool_->keep();
    }

    /// The end of a run, maybe amid a batch of which some lines are delivered.
    void stop() {
        Batch undecided;
        const Batch* const batch = spool_->begin();
        if (batch != nullptr && batch->lines > 1 && data_.ConsumeBool()) {
            const std::size_t first = batch->body.find('\n') + 1;
            note_delivered(batch->body.substr(0, first));
            undecided = {batch->body.substr(first), batch->lines - 1};
        }
        spool_->finish(undecided.lines > 0 ? &undecided : nullptr);
        last_entry_.reset();
        open();
    }

    void note_delivered(const std::string& line) {
        PointBuffer points;
        require(line.ends_with('\n') && !encode::parse_line_protocol(line, points) && points.size() == 1,
                "a delivered line is line protocol", line);
        const bool is_ours = tag_of(points[0], "from") == "spool" || tag_of(points[0], "from") == "earlier";
        const bool was_waiting = waiting_.erase(line) > 0;
        require(!is_ours || was_waiting || may_repeat_ || is_bounded_ || cancelled_.contains(line),
                "a line is delivered once", line);
    }

    void accept(const Batch& batch) {
        require(batch.lines > 0 && batch.lines <= settings_.batch_lines, "a batch is bounded");
        require(static_cast<std::ptrdiff_t>(batch.lines) ==
                    std::count(batch.body.begin(), batch.body.end(), '\n'),
                "a batch has as many lines as it says", batch.body);
        for (std::string_view rest = batch.body; !rest.empty();) {
            const std::string line(rest.substr(0, rest.find('\n') + 1));
            rest.remove_prefix(line.size());
            note_delivered(line);
        }
        spool_->accept();
    }

    FuzzedDataProvider& data_;
    bool is_bounded_;
    test::TempFolder folder_{"/dev/shm"};
    spool::Settings settings_{.folder = folder_.path("."),
                              .max_age = std::chrono::hours(24 * 365 * 100), // of files that are written now
                              .segment_bytes = 400};
    std::int64_t now_ns_ = 1'795'000'000'000'000'000; // 2026-11
    spool::Hooks hooks_{.now_ns = [this] { return now_ns_; }, .boot_ns = [this] { return now_ns_; }};
    std::optional<spool::Spool> spool_;
    std::set<std::uint64_t> good_;
    std::set<std::string> waiting_, cancelled_;
    std::optional<spool::Entry> last_entry_;
    std::string last_batch_;
    bool has_earlier_ = false;
    bool may_repeat_ = false;   ///< a run ended without finish()
    std::uint64_t dropped_ = 0; ///< by the limits, in the runs before
    int last_ = 0;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    FuzzedDataProvider provider(data, size);
    Run(provider).check();
    return 0;
}
