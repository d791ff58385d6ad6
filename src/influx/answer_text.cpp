#include "influx/answer_text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

namespace lxcmon::influx {

namespace {

using nlohmann::json;

constexpr std::string_view unparsed = "unable to parse '";

/// Picks out of an error's JSON what AnswerText holds, event by event: no tree is built of a stranger's
/// megabyte. Its strings are `error` or `message` at the top; `data` is a list of objects, or one.
class BodyReader final : public nlohmann::json_sax<json> {
  public:
    explicit BodyReader(AnswerText& text)
        : text_(text) {}

    [[nodiscard]] bool is_object() const noexcept { return is_object_; }
    /// v2's, where there is no `error`.
    [[nodiscard]] const std::string& message() const noexcept { return message_; }

    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_float(number_float_t, const string_t&) override { return true; }
    bool binary(binary_t&) override { return true; }

    bool number_unsigned(number_unsigned_t number) override {
        if (in_line() && key_ == "line_number" && text_.line_numbers.size() < most_refused_lines)
            text_.line_numbers.push_back(number);
        return true;
    }
    bool string(string_t& value) override {
        if (depth_ == 1 && key_ == "error")
            text_.error = std::move(value);
        else if (depth_ == 1 && key_ == "message")
            message_ = std::move(value);
        else if (in_line() && key_ == "error_message" && text_.listed == 1)
            text_.line_error = std::move(value);
        else if (in_list_ && depth_ == 2)
            ++text_.listed; // a bad line of another shape
        return true;
    }
    bool key(string_t& name) override {
        if (depth_ <= 3)
            key_ = std::move(name);
        return true;
    }
    bool start_object(std::size_t) override {
        is_object_ = is_object_ || depth_ == 0;
        in_data_ = in_data_ || (depth_ == 1 && key_ == "data");
        ++depth_;
        if (in_line()) {
            text_.has_list = true;
            ++text_.listed;
        }
        return true;
    }
    bool start_array(std::size_t) override {
        in_list_ = in_list_ || (depth_ == 1 && is_object_ && key_ == "data");
        in_data_ = in_data_ || in_list_;
        ++depth_;
        return true;
    }
    bool end_object() override { return leave(); }
    bool end_array() override { return leave(); }
    bool parse_error(std::size_t, const std::string&, const json::exception&) override { return false; }

  private:
    /// Within an object that tells of one line: data[i], or data itself.
    [[nodiscard]] bool in_line() const noexcept { return in_data_ && depth_ == (in_list_ ? 3 : 2); }
    bool leave() noexcept {
        if (--depth_ <= 1)
            in_list_ = in_data_ = false;
        return true;
    }

    AnswerText& text_;
    std::string key_;
    std::string message_;
    std::size_t depth_ = 0;
    bool is_object_ = false;
    bool in_data_ = false;
    bool in_list_ = false;
};

} // namespace

std::string AnswerText::message() const {
    return line_error.empty() ? error : error + ": " + line_error;
}

std::string_view AnswerText::own_message() const noexcept {
    const std::string_view all = error;
    return all.substr(0, all.find(unparsed));
}

AnswerText read_answer_text(const http::Reply& reply) {
    AnswerText text;
    BodyReader reader(text);
    if (!reply.body.empty())
        static_cast<void>(json::sax_parse(reply.body, &reader)); // false where the body was cut off
    if (text.error.empty())
        text.error = reader.message();
    if (text.error.empty()) {
        text = AnswerText();
        text.error = reply.influx_error.empty() ? reply.body : reply.influx_error;
    }
    return text;
}

std::optional<std::size_t> dropped_lines(const AnswerText& text) {
    if (text.has_list)
        return text.listed;
    const std::string_view said = text.error;
    std::size_t count = 0;
    // 1.x says dropped=0 for lines that it can't parse, and names each of them.
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

std::vector<std::string> refused_texts(const AnswerText& text) {
    std::vector<std::string> lines;
    std::string_view rest = text.error;
    while (lines.size() < most_refused_texts) {
        const auto begin = rest.find(unparsed);
        if (begin == std::string_view::npos)
            break;
        rest.remove_prefix(begin + unparsed.size());
        // A line holds no LF, but it may hold quotes: the last one of this LF's stretch ends it.
        const std::string_view stretch = rest.substr(0, rest.find('\n'));
        const std::string_view line = stretch.substr(0, stretch.rfind("': "));
        if (line.size() < stretch.size() && line.size() <= longest_refused_text_bytes)
            lines.emplace_back(line);
        rest.remove_prefix(stretch.size());
    }
    return lines;
}

} // namespace lxcmon::influx
