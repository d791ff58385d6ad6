// SPDX-License-Identifier: GPL-2.0-or-later
#include "encode/batcher.hpp"

#include "encode/json_lines.hpp"

#include <doctest/doctest.h>

using namespace lxcmon;
using namespace lxcmon::encode;

namespace {

constexpr std::size_t all_lines = 1'000'000;

/// A point whose line has `line_bytes` bytes, LF included, made of several string fields.
class SizedPoint {
  public:
    explicit SizedPoint(std::size_t line_bytes) {
        constexpr std::size_t frame = std::string_view("m 1\n").size();
        constexpr std::size_t field_frame = std::string_view(",f=\"\"").size();
        points_.begin("m", 1);
        // The last field takes the remaining bytes.
        std::size_t left = line_bytes - frame;
        while (left > 0) {
            const std::size_t taken = left > 2 * field_bytes ? field_bytes
                                      : left > field_bytes   ? left / 2
                                                             : left;
            points_.field("f", points_.store(std::string(taken - field_frame, 'x')));
            left -= taken;
        }
        points_.end();
    }
    [[nodiscard]] Point point() const { return points_[0]; }

  private:
    static constexpr std::size_t field_bytes = 60'000;
    PointBuffer points_;
};

std::size_t lines_in(const Batch& batch) {
    std::size_t lines = 0;
    for (const char c : batch.body)
        lines += c == '\n' ? 1 : 0;
    return lines;
}

void check_whole(const Batch* batch, std::size_t lines) {
    REQUIRE(batch != nullptr);
    CHECK(batch->lines == lines);
    CHECK(lines_in(*batch) == lines);
    CHECK(batch->body.back() == '\n');
}

} // namespace

TEST_CASE("a batch is returned with its last line") {
    const SizedPoint point(20);
    Batcher batcher(Format::line_protocol, 3);
    for (int round = 0; round < 2; ++round) {
        CHECK_FALSE(batcher.add(point.point()));
        CHECK_FALSE(batcher.add(point.point()));
        const Batch* const full = batcher.add(point.point());
        check_whole(full, 3);
        CHECK(full->body.size() == 60);
        CHECK_FALSE(batcher.finish());
    }
}

TEST_CASE("a batch of one line is full at once") {
    const SizedPoint point(20);
    Batcher batcher(Format::line_protocol, 1);
    check_whole(batcher.add(point.point()), 1);
    check_whole(batcher.add(point.point()), 1);
    CHECK_FALSE(batcher.finish());
}

TEST_CASE("finish returns the remaining lines, or nullptr") {
    const SizedPoint point(20);
    Batcher batcher(Format::line_protocol, 10);
    CHECK_FALSE(batcher.finish());
    CHECK_FALSE(batcher.add(point.point()));
    CHECK_FALSE(batcher.add(point.point()));
    check_whole(batcher.finish(), 2);
    CHECK_FALSE(batcher.finish());
}

TEST_CASE("a body of exactly max_body_bytes is one batch") {
    const SizedPoint half(Batcher::max_body_bytes / 2);
    Batcher batcher(Format::line_protocol, all_lines);
    CHECK_FALSE(batcher.add(half.point()));
    CHECK_FALSE(batcher.add(half.point()));
    const Batch* const full = batcher.finish();
    check_whole(full, 2);
    CHECK(full->body.size() == Batcher::max_body_bytes);
}

TEST_CASE("one byte more starts the next batch, without losing a line") {
    const SizedPoint half(Batcher::max_body_bytes / 2);
    const SizedPoint more(Batcher::max_body_bytes / 2 + 1);
    Batcher batcher(Format::line_protocol, all_lines);
    CHECK_FALSE(batcher.add(half.point()));
    const Batch* const first = batcher.add(more.point());
    check_whole(first, 1);
    CHECK(first->body.size() == Batcher::max_body_bytes / 2);
    const Batch* const second = batcher.finish();
    check_whole(second, 1);
    CHECK(second->body.size() == Batcher::max_body_bytes / 2 + 1);
}

TEST_CASE("a line larger than max_body_bytes is a batch of its own") {
    const SizedPoint large(Batcher::max_body_bytes + 1);
    const SizedPoint little(20);
    Batcher batcher(Format::line_protocol, all_lines);
    CHECK_FALSE(batcher.add(little.point()));
    check_whole(batcher.add(large.point()), 1);
    const Batch* const alone = batcher.add(little.point());
    check_whole(alone, 1);
    CHECK(alone->body.size() == Batcher::max_body_bytes + 1);
    check_whole(batcher.finish(), 1);
}

TEST_CASE("a point without a line is not counted") {
    PointBuffer points;
    points.begin("m", 1);
    points.field("time", true);
    points.end();
    Batcher batcher(Format::line_protocol, 1);
    CHECK_FALSE(batcher.add(points[0]));
    CHECK_FALSE(batcher.finish());
}

TEST_CASE("JSON Lines are batched in the same way") {
    const SizedPoint point(20);
    std::string line;
    append_json_line(line, point.point());
    Batcher batcher(Format::json_lines, 2);
    CHECK_FALSE(batcher.add(point.point()));
    const Batch* const full = batcher.add(point.point());
    check_whole(full, 2);
    CHECK(full->body == line + line);
}
