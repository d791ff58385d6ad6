#include "deliver/verdict.hpp"

#include "deliver/words.hpp"

#include <curl/curl.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <string_view>

namespace lxcmon::deliver {

namespace {

using nlohmann::json;

bool contains(std::string_view text, std::string_view part) noexcept {
    return text.find(part) != std::string_view::npos;
}

/// The text under `key`, empty where it is something else.
std::string text_at(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// The bad lines that v3 lists in its body; nullptr where there is no such list.
const json* listed_lines(const json& body) {
    if (!body.is_object())
        return nullptr;
    const auto data = body.find("data");
    return data != body.end() && data->is_array() && !data->empty() ? &*data : nullptr;
}

std::chrono::seconds asked_wait(const std::string& retry_after, std::time_t now) {
    const bool number = !retry_after.empty() && std::all_of(retry_after.begin(), retry_after.end(),
                                                            [](char c) { return c >= '0' && c <= '9'; });
    std::int64_t seconds = 0;
    if (number) {
        const auto end = retry_after.data() + retry_after.size();
        if (std::from_chars(retry_after.data(), end, seconds).ec != std::errc())
            return longest_retry_after; // more digits than a number holds
    } else if (!retry_after.empty()) {
        const std::time_t date = curl_getdate(retry_after.c_str(), nullptr);
        seconds = date == -1 ? 0 : date - now;
    }
    return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, longest_retry_after.count()));
}

Outcome outcome_of(int status, std::string_view said) noexcept {
    if (status >= 200 && status < 300)
        return Outcome::delivered;
    switch (status) {
    case 400:
    case 422:
        return contains(said, "partial write") ? Outcome::partial : Outcome::refused;
    case 404:
        return contains(said, "database not found") ? Outcome::no_database : Outcome::settings;
    case 408:
    case 429:
        return Outcome::retry;
    case 413:
        return Outcome::too_large;
    case 415:
        return Outcome::no_gzip;
    case 500:
        // InfluxDB 1.6.7 answers so to an unknown retention policy, and no line is to blame for it.
        return contains(said, "retention policy not found") ? Outcome::settings : Outcome::server_error;
    default:
        // What the table does not name: a 5xx may pass, all else needs a person. Either keeps the data.
        return status > 500 && status < 600 ? Outcome::retry : Outcome::settings;
    }
}

/// What a person can do about a status.
std::string_view advice(int status, std::string_view said) noexcept {
    switch (status) {
    case 401:
        return "check the user and password, or the token";
    case 403:
        return "the user or token may not write here: grant it, or use another";
    case 404:
        return "nothing of that name there: check the URL, the database, or the organisation and bucket";
    case 405:
        return "the URL does not lead to InfluxDB's write API: check its host, port and path";
    case 407:
        return "the proxy wants credentials";
    case 500:
        return contains(said, "retention policy not found") ? "check the retention policy"
                                                            : "see the server's log";
    default:
        return status >= 300 && status < 400 ? "redirects are not followed: give the final URL"
                                             : std::string_view();
    }
}

/// How many lines of a partial write are lost, where told.
std::optional<std::size_t> dropped_lines(const Reply& reply, std::string_view said) {
    const json body = json::parse(reply.body, nullptr, false);
    if (const json* lines = listed_lines(body); lines != nullptr)
        return lines->size();
    std::size_t count = 0;
    // 1.x says dropped=0 for lines that it can't parse, and names each of them.
    constexpr std::string_view unparsed = "unable to parse '";
    for (auto at = said.find(unparsed); at != std::string_view::npos; at = said.find(unparsed, at + 1))
        ++count;
    constexpr std::string_view dropped = "dropped=";
    if (const auto at = said.rfind(dropped); at != std::string_view::npos) {
        std::size_t told = 0;
        const std::string_view digits = said.substr(at + dropped.size());
        if (std::from_chars(digits.data(), digits.data() + digits.size(), told).ec == std::errc())
            count = std::max(count, told);
    }
    return count == 0 ? std::nullopt : std::optional(count);
}

std::string words_of(const Reply& reply, std::string said, std::span<const std::string> secrets) {
    said.resize(said.find_last_not_of(" \t\r\n") + 1); // plain bodies end in LF
    std::string words = "HTTP " + std::to_string(reply.status);
    if (const std::string clean = printable(redacted(said, secrets)); !clean.empty())
        words += ": " + clean;
    if (!reply.location.empty() && reply.status < 400)
        words += " to " + printable(redacted(reply.location, secrets));
    if (const auto hint = advice(reply.status, said); !hint.empty())
        words += std::string("; ").append(hint);
    return words;
}

} // namespace

std::string server_words(const Reply& reply) {
    const json body = json::parse(reply.body, nullptr, false);
    if (body.is_object()) {
        std::string words = text_at(body, "error");
        if (words.empty())
            words = text_at(body, "message");
        if (const json* lines = listed_lines(body); lines != nullptr && lines->front().is_object())
            words += ": " + text_at(lines->front(), "error_message");
        if (!words.empty())
            return words;
    }
    return reply.influx_error.empty() ? reply.body : reply.influx_error;
}

Verdict judge(const Reply& reply, std::time_t now, std::span<const std::string> secrets) {
    Verdict verdict;
    if (!reply.failure.empty()) {
        verdict.outcome = Outcome::retry;
        verdict.words = printable(redacted(reply.failure, secrets), 2 * longest_words_bytes);
        return verdict;
    }
    const std::string said = server_words(reply);
    verdict.status = reply.status;
    verdict.outcome = outcome_of(reply.status, said);
    if (verdict.outcome == Outcome::delivered)
        return verdict;
    verdict.wait = asked_wait(reply.retry_after, now);
    verdict.words = words_of(reply, said, secrets);
    if (verdict.outcome == Outcome::partial)
        verdict.dropped_lines = dropped_lines(reply, said);
    return verdict;
}

} // namespace lxcmon::deliver
