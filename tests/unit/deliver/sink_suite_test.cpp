// SPDX-License-Identifier: GPL-2.0-or-later
// The contract of Sink: the same cases for every sink.
#include "deliver/failover_sink.hpp"
#include "deliver/json_file.hpp"
#include "influx/client.hpp"
#include "support/fake_http_server.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

using namespace lxcmon;
using namespace lxcmon::deliver;
using lxcmon::test::FakeHttpServer;
using lxcmon::test::Fault;
using lxcmon::test::HttpAnswer;
using lxcmon::test::HttpRequestSeen;
using lxcmon::test::TempFolder;

namespace {

constexpr const char* secret = "a-secret-of-mine";

/// A sink and the server or file behind it.
class Backend {
  public:
    Backend() = default;
    Backend(const Backend&) = delete;
    Backend& operator=(const Backend&) = delete;
    virtual ~Backend() = default;
    virtual Sink& sink() = 0;
    virtual std::string received() = 0; ///< all stored lines
    virtual void break_down() = 0;
    virtual void repair() = 0;
};

bool is_write(const HttpRequestSeen& request) {
    return request.path.find("write") != std::string::npos;
}

/// A server and the bodies of the writes that it answered with 204.
class Store {
  public:
    Store() { answer(); }
    explicit Store(const std::string& unix_socket)
        : server(unix_socket) {
        answer();
    }

    void answer() {
        server.handle([this](const HttpRequestSeen& request) {
            if (!is_write(request))
                return HttpAnswer{200, "{}", {{"X-Influxdb-Version", "1.8"}}, Fault::none};
            if (broken)
                return HttpAnswer{503, std::string("down, ") + secret, {}, Fault::none};
            stored += request.body;
            return HttpAnswer{204, "", {}, Fault::none};
        });
    }

    FakeHttpServer server;
    std::string stored;
    std::atomic<bool> broken{false};
};

influx::Settings settings_for(const Store& store, influx::Api api) {
    influx::Settings settings;
    settings.url = store.server.url();
    settings.api = api;
    settings.token = secret;
    settings.org = "o";
    settings.bucket = api == influx::Api::v2 ? "b" : "";
    settings.gzip = false;
    return settings;
}

class InfluxBackend final : public Backend {
  public:
    explicit InfluxBackend(influx::Api api)
        : client_(settings_for(store_, api)) {}
    /// v1 over a unix socket.
    InfluxBackend()
        : store_(folder_.path("influx.sock"))
        , client_(settings_for(store_, influx::Api::v1)) {}
    Sink& sink() override { return client_; }
    std::string received() override { return store_.stored; }
    void break_down() override { store_.broken = true; }
    void repair() override { store_.broken = false; }

  private:
    TempFolder folder_;
    Store store_;
    influx::Client client_;
};

class FailoverBackend final : public Backend {
  public:
    FailoverBackend() {
        std::vector<std::unique_ptr<Sink>> sinks;
        for (const Store* store : {&first_, &second_})
            sinks.push_back(std::make_unique<influx::Client>(settings_for(*store, influx::Api::v1)));
        sink_ = std::make_unique<FailoverSink>(std::move(sinks));
        first_.broken = true;
    }
    Sink& sink() override { return *sink_; }
    std::string received() override { return first_.stored + second_.stored; }
    void break_down() override { second_.broken = true; }
    void repair() override { second_.broken = false; }

  private:
    Store first_, second_;
    std::unique_ptr<FailoverSink> sink_;
};

class FileBackend final : public Backend {
  public:
    FileBackend()
        : file_(settings()) {}
    Sink& sink() override { return file_; }
    std::string received() override {
        std::ifstream file(path_);
        std::ostringstream text;
        text << file.rdbuf();
        return text.str();
    }
    void break_down() override { // root can't write to a folder either
        if (std::filesystem::exists(path_))
            std::filesystem::rename(path_, path_ + ".aside");
        std::filesystem::create_directory(path_);
    }
    void repair() override {
        std::filesystem::remove(path_);
        if (std::filesystem::exists(path_ + ".aside"))
            std::filesystem::rename(path_ + ".aside", path_);
    }

  private:
    JsonFileSettings settings() const {
        JsonFileSettings settings;
        settings.path = path_;
        return settings;
    }
    TempFolder folder_;
    std::string path_ = folder_.path("points.jsonl");
    JsonFile file_;
};

using Make = std::function<std::unique_ptr<Backend>()>;

const std::map<std::string, Make>& all_sinks() {
    static const std::map<std::string, Make> sinks{
        {"v1", [] { return std::make_unique<InfluxBackend>(influx::Api::v1); }},
        {"v2", [] { return std::make_unique<InfluxBackend>(influx::Api::v2); }},
        {"v3", [] { return std::make_unique<InfluxBackend>(influx::Api::v3); }},
        {"auto", [] { return std::make_unique<InfluxBackend>(influx::Api::automatic); }},
        {"unix", [] { return std::make_unique<InfluxBackend>(); }},
        {"failover", [] { return std::make_unique<FailoverBackend>(); }},
        {"file", [] { return std::make_unique<FileBackend>(); }},
    };
    return sinks;
}

void each_sink(const std::function<void(Backend&)>& check) {
    for (const auto& each : all_sinks()) {
        CAPTURE(each.first);
        const auto backend = each.second();
        check(*backend);
    }
}

std::string many_lines(std::size_t count) {
    std::string lines;
    for (std::size_t number = 0; number < count; ++number)
        lines += "m,n=" + std::to_string(number) + " v=1 " + std::to_string(number) + "\n";
    return lines;
}

} // namespace

TEST_CASE("every sink: lines arrive whole, in order and once") {
    each_sink([](Backend& backend) {
        CHECK(backend.sink().send("a v=1 1\nb v=2 2\n").outcome == Outcome::delivered);
        CHECK(backend.sink().send("c v=3 3\n").outcome == Outcome::delivered);
        CHECK(backend.received() == "a v=1 1\nb v=2 2\nc v=3 3\n");
    });
}

TEST_CASE("every sink: the largest batch that the agent makes") {
    const std::string lines = many_lines(235'000);
    REQUIRE(lines.size() > 4'900'000);
    each_sink([&](Backend& backend) {
        CHECK(backend.sink().send(lines).outcome == Outcome::delivered);
        const bool same = backend.received() == lines; // no 5 MB in a failing test's output
        CHECK(same);
    });
}

TEST_CASE("every sink: lines that can't be stored are kept, with a message, and are stored once later") {
    each_sink([](Backend& backend) {
        REQUIRE(backend.sink().send("a v=1 1\n").outcome == Outcome::delivered);
        backend.break_down();
        const Verdict verdict = backend.sink().send("b v=2 2\n");
        const bool kept = verdict.outcome == Outcome::retry || verdict.outcome == Outcome::settings;
        CHECK(kept);
        CHECK_FALSE(verdict.message.empty());
        CHECK(verdict.message.find(secret) == std::string::npos);
        backend.repair();
        CHECK(backend.sink().send("b v=2 2\n").outcome == Outcome::delivered);
        CHECK(backend.received() == "a v=1 1\nb v=2 2\n");
    });
}

TEST_CASE("every sink: a probe writes no point, and reports whether the sink can be used") {
    each_sink([](Backend& backend) {
        REQUIRE(backend.sink().send("a v=1 1\n").outcome == Outcome::delivered);
        const auto findings = backend.sink().probe();
        CHECK_FALSE(findings.empty());
        for (const Finding& finding : findings) {
            CHECK_FALSE(finding.what.empty());
            CHECK_FALSE(finding.message.empty());
            CHECK(finding.message.find(secret) == std::string::npos);
        }
        CHECK(backend.received() == "a v=1 1\n");
    });
}

TEST_CASE("every sink: its name can be logged") {
    each_sink([](Backend& backend) {
        CHECK_FALSE(backend.sink().name().empty());
        CHECK(backend.sink().name().find(secret) == std::string::npos);
    });
}

TEST_CASE("every sink over a network: after the deadline nothing is sent, and nothing is lost") {
    for (const char* name : {"v1", "v2", "v3", "auto", "unix", "failover"}) {
        CAPTURE(std::string(name));
        const auto backend = all_sinks().at(name)();
        backend->sink().set_deadline(std::chrono::steady_clock::now());
        CHECK(backend->sink().send("a v=1 1\n").outcome == Outcome::retry);
        CHECK(backend->received().empty());
        backend->sink().set_deadline(std::chrono::steady_clock::time_point::max());
        CHECK(backend->sink().send("a v=1 1\n").outcome == Outcome::delivered);
        CHECK(backend->received() == "a v=1 1\n");
    }
}
