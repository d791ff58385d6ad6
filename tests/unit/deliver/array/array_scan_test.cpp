// SPDX-License-Identifier: GPL-2.0-or-later
#include "deliver/array/array_scan.hpp"

#include "io/unique_fd.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

using namespace lxcmon;
using namespace lxcmon::deliver;

namespace {

ArrayScan scan_of(std::string_view text) {
    ArrayScan scan;
    for (std::size_t at = 0; at < text.size(); at += 3) // parts of any size
        scan.add(text.substr(at, 3));
    return scan;
}

const std::string whole_array = "[\n{\"a\\\"]\":{\"b\":[1,\"}\"]}},\n{\"c\":\"\\\\\"}\n]\n";

} // namespace

TEST_CASE("the end of a whole array") {
    CHECK(scan_of(whole_array).is_whole());
    CHECK(scan_of(whole_array).end() == whole_array.size() - 3);
    CHECK(scan_of("[]").is_whole());
    CHECK(scan_of("[]").is_empty());
    CHECK(scan_of("[]").end() == 1);
    CHECK_FALSE(scan_of("").is_whole());
    CHECK_FALSE(scan_of("").is_foreign());
    CHECK(scan_of("").end() == 0);
}

TEST_CASE("an array that is cut anywhere: what is left, closed, is JSON, with the elements before the cut") {
    for (std::size_t cut = 1; cut < whole_array.size() - 2; ++cut) {
        const ArrayScan scan = scan_of(std::string_view(whole_array).substr(0, cut));
        REQUIRE_FALSE(scan.is_whole());
        REQUIRE_FALSE(scan.is_foreign());
        const auto json = nlohmann::json::parse(whole_array.substr(0, scan.end()) + "]", nullptr, false);
        REQUIRE(json.is_array());
        CHECK(json.empty() == scan.is_empty());
        CHECK(json.size() == (cut > whole_array.size() - 4 ? 2 : cut > 23 ? 1 : 0));
    }
}

TEST_CASE("blocks of zeros, which the disk never got, end it") {
    const std::string zeros(4096, '\0');
    CHECK(scan_of("[\n{}" + zeros).end() == 4);
    CHECK(scan_of("[\n{},{\"a" + zeros + "\":1}]").end() == 4);
    CHECK_FALSE(scan_of("[{}]" + zeros).is_whole());
    CHECK(scan_of(zeros).end() == 0);
    CHECK_FALSE(scan_of(zeros).is_foreign());
    CHECK_FALSE(scan_of("[{}] [").is_whole());
}

TEST_CASE("what is no array of objects is foreign") {
    for (const char* text : {"{\"a\":1}\n", "[1,2]", "\"[\"", "[\"a\"]", "[[{}]]", "x"})
        CHECK_MESSAGE(scan_of(text).is_foreign(), text);
}

TEST_CASE("a file is read only as far as it may be an array") {
    const io::UniqueFd file(::memfd_create("array", MFD_CLOEXEC));
    constexpr std::string_view text = "[{}";
    REQUIRE(::pwrite(file.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
    REQUIRE(::ftruncate(file.get(), off_t{1} << 42) == 0); // hours
    const auto scan = scan_array(file.get());
    REQUIRE(scan);
    CHECK(scan->end() == text.size());
    CHECK_FALSE(scan->is_whole());
}

TEST_CASE("a deep text takes no more memory") {
    const ArrayScan scan = scan_of("[{\"a\":" + std::string(1'000'000, '['));
    CHECK(scan.end() == 1);
    CHECK_FALSE(scan.is_whole());
}
