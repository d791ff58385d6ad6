// SPDX-License-Identifier: GPL-2.0-or-later
#include "encode/line_protocol_reader.hpp"

#include "io/parse.hpp"

#include <charconv>
#include <cmath>

namespace lxcmon::encode {
namespace {

/// Parses one line. Functions return an error text (a literal), or nullptr.
class Reader {
  public:
    Reader(std::string_view line, PointBuffer& points)
        : rest_(line)
        , points_(points) {}

    [[nodiscard]] const char* read_point() {
        const std::size_t last_space = rest_.rfind(' ');
        if (last_space == std::string_view::npos)
            return "the time is missing";
        const auto time_ns = io::parse_number<std::int64_t>(rest_.substr(last_space + 1));
        if (!time_ns)
            return "the time is missing or not an integer (ns since 1970)";
        rest_ = rest_.substr(0, last_space);
        const auto measurement = take_name(", ");
        if (!measurement)
            return "the measurement is missing or wrongly escaped";
        points_.begin(*measurement, *time_ns);
        while (take(','))
            if (const char* wrong = read_tag())
                return wrong;
        if (!take(' '))
            return "no space after the tags";
        do {
            if (const char* wrong = read_field())
                return wrong;
        } while (take(','));
        return rest_.empty() ? nullptr : "unexpected text between the fields and the time";
    }

  private:
    [[nodiscard]] bool take(char wanted) noexcept {
        if (rest_.empty() || rest_.front() != wanted)
            return false;
        rest_.remove_prefix(1);
        return true;
    }

    const char* read_tag() {
        const auto key = take_name("=");
        if (!key || !take('='))
            return "a tag's key is missing or wrongly escaped";
        const auto value = take_name(", ");
        if (!value)
            return "a tag's value is missing or wrongly escaped";
        points_.tag(*key, *value);
        return nullptr;
    }

    const char* read_field() {
        const auto key = take_name("=");
        if (!key || !take('='))
            return "a field's key is missing or wrongly escaped";
        const auto value = take('"') ? take_string() : take_bare_value();
        if (!value)
            return "a field's value is not a number, boolean or string";
        points_.field(*key, *value);
        return nullptr;
    }

    /// The text up to the first unescaped character of `ends`, with escapes decoded; nullopt if empty.
    std::optional<std::string_view> take_name(std::string_view ends) {
        std::size_t size = 0;
        bool escaped = false;
        for (; size < rest_.size() && ends.find(rest_[size]) == std::string_view::npos; ++size) {
            if (rest_[size] != '\\')
                continue;
            constexpr std::string_view escapable = ",= ";
            if (++size == rest_.size() || escapable.find(rest_[size]) == std::string_view::npos)
                return std::nullopt;
            escaped = true;
        }
        if (size == 0)
            return std::nullopt;
        const std::string_view name = rest_.substr(0, size);
        rest_.remove_prefix(size);
        if (!escaped)
            return points_.store(name);
        text_.clear();
        for (std::size_t at = 0; at < name.size(); ++at)
            text_.push_back(name[name[at] == '\\' ? ++at : at]);
        return points_.store(text_);
    }

    /// The text up to the closing quote. `\\n` may be an LF or a backslash and an n. It is read as LF, which
    /// is encoded as `\\n` again and is the shorter of the two if texts are cut at 64 KiB.
    std::optional<FieldValue> take_string() {
        text_.clear();
        for (std::size_t at = 0; at < rest_.size(); ++at) {
            if (rest_[at] == '"') {
                rest_.remove_prefix(at + 1);
                return points_.store(text_);
            }
            if (rest_[at] != '\\') {
                text_.push_back(rest_[at]);
                continue;
            }
            if (++at == rest_.size())
                break;
            const char next = rest_[at] == '\\' && at + 1 < rest_.size() ? rest_[at + 1] : '\0';
            if (next == 'n' || next == 'r') {
                text_.push_back(next == 'n' ? '\n' : '\r');
                ++at;
            } else if (rest_[at] == '\\' || rest_[at] == '"') {
                text_.push_back(rest_[at]);
            } else {
                break;
            }
        }
        return std::nullopt;
    }

    std::optional<FieldValue> take_bare_value() {
        const std::string_view text = rest_.substr(0, rest_.find_first_of(", "));
        rest_.remove_prefix(text.size());
        if (text == "true" || text == "false")
            return text == "true";
        if (text.ends_with('i')) {
            const auto integer = io::parse_number<std::int64_t>(text.substr(0, text.size() - 1));
            return integer ? std::optional<FieldValue>(*integer) : std::nullopt;
        }
        double number = 0;
        const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc{} || stop != text.data() + text.size() || !std::isfinite(number))
            return std::nullopt;
        return number;
    }

    std::string_view rest_;
    PointBuffer& points_;
    std::string text_; ///< one name or string, decoded
};

} // namespace

std::optional<std::string> parse_line_protocol(std::string_view line, PointBuffer& points) {
    if (line.ends_with('\n'))
        line.remove_suffix(1);
    const std::size_t before = points.size();
    // If the line ends before its measurement, end() must apply to this point and not to the one before.
    points.begin({}, 0);
    const char* const wrong = Reader(line, points).read_point();
    if (wrong == nullptr) {
        points.end();
        return std::nullopt;
    }
    points.end();
    points.truncate(before);
    return std::string("invalid line protocol: ") + wrong;
}

} // namespace lxcmon::encode
