// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "deliver/csv/csv_file.hpp"
#include "deliver/settings.hpp"
#include "deliver/sink.hpp"
#include "encode/batcher.hpp"
#include "model/point.hpp"

#include <atomic>
#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lxcmon::deliver {

/// Writes points into CSV files (encode/csv.hpp), one for each measurement and host: lxc_cpu.node.csv. They
/// contain a whole batch or no part of it, unless the machine crashes. Full files, and files with other
/// columns, are put aside and compressed; the oldest of these are removed. A folder that other users may
/// write is refused: names in it could lead to files of others.
class CsvFolder final : public Sink {
  public:
    /// `format`: of the batches. Throws std::invalid_argument if the path is empty. Opens nothing.
    CsvFolder(CsvSettings settings, encode::Format format);

    [[nodiscard]] Verdict send(std::string_view lines) override;
    /// Of the compression; nothing else takes long.
    void set_deadline(std::chrono::steady_clock::time_point deadline) noexcept override {
        deadline_ = deadline;
    }
    [[nodiscard]] std::vector<Finding> probe() override;
    [[nodiscard]] std::string name() const override { return settings_.folder; }

  private:
    /// A file, and the points and rows of the current batch.
    struct Entry {
        CsvFile file;
        std::vector<std::size_t> points{};
        std::string rows{};
    };
    void read(std::string_view lines);
    void sort_points();
    void make_rows(Entry& entry);
    void tidy(Entry& entry);
    [[nodiscard]] std::string why_unusable() const;
    [[nodiscard]] Verdict make_folder() const;
    [[nodiscard]] Verdict write();

    CsvSettings settings_;
    encode::Format format_;
    PointBuffer points_;
    std::map<std::string, Entry> entries_; ///< by path
    std::atomic<std::chrono::steady_clock::time_point> deadline_{
        std::chrono::steady_clock::time_point::max()};
    std::string logged_; ///< what is wrong with a compression; empty: nothing
};

} // namespace lxcmon::deliver
