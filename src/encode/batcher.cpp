#include "encode/batcher.hpp"

#include "encode/json_lines.hpp"
#include "encode/line_protocol.hpp"

namespace lxcmon::encode {

const Batch* Batcher::add(const Point& point) {
    begin_next();
    const std::size_t before = batch_.body.size();
    if (format_ == Format::line_protocol) {
        if (!append_line_protocol(batch_.body, point))
            return nullptr;
    } else {
        append_json_line(batch_.body, point);
    }
    if (batch_.body.size() > max_body_bytes && batch_.lines > 0) {
        next_line_.assign(batch_.body, before);
        batch_.body.resize(before);
        return give();
    }
    return ++batch_.lines >= max_lines_ ? give() : nullptr;
}

const Batch* Batcher::finish() {
    begin_next();
    return batch_.lines > 0 ? give() : nullptr;
}

const Batch* Batcher::give() {
    // Numbers grow: room for that now, so that the next ones need none.
    if (const std::size_t size = batch_.body.size(); batch_.body.capacity() < size + size / 8)
        batch_.body.reserve(size + size / 4);
    given_ = true;
    return &batch_;
}

/// Where the last call gave a batch.
void Batcher::begin_next() {
    if (!given_)
        return;
    batch_.body = next_line_; // keeps its room
    batch_.lines = next_line_.empty() ? 0 : 1;
    next_line_.clear();
    given_ = false;
}

} // namespace lxcmon::encode
