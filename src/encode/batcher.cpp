#include "encode/batcher.hpp"

#include "encode/json_lines.hpp"
#include "encode/line_protocol.hpp"

#include <utility>

namespace lxcmon::encode {

std::optional<Batch> Batcher::add(const Point& point) {
    if (open_.lines == 0)
        open_.body.reserve(usual_bytes_ + usual_bytes_ / 8); // in one go; numbers grow
    const std::size_t before = open_.body.size();
    if (format_ == Format::line_protocol) {
        if (!append_line_protocol(open_.body, point))
            return std::nullopt;
    } else {
        append_json_line(open_.body, point);
    }
    if (open_.body.size() > max_body_bytes && open_.lines > 0) {
        Batch next{open_.body.substr(before), 1};
        open_.body.resize(before);
        return std::exchange(open_, std::move(next));
    }
    if (++open_.lines >= max_lines_)
        return finish();
    return std::nullopt;
}

std::optional<Batch> Batcher::finish() {
    if (open_.lines == 0)
        return std::nullopt;
    usual_bytes_ = open_.body.size();
    return std::exchange(open_, Batch{});
}

} // namespace lxcmon::encode
