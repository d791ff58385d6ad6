// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lxcmon::test {

struct HttpRequestSeen {
    std::string method;
    std::string path;                           ///< decoded, without the query
    std::map<std::string, std::string> query;   ///< decoded
    std::map<std::string, std::string> headers; ///< names in lower case
    std::string body;                           ///< raw; empty after Fault::close_early
    std::size_t connection = 0;                 ///< number of the connection, from 1
};

/// Parses the head of a request, up to its empty line.
[[nodiscard]] HttpRequestSeen parsed_head(std::string_view head);

/// The head of an answer with a body of `length` bytes.
[[nodiscard]] std::string
head_text(int status, const std::vector<std::pair<std::string, std::string>>& headers, std::size_t length);

} // namespace lxcmon::test
