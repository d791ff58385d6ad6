// SPDX-License-Identifier: GPL-2.0-or-later
#include "influx/answer_text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

namespace lxcmon::influx {

namespace {

using nlohmann::json;

constexpr std::string_view unparsed = "unable to parse '";
constexpr std::string_view partial_write = "partial write: ";

/// The lists of refused lines have three levels, and about eight events for a line. Parsing ends beyond these
/// bounds: a megabyte of brackets must cost no CPU.
constexpr std::size_t most_depth = 8;
constexpr std::size_t most_line_events = 10 * most_refused_lines;
constexpr std::size_t most_other_events = 1000;

/// Reads the JSON of an error into an AnswerText event by event, so that an untrusted body of a megabyte
/// builds no tree. The top level has the strings `error` or `code` and `message`; `data` is an object or a
/// list of objects.
class BodyReader final : public nlohmann::json_sax<json> {
  public:
    explicit BodyReader(AnswerText& text)
        : text_(text) {}

    /// The v2 API's; used if there is no `error`.
    [[nodiscard]] const std::string& message() const noexcept { return message_; }

    bool null() override { return count(); }
    bool boolean(bool) override { return count(); }
    bool number_integer(number_integer_t) override { return count(); }
    bool number_float(number_float_t, const string_t&) override { return count(); }
    bool binary(binary_t&) override { return count(); }

    bool number_unsigned(number_unsigned_t number) override {
        if (in_line() && key_ == "line_number" && text_.line_numbers.size() < most_refused_lines)
            text_.line_numbers.push_back(number);
        return count();
    }
    bool string(string_t& value) override {
        if (depth_ == 1 && key_ == "error")
            text_.error = std::move(value);
        else if (depth_ == 1 && key_ == "message")
            message_ = std::move(value);
        else if (depth_ == 1 && key_ == "code")
            text_.code = std::move(value);
        else if (in_line() && key_ == "error_message" && text_.listed == 1)
            text_.line_error = std::move(value);
        else if (in_list_ && depth_ == 2)
            ++text_.listed; // an entry of `data` that is no object
        return count();
    }
    bool key(string_t& name) override {
        if (depth_ <= 3)
            key_ = std::move(name);
        return count();
    }
    bool start_object(std::size_t) override {
        is_object_ = is_object_ || depth_ == 0;
        in_data_ = in_data_ || (depth_ == 1 && key_ == "data");
        ++depth_;
        if (in_line()) {
            text_.has_list = true;
            ++text_.listed;
        }
        return depth_ <= most_depth && text_.listed <= most_refused_lines && count();
    }
    bool start_array(std::size_t) override {
        in_list_ = in_list_ || (depth_ == 1 && is_object_ && key_ == "data");
        in_data_ = in_data_ || in_list_;
        ++depth_;
        return depth_ <= most_depth && ++other_events_ <= most_other_events; // a line is an object
    }
    bool end_object() override { return leave(); }
    bool end_array() override { return leave(); }
    bool parse_error(std::size_t, const std::string&, const json::exception&) override { return false; }

  private:
    /// False, which ends the parsing, after too many events.
    [[nodiscard]] bool count() noexcept {
        return in_line() ? ++line_events_ <= most_line_events : ++other_events_ <= most_other_events;
    }
    /// True inside the object of one refused line: data[i], or data itself.
    [[nodiscard]] bool in_line() const noexcept { return in_data_ && depth_ == (in_list_ ? 3 : 2); }
    bool leave() noexcept {
        const bool go_on = count();
        if (--depth_ <= 1)
            in_list_ = in_data_ = false;
        return go_on;
    }

    AnswerText& text_;
    std::string key_;
    std::string message_;
    std::size_t depth_ = 0;
    std::size_t line_events_ = 0; ///< in the objects of refused lines
    std::size_t other_events_ = 0;
    bool is_object_ = false;
    bool in_data_ = false;
    bool in_list_ = false;
};

} // namespace

std::string AnswerText::message() const {
    const std::string shown = error.substr(0, longest_plain_text_bytes);
    return line_error.empty() ? shown : shown + ": " + line_error;
}

std::string_view AnswerText::own_message() const noexcept {
    const std::string_view all = error;
    return all.substr(0, all.find(unparsed));
}

AnswerText read_answer_text(const http::Reply& reply) {
    AnswerText text;
    BodyReader reader(text);
    if (!reply.body.empty())
        static_cast<void>(json::sax_parse(reply.body, &reader)); // false if the body was cut off or too deep
    if (text.error.empty())
        text.error = reader.message();
    if (reader.message().empty())
        text.code.clear();
    if (text.error.empty()) {
        text = AnswerText();
        text.error =
            reply.influx_error.empty() ? reply.body.substr(0, longest_plain_text_bytes) : reply.influx_error;
    }
    return text;
}

std::optional<std::size_t> dropped_lines(const AnswerText& text) {
    if (text.has_list)
        return text.listed;
    // A message may repeat a container's text: only a line's begin and the text's end are the server's own.
    std::string_view error = text.error;
    error = error.substr(0, error.find_last_not_of(" \t\r\n") + 1);
    error.remove_prefix(error.starts_with(partial_write) ? partial_write.size() : 0);
    std::size_t count = 0;
    constexpr std::string_view dropped = "dropped=";
    if (const auto at = error.rfind(dropped); at != std::string_view::npos) {
        const char* const end = error.data() + error.size();
        const auto [last, wrong] = std::from_chars(error.data() + at + dropped.size(), end, count);
        count = wrong == std::errc() && last == end ? count : 0;
    }
    // 1.x reports dropped=0 for lines that it can't parse, and repeats each of them.
    std::size_t unparsed_lines = 0;
    for (std::string_view rest = error; !rest.empty();) {
        unparsed_lines += rest.starts_with(unparsed) ? 1 : 0;
        const auto end = rest.find('\n');
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    count = std::max(count, unparsed_lines);
    return count == 0 ? std::nullopt : std::optional(count);
}

/// `input field "F" on measurement "M" is type T, already exists as type U`. Nothing in it is escaped.
std::optional<deliver::TypeConflict> type_conflict(const AnswerText& text) {
    std::string_view rest = text.own_message();
    const auto take_until = [&rest](std::string_view mark) -> std::optional<std::string> {
        const auto end = rest.find(mark);
        if (end == std::string_view::npos)
            return std::nullopt;
        std::string part(rest.substr(0, std::min(end, longest_refused_text_bytes)));
        rest.remove_prefix(end + mark.size());
        return part;
    };
    if (!take_until("field type conflict: input field \""))
        return std::nullopt;
    auto field = take_until("\" on measurement \"");
    auto measurement = take_until("\" is type ");
    auto type = take_until(", already exists as type ");
    if (!field || !measurement || !type)
        return std::nullopt;
    return deliver::TypeConflict{std::move(*measurement), std::move(*field), std::move(*type)};
}

std::vector<std::string> refused_texts(const AnswerText& text) {
    std::vector<std::string> lines;
    std::string_view rest = text.error;
    while (lines.size() < most_refused_texts) {
        const auto begin = rest.find(unparsed);
        if (begin == std::string_view::npos)
            break;
        rest.remove_prefix(begin + unparsed.size());
        // A line has no LF but may contain quotes: the last quote before the LF ends it.
        const std::string_view stretch = rest.substr(0, rest.find('\n'));
        const std::string_view line = stretch.substr(0, stretch.rfind("': "));
        if (line.size() < stretch.size() && line.size() <= longest_refused_text_bytes)
            lines.emplace_back(line);
        rest.remove_prefix(stretch.size());
    }
    return lines;
}

} // namespace lxcmon::influx
