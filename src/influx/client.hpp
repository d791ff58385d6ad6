// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "deliver/sink.hpp"
#include "http/client.hpp"
#include "http/gzip.hpp"
#include "influx/clock_watch.hpp"
#include "influx/judge.hpp"
#include "influx/settings.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lxcmon::influx {

/// InfluxDB 1.x (`/write`), 2.x (`/api/v2/write`), 3.x (`/api/v3/write_lp`) and compatible servers. Lines are
/// line protocol with times in ns. If the settings do not fix the API, the server is asked before the first
/// write, and again after it refuses the chosen API. A missing database is created (v1), once until a write
/// succeeds, and gzip is given up for a server that does not accept it; then the same lines are sent again.
class Client final : public deliver::Sink {
  public:
    /// Throws std::invalid_argument on invalid settings (the text has no secret in it), std::runtime_error if
    /// libcurl can't be initialized. Makes no connection.
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
    bool probe_by_writing(std::vector<Finding>& findings);
    [[nodiscard]] bool probe_clock(const http::Reply& reply, std::vector<Finding>& findings) const;
    [[nodiscard]] Finding probe_missing_database();
    [[nodiscard]] Finding probe_delivery();
    [[nodiscard]] std::string caller() const;

    Settings settings_;
    std::string name_; ///< the URL without slashes at its end
    std::string base_; ///< prefix of request URLs: name_, except with a unix socket
    std::vector<std::string> secrets_;
    http::Client http_;
    ClockWatch clock_;
    std::optional<Api> api_;         ///< nullopt: the server must be asked
    std::string logged_choice_;      ///< last log message about it
    std::optional<http::Gzip> gzip_; ///< nullopt: send uncompressed
    bool database_tried_ = false;    ///< the server answered create_database(), and to no write since
    std::string compressed_;
};

} // namespace lxcmon::influx
