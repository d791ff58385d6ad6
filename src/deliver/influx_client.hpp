#pragma once

#include "deliver/gzip.hpp"
#include "deliver/http.hpp"
#include "deliver/sink.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lxcmon::deliver {

struct InfluxSettings {
    std::string url;              ///< as check_url() wants it; a path is put before the API's
    std::string database = "lxc"; ///< v1, where `bucket` is empty
    std::string user;
    std::string password;
    std::string token;  ///< instead of user and password
    std::string org;    ///< v2
    std::string bucket; ///< v2, in place of `database`
    bool gzip = true;
    bool create_database = true; ///< when the server says that it has none of that name
    std::chrono::milliseconds connect_timeout{5'000};
    std::chrono::milliseconds timeout{10'000}; ///< for an exchange, and 1 s more for every 100 KiB of lines
};

/// InfluxDB 1.x (`/write`) and 2.x (`/api/v2/write`), and what speaks like them. Lines are line protocol
/// with times in ns.
class InfluxClient final : public Sink {
  public:
    /// Throws std::invalid_argument on a URL or token that can't be used (the text has no secret in it),
    /// std::runtime_error where libcurl does not start. Connects to nothing yet.
    explicit InfluxClient(InfluxSettings settings);

    [[nodiscard]] Verdict send(std::string_view lines) override;
    [[nodiscard]] Verdict make_database() override;
    bool stop_compressing() noexcept override;
    void set_deadline(std::chrono::steady_clock::time_point deadline) noexcept override;
    [[nodiscard]] std::vector<Finding> probe() override;
    [[nodiscard]] std::string name() const override { return base_; }

  private:
    [[nodiscard]] HttpRequest request(std::string_view path) const;
    [[nodiscard]] Verdict verdict_of(const Reply& reply) const;
    [[nodiscard]] Finding probe_server();
    void probe_v1(std::vector<Finding>& findings);
    void probe_v2(std::vector<Finding>& findings);

    InfluxSettings settings_;
    std::string base_;      ///< the URL without slashes at its end
    std::string write_url_; ///< whole
    std::vector<std::string> secrets_;
    Http http_;
    std::optional<Gzip> gzip_; ///< none when nothing is compressed
    std::string compressed_;
};

} // namespace lxcmon::deliver
