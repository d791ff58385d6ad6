#pragma once

#include "deliver/json_file_settings.hpp"
#include "deliver/sink.hpp"
#include "deliver/stream_writer.hpp"
#include "io/unique_fd.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lxcmon::deliver {

/// Appends lines to a file of mode 0640, made when missing with its folder (0750). A batch is in the
/// file whole or not at all. Follows a file that is renamed or removed (logrotate), never a symlink.
/// Writes to pipes and devices as well; the process must ignore or block SIGPIPE.
class JsonFile final : public Sink {
  public:
    /// Throws std::invalid_argument on an empty path, or one that ends in a slash. Opens nothing yet.
    explicit JsonFile(JsonFileSettings settings);

    [[nodiscard]] Verdict send(std::string_view lines) override;
    void set_deadline(std::chrono::steady_clock::time_point deadline) noexcept override;
    [[nodiscard]] std::vector<Finding> probe() override;
    [[nodiscard]] std::string name() const override { return is_stdout_ ? "stdout" : settings_.path; }

  private:
    [[nodiscard]] Verdict open();
    [[nodiscard]] Verdict append(std::string_view lines);
    [[nodiscard]] Verdict stream(int fd, std::string_view lines);
    [[nodiscard]] bool moved_away() const noexcept;
    [[nodiscard]] bool ends_in_torn_line() const;
    [[nodiscard]] Verdict failure(int error, std::string_view doing) const;
    [[nodiscard]] Finding probe_missing() const;

    JsonFileSettings settings_;
    bool is_stdout_;
    io::UniqueFd fd_;
    bool is_regular_ = false;
    StreamWriter stream_;
};

} // namespace lxcmon::deliver
