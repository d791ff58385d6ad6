// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/import/lxc_monitor.hpp"

#include "app/settings/bad_setting.hpp"
#include "app/settings/nearest_name.hpp"
#include "app/settings/values.hpp"
#include "io/parse.hpp"
#include "push/option_table.hpp"
#include "text/bad_value.hpp"
#include "text/printable.hpp"
#include "text/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace lxcmon::push {
namespace {

using text::BadValue;

constexpr std::size_t longest_shown_value_bytes = 80;

/// A basic string of TOML.
std::string toml_string(std::string_view value) {
    std::string out = "\"";
    for (const char c : value) {
        if (c == '"' || c == '\\')
            out.push_back('\\');
        if (text::is_control(c))
            out += fmt::format("\\u{:04X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
        else
            out.push_back(c);
    }
    return out + '"';
}

std::string toml_list(const std::vector<std::string>& values) {
    std::string out;
    for (const std::string& value : values)
        out += (out.empty() ? "" : ", ") + toml_string(value);
    return "[" + out + "]";
}

/// The new settings while they are made.
class NewSettings {
  public:
    /// Adds a line `option = "value"`. Throws text::BadValue if the option does not take the value.
    void set(std::string_view option, const std::string& value, const std::string& remark = {}) {
        check(option, value);
        lines_ +=
            fmt::format("{} = {}{}\n", option, toml_string(value), remark.empty() ? "" : " # " + remark);
    }
    void set_list(std::string_view option, const std::vector<std::string>& values) {
        for (const std::string& value : values)
            check(option, value);
        lines_ += fmt::format("{} = {}\n", option, toml_list(values));
    }
    /// What is not sampled; lxcmon-push has one option for all of it.
    void leave_out(std::string glob) { left_out_.push_back(std::move(glob)); }
    void note(const YamlSetting& setting, std::string_view reason) {
        notes_ +=
            fmt::format("#   {}.{} (line {}): {}\n", setting.section, setting.key, setting.line, reason);
    }

    [[nodiscard]] std::string whole(const std::string& path) {
        if (!left_out_.empty())
            set_list("metrics", left_out_);
        std::string toml = fmt::format("# lxcmon-push import-config {}\n{}", text::printable(path), lines_);
        if (!notes_.empty())
            toml += "\n# Without a counterpart:\n" + notes_;
        return toml;
    }

  private:
    void check(std::string_view option, const std::string& value) {
        const auto row = std::ranges::find(option_table(), option, &app::Option::name);
        row->take(scratch_, value);
    }

    Config scratch_;
    std::string lines_, notes_;
    std::vector<std::string> left_out_;
};

std::string checked_number(const std::string& value) {
    if (!io::parse_count(value))
        throw BadValue{"is no number; expected for example 7"};
    return value;
}

void take_log_file(NewSettings& next, const YamlSetting& setting) {
    next.set("log-file", setting.values.front());
}

void take_log_size(NewSettings& next, const YamlSetting& setting) {
    constexpr std::int64_t kib = 1024, mib = 1024 * kib;
    const std::int64_t bytes = *io::parse_count(checked_number(setting.values.front()));
    const bool is_mib = bytes != 0 && bytes % mib == 0;
    const bool is_kib = bytes != 0 && bytes % kib == 0;
    next.set("log-max-size",
             is_mib   ? fmt::format("{}MiB", bytes / mib)
             : is_kib ? fmt::format("{}KiB", bytes / kib)
                      : fmt::format("{}", bytes),
             "LXC Monitor ignores it and rotates at midnight");
}

void take_log_count(NewSettings& next, const YamlSetting& setting) {
    next.set("log-keep", checked_number(setting.values.front()));
}

void take_log_level(NewSettings& next, const YamlSetting& setting) {
    constexpr auto names = std::to_array<std::string_view>({"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"});
    const std::string name = app::one_of(setting.values.front(), names);
    next.set("log-level", name == "WARNING" ? "warn"
                                            : app::one_of(name, std::to_array<std::string_view>(
                                                                    {"debug", "info", "error", "critical"})));
}

void take_export_file(NewSettings& next, const YamlSetting& setting) {
    next.set("json-layout", "lxc-monitor");
    next.set("json-file", setting.values.front());
}

void take_check_interval(NewSettings& next, const YamlSetting& setting) {
    if (!io::parse_decimal(setting.values.front()))
        throw BadValue{"is no number of seconds; expected for example 60"};
    next.set("interval", setting.values.front() + "s");
}

void take_swap(NewSettings& next, const YamlSetting& setting) {
    if (!app::parse_flag(setting.values.front()))
        next.leave_out("!*_memory.swap*");
}

void take_network(NewSettings& next, const YamlSetting& setting) {
    if (app::parse_flag(setting.values.front()))
        return;
    next.leave_out("!*_net");
    next.leave_out("!lxc_socket"); // enters the network namespaces, too
}

void take_filesystem(NewSettings& next, const YamlSetting& setting) {
    if (!app::parse_flag(setting.values.front()))
        next.leave_out("!*_fs");
}

/// LXC Monitor compares the begin of a name, and lxcmon-push a glob.
void take_devices(NewSettings& next, const YamlSetting& setting) {
    std::vector<std::string> globs;
    for (const std::string& prefix : setting.values) {
        std::string glob;
        for (const char c : prefix)
            glob += std::string_view("*?[\\").find(c) != std::string_view::npos ? std::string("\\") + c
                                                                                : std::string(1, c);
        globs.push_back(glob + "*");
    }
    if (!globs.empty())
        next.set_list("io-exclude", globs);
}

void note_workers(NewSettings& next, const YamlSetting& setting) {
    next.note(setting,
              "not needed: no command runs in a container, and all of them take milliseconds in one thread");
}

void note_retries(NewSettings& next, const YamlSetting& setting) {
    next.note(setting,
              "not needed: a value that can't be read is left out, and read again at the next interval");
}

struct MonitorRule {
    std::string_view section, key;
    void (*take)(NewSettings& next, const YamlSetting& setting);
    bool takes_list = false;
};

constexpr auto monitor_rules = std::to_array<MonitorRule>({
    {"logging", "log_file", &take_log_file},
    {"logging", "log_max_bytes", &take_log_size},
    {"logging", "log_backup_count", &take_log_count},
    {"logging", "log_level", &take_log_level},
    {"monitoring", "export_file", &take_export_file},
    {"monitoring", "check_interval", &take_check_interval},
    {"monitoring", "enable_swap", &take_swap},
    {"monitoring", "enable_network", &take_network},
    {"monitoring", "enable_filesystem", &take_filesystem},
    {"monitoring", "parallel_processing", &note_workers},
    {"monitoring", "max_workers", &note_workers},
    {"monitoring", "excluded_devices", &take_devices, true},
    {"monitoring", "retry_limit", &note_retries},
    {"monitoring", "retry_delay", &note_retries},
});

[[noreturn]] void refuse_key(const std::string& path, const YamlSetting& setting) {
    std::vector<std::string_view> names;
    names.reserve(monitor_rules.size());
    for (const MonitorRule& rule : monitor_rules)
        names.push_back(rule.key);
    const std::string_view near = app::nearest_name(setting.key, names);
    const auto rule = std::ranges::find(monitor_rules, near, &MonitorRule::key);
    std::string hint;
    if (!near.empty())
        hint = fmt::format(" (did you mean {}.{}?)", rule->section, rule->key);
    refuse_line(path, setting.line,
                text::printable(setting.section + "." + setting.key, longest_shown_value_bytes) +
                    ": unknown key of LXC Monitor" + hint);
}

void take_setting(NewSettings& next, const YamlSetting& setting, const std::string& path) {
    const auto rule = std::ranges::find_if(monitor_rules, [&](const MonitorRule& each) {
        return each.section == setting.section && each.key == setting.key;
    });
    if (rule == monitor_rules.end())
        refuse_key(path, setting);
    const std::string name = setting.section + "." + setting.key + ": ";
    if (setting.is_list != rule->takes_list)
        refuse_line(path, setting.line,
                    name + (rule->takes_list ? "is no list; expected for example ['loop', 'dm-']"
                                             : "is a list; expected one value"));
    try {
        rule->take(next, setting);
    } catch (const BadValue& bad) {
        const std::string value = setting.values.empty() ? "" : setting.values.front();
        refuse_line(path, setting.line,
                    name + "'" + text::printable(value, longest_shown_value_bytes) + "' " + bad.message);
    }
}

} // namespace

std::string settings_of_lxc_monitor(std::span<const YamlSetting> settings, const std::string& path) {
    if (settings.empty())
        throw app::BadSetting(
            "lxcmon-push: " + text::printable(path) +
            ": has no setting; expected the sections logging and monitoring of lxc_monitor.yaml");
    NewSettings next;
    for (const YamlSetting& setting : settings)
        take_setting(next, setting, path);
    return next.whole(path);
}

} // namespace lxcmon::push
