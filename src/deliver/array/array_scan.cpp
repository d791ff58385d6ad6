// SPDX-License-Identifier: GPL-2.0-or-later
#include "deliver/array/array_scan.hpp"

#include "text/utf8.hpp"

#include <unistd.h>

#include <cerrno>
#include <string>

namespace lxcmon::deliver {
namespace {

constexpr std::size_t scanned_at_once_bytes = std::size_t{256} << 10U;

bool is_blank(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

} // namespace

void ArrayScan::add(std::string_view part) noexcept {
    for (const char c : part) {
        if (is_over())
            return;
        ++at_;
        take(c);
    }
}

void ArrayScan::take(char c) noexcept {
    if (in_string_)
        take_in_string(c);
    else if (text::is_control(c) && !is_blank(c))
        is_torn_ = true; // blocks that the disk never got are zeros
    else if (!is_blank(c))
        take_outside(c);
}

void ArrayScan::take_in_string(char c) noexcept {
    if (text::is_control(c) && c != '\x7f')
        is_torn_ = true;
    else if (is_escaped_)
        is_escaped_ = false;
    else if (c == '\\')
        is_escaped_ = true;
    else if (c == '"')
        in_string_ = false;
}

void ArrayScan::take_outside(char c) noexcept {
    if (is_closed_) {
        is_torn_ = true;
    } else if (depth_ == 0) {
        is_foreign_ = c != '[';
        depth_ = 1;
        end_ = at_;
    } else if (depth_ == 1) {
        take_between(c);
    } else if (c == '"') {
        in_string_ = true;
    } else if (c == '{' || c == '[') {
        ++depth_;
    } else if ((c == '}' || c == ']') && --depth_ == 1) {
        end_ = at_;
        is_empty_ = false;
    }
}

/// Between two elements: any other than objects are not ours to cut.
void ArrayScan::take_between(char c) noexcept {
    if (c == '{')
        depth_ = 2;
    else if (c == ']')
        is_closed_ = true;
    else
        is_foreign_ = c != ',';
}

std::optional<ArrayScan> scan_array(int fd) {
    ArrayScan scan;
    std::string part(scanned_at_once_bytes, '\0');
    for (off_t at = 0;;) {
        const ssize_t size = ::pread(fd, part.data(), part.size(), at);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return std::nullopt;
        if (size == 0)
            return scan;
        scan.add(std::string_view(part).substr(0, static_cast<std::size_t>(size)));
        if (scan.is_over())
            return scan;
        at += size;
    }
}

} // namespace lxcmon::deliver
