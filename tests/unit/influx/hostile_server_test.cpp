// SPDX-License-Identifier: GPL-2.0-or-later
#include "influx/client.hpp"
#include "support/fake_http_server.hpp"
#include "unit/influx/bodies.hpp"

#include <doctest/doctest.h>
#include <zlib.h>

#include <fstream>

using namespace lxcmon;
using namespace lxcmon::influx;
using lxcmon::test::FakeHttpServer;
using lxcmon::test::Fault;
using lxcmon::test::one_line;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

struct Hostile {
    FakeHttpServer server;

    [[nodiscard]] Settings settings(milliseconds timeout = seconds(10)) const {
        Settings settings;
        settings.url = server.url();
        settings.api = Api::v1;
        settings.timeout = timeout;
        return settings;
    }
    /// The answer costs one try and its connection; the next send must succeed.
    deliver::Verdict survive(int status, std::string body, Fault fault, milliseconds timeout = seconds(10)) {
        Client client(settings(timeout));
        server.script({status, std::move(body), {}, fault});
        deliver::Verdict verdict = client.send(one_line);
        CHECK(client.send(one_line).outcome == deliver::Outcome::delivered);
        return verdict;
    }
};

bool message_has(const deliver::Verdict& verdict, std::string_view part) {
    INFO(verdict.message);
    return verdict.message.find(part) != std::string::npos;
}

/// Peak memory of this process above its memory at construction.
class PeakMemory {
  public:
    PeakMemory() {
        std::ofstream("/proc/self/clear_refs") << "5"; // resets the peak (proc(5))
        before_ = read("VmRSS:");
    }
    [[nodiscard]] long kib() const { return read("VmHWM:") - before_; }

  private:
    static long read(const std::string& key) {
        std::ifstream status("/proc/self/status");
        long value = -1;
        for (std::string word; value < 0 && status >> word;)
            if (word == key)
                status >> value;
        REQUIRE(value > 0);
        return value;
    }
    long before_ = 0;
};

constexpr long little_kib = 32L * 1024;

std::string gzip_bomb(std::size_t bytes) {
    z_stream state{};
    REQUIRE(deflateInit2(&state, 9, Z_DEFLATED, MAX_WBITS + 16, 9, Z_DEFAULT_STRATEGY) == Z_OK);
    std::string zeros(bytes, '\0');
    std::string out(bytes / 100, '\0');
    state.next_in = reinterpret_cast<Bytef*>(zeros.data());
    state.avail_in = static_cast<uInt>(zeros.size());
    state.next_out = reinterpret_cast<Bytef*>(out.data());
    state.avail_out = static_cast<uInt>(out.size());
    REQUIRE(deflate(&state, Z_FINISH) == Z_STREAM_END);
    out.resize(state.total_out);
    deflateEnd(&state);
    return out;
}

} // namespace

TEST_CASE_FIXTURE(Hostile, "the time-out for the exchange ends an answer that drips") {
    const auto begin = std::chrono::steady_clock::now();
    const deliver::Verdict verdict = survive(200, "", Fault::drip, milliseconds(300));
    CHECK(verdict.outcome == deliver::Outcome::retry);
    CHECK(message_has(verdict, "time-out"));
    CHECK(std::chrono::steady_clock::now() - begin < seconds(10)); // it drips for 30 s
}

TEST_CASE_FIXTURE(Hostile, "endless headers, interim answers and bodies are not stored") {
    const PeakMemory memory;
    for (const auto& [status, piece] :
         {std::pair{200, "X-Header: " + std::string(1000, 'h') + "\r\n"},
          std::pair{100, std::string("\r\nHTTP/1.1 100 Continue\r\n")},
          std::pair{200, "Retry-After: 1\r\n" + std::string(50'000, ' ') + "\r\n"}}) {
        const deliver::Verdict verdict = survive(status, piece, Fault::repeat);
        CHECK(verdict.outcome == deliver::Outcome::retry);
        CHECK(message_has(verdict, "the response is too long for InfluxDB"));
    }
    const deliver::Verdict flood = survive(200, "", Fault::flood);
    CHECK(flood.outcome == deliver::Outcome::retry);
    CHECK(message_has(flood, "the response is too long"));
    CHECK(memory.kib() < little_kib);
}

TEST_CASE_FIXTURE(Hostile, "a header of 120 KB is named, and is no lack of memory") {
    const std::string answer = "HTTP/1.1 200 OK\r\nX-Long: " + std::string(120'000, 'h') + "\r\n\r\n";
    const deliver::Verdict verdict = survive(0, answer, Fault::raw);
    CHECK(verdict.outcome == deliver::Outcome::retry);
    CHECK(message_has(verdict, "a header of more than 100 KB"));
}

TEST_CASE_FIXTURE(Hostile, "a reset within the body, a wrong Content-Length, and answers that are not HTTP") {
    CHECK(survive(200, "half", Fault::reset_midway).outcome == deliver::Outcome::retry);
    // The first half of a message with "partial write" must not count against the lines.
    for (const int status : {400, 404, 422, 500})
        CHECK(survive(status, R"({"error":"par)", Fault::reset_midway).outcome == deliver::Outcome::retry);
    CHECK(survive(413, "half", Fault::reset_midway).outcome == deliver::Outcome::limited);
    for (const char* answer : {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
                               "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nx",
                               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nx", "HTTP/1.1 20",
                               "no http\r\n\r\n", ""}) {
        CAPTURE(std::string(answer));
        CHECK(survive(0, answer, Fault::raw).outcome == deliver::Outcome::retry);
    }
}

TEST_CASE_FIXTURE(Hostile, "an answer whose head is cut is no delivery") {
    for (const std::string head : {"HTTP/1.1 204 No Content\r\n", "HTTP/1.1 204 No Content\r\nX-Padding: xxx",
                                   "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", "HTTP/1.1 204",
                                   "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n"}) {
        CAPTURE(head);
        const auto verdict = survive(0, head, Fault::raw);
        CHECK(verdict.outcome == deliver::Outcome::retry);
        CHECK(message_has(verdict, "the connection ended before the response was complete"));
    }
}

TEST_CASE_FIXTURE(Hostile, "a refusal counts although the connection breaks within its body") {
    CHECK(survive(413, "half", Fault::reset_midway).outcome == deliver::Outcome::limited);
    CHECK(survive(401, "half", Fault::reset_midway).outcome == deliver::Outcome::settings);
}

TEST_CASE_FIXTURE(Hostile, "bytes after Content-Length are not read as the next answer") {
    const deliver::Verdict verdict =
        survive(0, "HTTP/1.1 400 Bad\r\nContent-Length: 3\r\n\r\nbadHTTP/1.1 204 OK\r\n\r\n", Fault::raw);
    CHECK(verdict.outcome == deliver::Outcome::settings); // no server's own form
    CHECK(message_has(verdict, "HTTP 400: bad; not an error of InfluxDB"));
}

TEST_CASE_FIXTURE(Hostile, "an invalid status keeps the points") {
    for (const char* line : {"HTTP/1.1 000 X", "HTTP/1.1 99 X", "HTTP/1.1 700 X", "HTTP/1.1 -200 X"}) {
        CAPTURE(std::string(line));
        const deliver::Verdict verdict =
            survive(0, std::string(line) + "\r\nContent-Length: 0\r\n\r\n", Fault::raw);
        const bool kept =
            verdict.outcome == deliver::Outcome::retry || verdict.outcome == deliver::Outcome::settings;
        CHECK(kept);
    }
}

TEST_CASE_FIXTURE(Hostile, "a gzip bomb is not unpacked, and compression is not requested") {
    const std::string bomb = gzip_bomb(std::size_t{256} << 20U);
    const PeakMemory memory;
    const std::string head = "HTTP/1.1 400 Bad\r\nContent-Length: " + std::to_string(bomb.size());
    const deliver::Verdict verdict =
        survive(0, head + "\r\nContent-Encoding: gzip\r\n\r\n" + bomb, Fault::raw);
    CHECK(verdict.outcome == deliver::Outcome::settings);
    CHECK(verdict.message.size() < 500);
    // libcurl unpacks a transfer coding by itself; the output is limited.
    static_cast<void>(survive(0, "HTTP/1.1 400 Bad\r\nTransfer-Encoding: gzip\r\n\r\n" + bomb, Fault::raw));
    CHECK(memory.kib() < little_kib);
    CHECK(server.requests().front().headers.count("accept-encoding") == 0);
}

TEST_CASE_FIXTURE(Hostile, "a redirect to another host is not followed and gets no token") {
    const FakeHttpServer other;
    Settings with_token = settings();
    with_token.token = "s3cret";
    Client client(with_token);
    for (const int status : {301, 302, 303, 307, 308}) {
        server.script({status, "", {{"Location", other.url() + "/write?token=s3cret"}}});
        const deliver::Verdict verdict = client.send(one_line);
        CHECK(verdict.outcome == deliver::Outcome::settings);
        CHECK(message_has(verdict, "redirects are not followed"));
        CHECK(message_has(verdict, other.url()));
        CHECK_FALSE(message_has(verdict, "s3cret"));
    }
    CHECK(server.requests().size() == 5);
    CHECK(other.requests().empty());
}

TEST_CASE_FIXTURE(Hostile, "a deeply nested body and a megabyte of elements take little memory") {
    const PeakMemory memory;
    for (const std::string& body :
         {std::string(1'000'000, '['), "{\"data\":[" + std::string(1'000'000, '{'), "{\"data\":[" + [] {
              std::string zeros;
              for (int count = 0; count < 500'000; ++count)
                  zeros += "0,";
              return zeros;
          }()})
        CHECK(survive(400, body, Fault::none).outcome == deliver::Outcome::settings);
    CHECK(memory.kib() < little_kib);
}
