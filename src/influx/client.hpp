#pragma once

#include "deliver/sink.hpp"
#include "http/client.hpp"
#include "http/gzip.hpp"
#include "influx/judge.hpp"
#include "influx/settings.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lxcmon::influx {

/// InfluxDB 1.x (`/write`), 2.x (`/api/v2/write`) and 3.x (`/api/v3/write_lp`), and what speaks like them.
/// Lines are line protocol with times in ns. Where the settings leave the API open, the server is asked
/// before the first write, and again once it refuses what was chosen. A missing database is created once a
/// run (v1), and gzip is given up for a server that does not accept it; then the same lines are sent again.
class Client final : public deliver::Sink {
  public:
    /// Throws std::invalid_argument on settings that can't be used (the text has no secret in it),
    /// std::runtime_error where libcurl does not start. Connects to nothing yet.
    explicit Client(Settings settings);

    [[nodiscard]] deliver::Verdict send(std::string_view lines) override;
    void set_deadline(std::chrono::steady_clock::time_point deadline) noexcept override;
    [[nodiscard]] std::vector<Finding> probe() override;
    [[nodiscard]] std::string name() const override { return name_; }

  private:
    [[nodiscard]] http::Request request(std::string_view path) const;
    [[nodiscard]] deliver::Verdict verdict_of(const http::Reply& reply) const;
    [[nodiscard]] std::optional<deliver::Verdict> choose_api();
    [[nodiscard]] Judgement write(std::string_view lines);
    void stop_compressing();
    [[nodiscard]] deliver::Verdict create_database();
    [[nodiscard]] Finding probe_server();
    void probe_v1(std::vector<Finding>& findings);
    void probe_by_writing(std::vector<Finding>& findings);

    Settings settings_;
    std::string name_; ///< the URL without slashes at its end
    std::string base_; ///< what requests go to: the same, but for a unix socket
    std::vector<std::string> secrets_;
    http::Client http_;
    std::optional<Api> api_;         ///< none yet: ask the server
    std::string said_choice_;        ///< what was last logged about it
    std::optional<http::Gzip> gzip_; ///< none when nothing is compressed
    bool database_tried_ = false;    ///< the server has answered to create_database(): not again in this run
    std::string compressed_;
};

} // namespace lxcmon::influx
