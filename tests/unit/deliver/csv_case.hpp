// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "deliver/csv/csv_folder.hpp"
#include "support/temp_folder.hpp"

#include <zlib.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace lxcmon::deliver {

inline constexpr std::string_view csv_times = "1700000000000000000\n";

/// A line of lxc_pids of the container `name`, in line protocol.
inline std::string pids_line(const std::string& name, int threads, const std::string& tags = "") {
    return "lxc_pids,container=" + name + ",host=h" + tags + " threads=" + std::to_string(threads) + "i " +
           std::string(csv_times);
}

inline std::string csv_text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

inline std::string unzipped(const std::string& path) {
    const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(::gzopen(path.c_str(), "rb"), &::gzclose_r);
    std::string text;
    std::array<char, 4096> piece{};
    for (int size = 0; file && (size = ::gzread(file.get(), piece.data(), piece.size())) > 0;)
        text.append(piece.data(), static_cast<std::size_t>(size));
    return text;
}

/// A folder of CSV files with the fields threads and limit of lxc_pids, and those of lxc_cpu.
class CsvCase {
  public:
    explicit CsvCase(std::uint64_t max_bytes = 0, unsigned kept = 5)
        : settings_{
              folder_.path("csv"), max_bytes, kept,
              Selection::of(std::vector<std::string>{"lxc_pids.threads", "lxc_pids.limit", "lxc_cpu"})} {
        std::filesystem::create_directory(settings_.folder);
        start();
    }
    void start() { sink_ = std::make_unique<CsvFolder>(settings_, encode::Format::line_protocol); }
    Verdict send(const std::string& lines) { return sink_->send(lines); }
    [[nodiscard]] CsvSettings& settings() noexcept { return settings_; }
    [[nodiscard]] CsvFolder& sink() noexcept { return *sink_; }
    [[nodiscard]] std::string path(const std::string& name = "lxc_pids.h.csv") const {
        return settings_.folder + "/" + name;
    }
    [[nodiscard]] std::string pids() const { return csv_text(path()); }
    /// The files that were put aside, the oldest first.
    [[nodiscard]] std::vector<std::string> old() const {
        std::set<std::string> names;
        for (const auto& each : std::filesystem::directory_iterator(settings_.folder))
            if (each.path().filename().string().starts_with("lxc_pids.h.2"))
                names.insert(each.path().string());
        return {names.begin(), names.end()};
    }

  private:
    test::TempFolder folder_;
    CsvSettings settings_;
    std::unique_ptr<CsvFolder> sink_;
};

inline const std::string pids_header = "time,host,container,name,threads,limit\r\n";

inline std::string pids_row(const std::string& name, int threads) {
    return "2023-11-14T22:13:20.000Z,h," + name + ",," + std::to_string(threads) + ",\r\n";
}

inline bool was_stored(const Verdict& verdict) {
    return verdict.outcome == Outcome::delivered;
}

} // namespace lxcmon::deliver
