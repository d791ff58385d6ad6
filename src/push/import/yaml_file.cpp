// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/import/yaml_file.hpp"

#include "app/settings/bad_setting.hpp"
#include "text/printable.hpp"
#include "text/utf8.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <utility>

namespace lxcmon::push {
namespace {

constexpr std::size_t longest_shown_bytes = 60;

std::string shown(const std::string& text) {
    return "'" + text::printable(text, longest_shown_bytes) + "'";
}

/// TOML has nothing else, and yaml-cpp takes any bytes.
void check_utf8(std::string_view text, const std::string& path) {
    unsigned line = 1;
    while (!text.empty()) {
        const std::size_t bytes = text::character_bytes(text);
        if (bytes == 0)
            refuse_line(path, line, "invalid UTF-8; expected a file in UTF-8");
        line += text.front() == '\n' ? 1 : 0;
        text.remove_prefix(bytes);
    }
}

/// Takes the events of the parser; nothing is kept that is not a setting, and aliases are never followed.
class SettingsReader final : public YAML::EventHandler {
  public:
    explicit SettingsReader(const std::string& path)
        : path_(path) {}

    [[nodiscard]] std::vector<YamlSetting> take() { return std::move(settings_); }

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (++documents_ > 1)
            refuse(mark, "a second document; expected one");
    }
    void OnDocumentEnd() override {}
    void OnAnchor(const YAML::Mark& mark, const std::string& /*name*/) override {
        refuse(mark, "an anchor; expected plain settings");
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
        refuse(mark, "an alias; expected plain settings");
    }
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { scalar(mark, anchor, {}); }
    void OnScalar(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                  const std::string& value) override {
        scalar(mark, anchor, value);
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value /*style*/) override {
        check_anchor(mark, anchor);
        if (place_ != Place::value)
            refuse(mark, "a list; expected sections with keys and their values");
        settings_.back().is_list = true;
        place_ = Place::list;
    }
    void OnSequenceEnd() override { place_ = Place::key; }
    void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value /*style*/) override {
        check_anchor(mark, anchor);
        if (place_ == Place::begin)
            place_ = Place::section;
        else if (place_ == Place::in_section)
            place_ = Place::key;
        else
            refuse(mark, "a map; expected sections with keys and their values");
    }
    void OnMapEnd() override { place_ = place_ == Place::key ? Place::section : Place::end; }

  private:
    enum class Place { begin, section, in_section, key, value, list, end };

    [[noreturn]] void refuse(const YAML::Mark& mark, const std::string& problem) const {
        refuse_line(path_, static_cast<unsigned>(mark.line) + 1, problem);
    }

    void check_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) const {
        if (anchor != YAML::NullAnchor)
            refuse(mark, "an anchor; expected plain settings");
    }

    void scalar(const YAML::Mark& mark, YAML::anchor_t anchor, const std::string& value) {
        check_anchor(mark, anchor);
        if (value.find('\0') != std::string::npos)
            refuse(mark, "a NUL character; expected text");
        switch (place_) {
        case Place::section:
            section_ = value;
            place_ = Place::in_section;
            return;
        case Place::key:
            begin_setting(mark, value);
            place_ = Place::value;
            return;
        case Place::value:
            settings_.back().values.push_back(value);
            place_ = Place::key;
            return;
        case Place::list:
            settings_.back().values.push_back(value);
            return;
        case Place::in_section:
            if (value.empty()) { // a section whose keys are all comments
                place_ = Place::section;
                return;
            }
            break;
        case Place::begin:
            if (value.empty()) // a file of comments
                return;
            break;
        case Place::end:
            break;
        }
        refuse(mark, shown(value) + "; expected sections with keys and their values");
    }

    void begin_setting(const YAML::Mark& mark, const std::string& key) {
        const auto is_same = [&](const YamlSetting& each) {
            return each.section == section_ && each.key == key;
        };
        if (const auto earlier = std::ranges::find_if(settings_, is_same); earlier != settings_.end())
            refuse(mark, shown(section_ + "." + key) + " is there twice, also in line " +
                             std::to_string(earlier->line) + "; expected once");
        settings_.push_back({section_, key, {}, false, static_cast<unsigned>(mark.line) + 1});
    }

    std::string path_;
    unsigned documents_ = 0;
    Place place_ = Place::begin;
    std::string section_;
    std::vector<YamlSetting> settings_;
};

} // namespace

void refuse_line(const std::string& path, unsigned line, const std::string& problem) {
    throw app::BadSetting("lxcmon-push: " + text::printable(path) + ":" + std::to_string(line) + ": " +
                          problem);
}

std::vector<YamlSetting> read_yaml(const std::string& text, const std::string& path) {
    if (text.size() > most_yaml_bytes)
        throw app::BadSetting("lxcmon-push: " + text::printable(path) +
                              ": is longer than 64 KiB; expected settings");
    check_utf8(text, path);
    SettingsReader reader(path);
    std::istringstream stream(text);
    try {
        YAML::Parser parser(stream);
        parser.HandleNextDocument(reader);
        parser.HandleNextDocument(reader); // there must be none: the reader refuses it
    } catch (const YAML::Exception& error) {
        refuse_line(path, static_cast<unsigned>(error.mark.line) + 1,
                    "no YAML: " + text::printable(error.msg));
    }
    return reader.take();
}

} // namespace lxcmon::push
