// SPDX-License-Identifier: GPL-2.0-or-later
// A spool over files of an earlier run with any content: what is appended is delivered, once it is closed and
// opened again too.
#include "fuzz/support.hpp"

#include "encode/line_protocol_reader.hpp"
#include "spool/spool.hpp"
#include "support/temp_folder.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <set>

using namespace lxcmon;
using fuzz::require;

namespace {

constexpr std::int64_t now_ns = 1'795'000'000'000'000'000; // 2026-11

/// The spool's folder, and what must still be delivered.
class Run {
  public:
    void write_file(FuzzedDataProvider& data) const {
        const auto number = data.ConsumeIntegralInRange<std::uint64_t>(1, 4);
        const auto lines = data.ConsumeIntegralInRange<std::uint64_t>(0, 3);
        const std::array names{spool::plain_name(number),         spool::gzip_name(number, lines),
                               spool::temporary_name(number),     spool::plain_name(number) + ".bad",
                               std::string("rejected.jsonl"),     std::string("notes.txt"),
                               std::string("000000000001.jsonl~")};
        const std::string& name = names[data.ConsumeIntegralInRange<std::size_t>(0, names.size() - 1)];
        folder_.write(name, data.ConsumeRandomLengthString(1500));
    }

    void use(FuzzedDataProvider& data) {
        open();
        for (int left = data.ConsumeIntegralInRange(0, 12); left > 0; --left)
            step(data.ConsumeIntegralInRange(0, 6));
        while (const Batch* batch = spool_->begin())
            accept(*batch);
        require(waiting_.empty(), "each appended line is delivered");
        require(spool_->lines() == 0, "no line is left");
        require(spool_->dropped_lines() == 0, "the spool is below its limits");
        spool_.reset();
        for (const auto& entry : std::filesystem::directory_iterator(settings_.folder)) {
            const std::string name = entry.path().filename();
            require(name.ends_with(".bad") || name == "lock" || name == "owner" || name == "rejected.jsonl",
                    "only bad files are left", name);
        }
    }

  private:
    void open() {
        spool_.reset();
        spool_.emplace(settings_, hooks_);
        require(!spool_->open(), "the spool can be opened");
    }

    void step(int what) {
        switch (what) {
        case 0:
        case 1:
            return append(what);
        case 2:
            if (const Batch* batch = spool_->begin())
                accept(*batch);
            return;
        case 3:
            if (spool_->begin() != nullptr)
                spool_->keep();
            return;
        case 4:
            return spool_->tidy();
        case 5:
            return open(); // as after a restart
        default:
            if (const Batch* batch = spool_->begin(false))
                accept(*batch);
        }
    }

    void append(int cancels) {
        Batch batch;
        for (int lines = 0; lines < 3; ++lines) {
            const std::string line = "m,from=spool f=1i " + std::to_string(++last_) + "\n";
            batch.body += line;
            ++batch.lines;
            if (cancels == 0)
                waiting_.insert(line);
        }
        const auto appended = spool_->append(batch);
        require(appended.entry.has_value(), "a batch can be appended", appended.why);
        if (cancels != 0)
            spool_->cancel(*appended.entry);
    }

    void accept(const Batch& batch) {
        require(batch.lines > 0 && batch.lines <= settings_.batch_lines, "a batch is bounded");
        std::size_t lines = 0;
        PointBuffer points;
        for (std::string_view rest = batch.body; !rest.empty(); ++lines) {
            const std::string line(rest.substr(0, rest.find('\n') + 1));
            rest.remove_prefix(line.size());
            points.clear();
            require(line.ends_with('\n') && !encode::parse_line_protocol(line, points) && points.size() == 1,
                    "a delivered line is line protocol", line);
            waiting_.erase(line);
        }
        require(lines == batch.lines, "a batch has as many lines as it says", batch.body);
        spool_->accept();
    }

    test::TempFolder folder_{"/dev/shm"};
    spool::Settings settings_{.folder = folder_.path("."), .batch_lines = 5, .segment_bytes = 400};
    spool::Hooks hooks_{.now_ns = [] { return now_ns; }};
    std::optional<spool::Spool> spool_;
    std::set<std::string> waiting_;
    int last_ = 0;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    FuzzedDataProvider provider(data, size);
    Run run;
    for (int left = provider.ConsumeIntegralInRange(0, 4); left > 0; --left)
        run.write_file(provider);
    run.use(provider);
    return 0;
}
