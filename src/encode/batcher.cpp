// SPDX-License-Identifier: GPL-2.0-or-later
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
        return complete();
    }
    return ++batch_.lines >= max_lines_ ? complete() : nullptr;
}

const Batch* Batcher::finish() {
    begin_next();
    return batch_.lines > 0 ? complete() : nullptr;
}

const Batch* Batcher::complete() {
    // Numbers get longer with time: reserve room, so that later batches do not allocate.
    if (const std::size_t size = batch_.body.size(); batch_.body.capacity() < size + size / 8)
        batch_.body.reserve(size + size / 4);
    is_complete_ = true;
    return &batch_;
}

/// Starts the next batch if the last call returned one.
void Batcher::begin_next() {
    if (!is_complete_)
        return;
    batch_.body = next_line_; // keeps the capacity
    batch_.lines = next_line_.empty() ? 0 : 1;
    next_line_.clear();
    is_complete_ = false;
}

} // namespace lxcmon::encode
