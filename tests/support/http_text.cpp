// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/http_text.hpp"

#include <algorithm>

namespace lxcmon::test {

namespace {

std::string decoded(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '%' && at + 2 < text.size()) {
            out += static_cast<char>(std::stoi(std::string(text.substr(at + 1, 2)), nullptr, 16));
            at += 2;
        } else {
            out += text[at] == '+' ? ' ' : text[at];
        }
    }
    return out;
}

std::map<std::string, std::string> parsed_query(std::string_view text) {
    std::map<std::string, std::string> query;
    while (!text.empty()) {
        const std::string_view pair = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(text.size(), pair.size() + 1));
        const auto equals = pair.find('=');
        query[decoded(pair.substr(0, equals))] =
            equals == std::string_view::npos ? std::string() : decoded(pair.substr(equals + 1));
    }
    return query;
}

} // namespace

HttpRequestSeen parsed_head(std::string_view head) {
    HttpRequestSeen request;
    const std::string_view first = head.substr(0, head.find("\r\n"));
    head.remove_prefix(std::min(head.size(), first.size() + 2));
    const auto space = first.find(' ');
    const std::string_view target = first.substr(space + 1, first.rfind(' ') - space - 1);
    request.method = first.substr(0, space);
    request.path = decoded(target.substr(0, target.find('?')));
    if (const auto mark = target.find('?'); mark != std::string_view::npos)
        request.query = parsed_query(target.substr(mark + 1));
    while (!head.empty()) {
        const std::string_view line = head.substr(0, head.find("\r\n"));
        head.remove_prefix(std::min(head.size(), line.size() + 2));
        const auto colon = line.find(':');
        std::string name(line.substr(0, colon));
        for (char& c : name)
            c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        request.headers[name] =
            colon == std::string_view::npos ? "" : line.substr(line.find_first_not_of(' ', colon + 1));
    }
    return request;
}

std::string head_text(int status, const std::vector<std::pair<std::string, std::string>>& headers,
                      std::size_t length) {
    std::string head = "HTTP/1.1 " + std::to_string(status) + " Scripted\r\n";
    for (const auto& [name, value] : headers)
        head.append(name).append(": ").append(value).append("\r\n");
    if (status != 204)
        head += "Content-Length: " + std::to_string(length) + "\r\n";
    return head + "\r\n";
}

} // namespace lxcmon::test
