#include "deliver/backoff.hpp"
#include "http/answer_reader.hpp"
#include "http/gzip.hpp"
#include "http/url.hpp"
#include "influx/query.hpp"
#include "text/printable.hpp"

#include <doctest/doctest.h>
#include <zlib.h>

#include <string>
#include <vector>

using namespace lxcmon;
using namespace lxcmon::deliver;
using std::chrono::milliseconds;

namespace {

std::string unzipped(const std::string& packed, std::size_t size) {
    z_stream state{};
    REQUIRE(inflateInit2(&state, MAX_WBITS + 16) == Z_OK);
    std::string out(size + 1, '\0');
    std::string in = packed;
    state.next_in = reinterpret_cast<Bytef*>(in.data());
    state.avail_in = static_cast<uInt>(in.size());
    state.next_out = reinterpret_cast<Bytef*>(out.data());
    state.avail_out = static_cast<uInt>(out.size());
    CHECK(inflate(&state, Z_FINISH) == Z_STREAM_END);
    out.resize(state.total_out);
    inflateEnd(&state);
    return out;
}

} // namespace

TEST_CASE("backoff doubles up to its most, and takes up to half off") {
    double random = 1.0;
    Backoff backoff(milliseconds(1000), milliseconds(60'000), [&] { return random; });
    for (const int expected : {1000, 2000, 4000, 8000, 16'000, 32'000, 60'000, 60'000})
        CHECK(backoff.next() == milliseconds(expected));
    random = 0.0;
    CHECK(backoff.next() == milliseconds(30'000));
    backoff.reset();
    CHECK(backoff.next() == milliseconds(500));
    random = 0.5;
    CHECK(backoff.next() == milliseconds(1500));
}

TEST_CASE("the system's random numbers stay within the wait") {
    Backoff backoff;
    const auto first = backoff.next();
    CHECK(first >= milliseconds(500));
    CHECK(first <= milliseconds(1000));
}

TEST_CASE("gzip") {
    http::Gzip gzip;
    std::string packed = "what was there before";
    for (const std::string& text : {std::string(), std::string("a=1\n"), std::string(300'000, 'x')}) {
        gzip.compress(text, packed);
        CHECK(unzipped(packed, text.size()) == text);
    }
    CHECK(packed.size() < 3000);
}

TEST_CASE("addresses that are good") {
    for (const char* url :
         {"http://localhost:8086", "https://h.example/influx/", "http://[::1]:8086", "HTTP://h"})
        CHECK(http::check_url(url) == std::nullopt);
}

TEST_CASE("addresses that are not, and errors that hold no secret") {
    for (const char* url :
         {"", "localhost:8086", "ftp://h", "http://", "http:///path", "http://h:x", "unix://h/s", "unix:///",
          "unix:///run/", "unix:///a b", "http://h/a b", "http://u:hunter22@h:8086", "http://hunter22@h",
          "http://h/?p=hunter22", "http://h#hunter22", "http://u:hun\nter22@h", "hunter22"}) {
        const auto wrong = http::check_url(url);
        REQUIRE(wrong);
        CHECK(wrong->find("ter22") == std::string::npos);
    }
}

TEST_CASE("a URL shown hides what may be secret") {
    CHECK(http::shown_url("http://h:8086/x") == "http://h:8086/x");
    CHECK(http::shown_url("http://u:p@h:8086") == "http://***@h:8086");
    CHECK(http::shown_url("http://u:p@ss/w@h") == "http://***@h");
    CHECK(http::shown_url("u:p@h") == "***@h");
    CHECK(http::shown_url("http://h/w?p=secret") == "http://h/w?***");
}

TEST_CASE("percent encoding") {
    CHECK(http::percent_encoded("a b&c=d/\xc3\xa9~") == "a%20b%26c%3Dd%2F%C3%A9~");
}

TEST_CASE("printable text") {
    CHECK(text::printable("plain \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80") ==
          "plain \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
    CHECK(text::printable(std::string("a\0b\n\x1b\x7f", 6)) == "a_b___");
    CHECK(text::printable("\xc2\x9b[31m") == "__[31m"); // C1's CSI
    CHECK(text::printable("\xff\xc0\x80\xed\xa0\x80\xc3") == "_______");
    CHECK(text::printable("ab\xc3\xa9", 3) == "ab...");
}

TEST_CASE("short secrets are left alone, others go wherever they stand") {
    const std::vector<std::string> secrets{"", "abc", "swordfish"};
    CHECK(text::redacted("abc swordfish,swordfish", secrets) == "abc ***,***");
}

TEST_CASE("the head of an answer") {
    http::Reply reply;
    http::read_head_line("HTTP/1.1 100 Continue\r\n", reply);
    http::read_head_line("Retry-After: 1\r\n", reply);
    http::read_head_line("HTTP/1.1 503 Busy\r\n", reply);
    CHECK(reply.status == 503);
    CHECK(reply.retry_after.empty());
    http::read_head_line("RETRY-AFTER:  7 \r\n", reply);
    http::read_head_line("X-Influxdb-Error: " + std::string(5000, 'e'), reply);
    CHECK(reply.retry_after == "7");
    CHECK(reply.influx_error.size() == 1024);
    for (int block = 0; block < 100; ++block)
        http::read_body(std::string(100'000, 'b'), reply);
    CHECK(reply.body.size() == http::kept_body_bytes);
}

TEST_CASE("an answer in one piece") {
    http::Reply reply;
    CHECK_FALSE(http::read_answer("garbage", reply));
    CHECK_FALSE(http::read_answer("HTTP/1.1 100 Continue\r\n\r\n", reply));
    CHECK(http::read_answer("HTTP/1.1 413 Too\r\nX-Influxdb-Error: big\r\n\r\nbody\n", reply));
    CHECK(reply.status == 413);
    CHECK(reply.influx_error == "big");
    CHECK(reply.body == "body\n");
}

TEST_CASE("a database's name can't leave its quotes") {
    CHECK(influx::create_database_query("lxc") == "CREATE DATABASE \"lxc\"");
    CHECK(influx::create_database_query("a\"; DROP \\x\n") == R"(CREATE DATABASE "a\"; DROP \\x\n")");
}

TEST_CASE("what /query says") {
    http::Reply reply;
    reply.status = 200;
    reply.body = R"({"results":[{"statement_id":0}]})";
    CHECK(influx::query_error(reply).empty());
    reply.body = R"({"results":[{"statement_id":0,"error":"not authorized"}]})";
    CHECK(influx::query_error(reply) == "not authorized");
    reply.body = R"({"error":"parse"})";
    CHECK(influx::query_error(reply) == "parse");
    reply.body =
        R"({"results":[{"series":[{"name":"databases","columns":["name"],"values":[["a"],["b"],7]}]}]})";
    CHECK(influx::listed_databases(reply) == std::vector<std::string>{"a", "b"});
    reply.body = "nonsense";
    CHECK(influx::listed_databases(reply).empty());
}
