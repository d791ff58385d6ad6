// SPDX-License-Identifier: GPL-2.0-or-later
#include "http/answer_reader.hpp"

#include "text/trimmed.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <utility>

namespace lxcmon::http {

namespace {

constexpr std::size_t kept_header_bytes = 1024;

struct KeptHeader {
    std::string_view name; ///< lower case
    std::string Reply::*place;
};

constexpr std::array kept_headers{
    KeptHeader{"retry-after", &Reply::retry_after},
    KeptHeader{"x-influxdb-error", &Reply::influx_error},
    KeptHeader{"x-influxdb-version", &Reply::version},
    KeptHeader{"location", &Reply::location},
    KeptHeader{"date", &Reply::date},
};

bool same_name(std::string_view name, std::string_view lower) noexcept {
    return std::equal(name.begin(), name.end(), lower.begin(), lower.end(), [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
    });
}

/// Returns 0 if the line is not a status line.
int status_in(std::string_view line) noexcept {
    if (!line.starts_with("HTTP/"))
        return 0;
    const auto space = line.find(' ');
    if (space == std::string_view::npos)
        return 0;
    int status = 0;
    std::from_chars(line.data() + space + 1, line.data() + line.size(), status);
    return status >= 100 && status <= 999 ? status : 0;
}

} // namespace

void read_head_line(std::string_view line, Reply& reply) {
    if (const int status = status_in(line); status != 0) {
        reply = Reply();
        reply.status = status;
        return;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos)
        return;
    for (const KeptHeader& header : kept_headers)
        if (same_name(line.substr(0, colon), header.name))
            reply.*header.place = text::trimmed(line.substr(colon + 1)).substr(0, kept_header_bytes);
}

void read_body(std::string_view bytes, Reply& reply) {
    const std::size_t room = kept_body_bytes - std::min(kept_body_bytes, reply.body.size());
    reply.body += bytes.substr(0, room);
}

bool read_answer(std::string_view bytes, Reply& reply) {
    if (status_in(bytes.substr(0, bytes.find('\n'))) < 200)
        return false;
    Reply read;
    while (!bytes.empty()) {
        const std::string_view line = bytes.substr(0, bytes.find('\n'));
        bytes.remove_prefix(std::min(bytes.size(), line.size() + 1));
        if (line.empty() || line == "\r")
            break;
        read_head_line(line, read);
    }
    if (read.status < 200)
        return false; // another status line was among the headers
    read_body(bytes, read);
    reply = std::move(read);
    return true;
}

} // namespace lxcmon::http
