// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/settings/globs.hpp"

#include "model/selection.hpp"
#include "text/bad_value.hpp"
#include "text/utf8.hpp"

#include <algorithm>
#include <stdexcept>
#include <string_view>

namespace lxcmon::app {
namespace {

using text::BadValue;

constexpr std::string_view blank_bytes = " \t\r\n\v\f";

/// The position behind the set that begins at `begin`: "[a-z]", "[!]x]", "[[:digit:]]"; npos without its end.
std::size_t end_of_set(std::string_view glob, std::size_t begin) noexcept {
    std::size_t at = begin + 1;
    if (glob.substr(at).starts_with('!') || glob.substr(at).starts_with('^'))
        ++at;
    for (const std::size_t first = at; at < glob.size(); ++at) {
        if (glob.substr(at).starts_with("[:")) {
            at = std::min(glob.find(":]", at + 2), glob.size()) + 1;
        } else if (glob[at] == '\\') {
            ++at;
        } else if (glob[at] == ']' && at > first) {
            return at + 1;
        }
    }
    return std::string_view::npos;
}

/// Not in a set, such as [0,1].
bool has_comma(std::string_view glob) noexcept {
    for (std::size_t at = 0; at < glob.size();) {
        if (glob[at] == ',')
            return true;
        at = glob[at] == '[' ? end_of_set(glob, at) : at + (glob[at] == '\\' ? 2 : 1);
    }
    return false;
}

void check_pattern(std::string_view glob) {
    for (std::size_t at = 0; at < glob.size();) {
        if (glob[at] == '\\' && at + 1 == glob.size())
            throw BadValue{"ends in a backslash; expected a character after it"};
        if (glob[at] == '[') {
            at = end_of_set(glob, at);
            if (at == std::string_view::npos)
                throw BadValue{"has a [ without its ]; expected a set of characters, for example [0-9]"};
        } else {
            at += glob[at] == '\\' ? 2 : 1;
        }
    }
}

/// `example`: a good glob. `may_have_blanks`: but not around it.
void check_glob(const std::string& text, const std::string& example, bool may_have_blanks = false) {
    const std::string expected = "; expected one glob, for example " + example;
    const std::string repeat =
        ": give the option once for each (a list in a settings file), and write ? for ";
    if (text.empty())
        throw BadValue{"is empty" + expected};
    if (has_comma(text))
        throw BadValue{"has a comma" + expected + repeat + "a comma in a name"};
    if (blank_bytes.find(text.front()) != std::string_view::npos ||
        blank_bytes.find(text.back()) != std::string_view::npos)
        throw BadValue{"has a blank before or after it" + expected + ", without the blank"};
    if (text.find(" /") != std::string::npos ||
        (!may_have_blanks && text.find_first_of(blank_bytes) != std::string::npos))
        throw BadValue{"has a blank" + expected + repeat + "a blank in a name"};
    if (std::ranges::any_of(text, &text::is_control))
        throw BadValue{"has a control character" + expected + ", and ? for that character"};
    check_pattern(text);
}

} // namespace

std::string container_glob(const std::string& text) {
    check_glob(text, "web*");
    if (text.find('/') != std::string::npos)
        throw BadValue{
            "has a slash, and no container's name has one; expected a glob such as web*; a folder of "
            "containers is given with --lxcpath"};
    return text;
}

std::string interface_glob(const std::string& text) {
    check_glob(text, "eth*");
    if (text.find('/') != std::string::npos)
        throw BadValue{"has a slash, and no interface's name has one; expected a glob such as eth*"};
    return text;
}

std::string device_glob(const std::string& text) {
    check_glob(text, "sd*");
    if (text.starts_with('/'))
        throw BadValue{
            "begins with a slash; expected a glob of the device's name without /dev/, such as sd*"};
    return text;
}

std::string filesystem_glob(const std::string& text) {
    const bool is_mount_point = text.starts_with('/');
    check_glob(text, "/mnt/* or nfs*", is_mount_point);
    if (!is_mount_point && text.find('/') != std::string::npos)
        throw BadValue{
            "has a slash, and no type of filesystem has one; expected the glob of a mount point, which "
            "begins with a slash, such as /mnt/*"};
    if (text.size() > 1 && text.ends_with('/'))
        throw BadValue{"ends in a slash, and no mount point does; expected " +
                       text.substr(0, text.find_last_not_of('/') + 1) + " for the mount point, or " + text +
                       "* for all below it"};
    return text;
}

void add_metrics_glob(const std::string& text, std::vector<std::string>& globs) {
    globs.push_back(text);
    try {
        static_cast<void>(Selection::of(globs));
    } catch (const std::invalid_argument&) {
        if (text.find(',') != std::string::npos)
            throw BadValue{
                "has a comma; expected one glob, for example lxc_cpu: give the option once for each "
                "(a list in a settings file)"};
        throw BadValue{"matches no measurement or field; expected for example lxc_cpu, lxc_memory.*_bytes, "
                       "+lxc_socket or !host_*; lxcmon-push fields lists them"};
    }
}

} // namespace lxcmon::app
