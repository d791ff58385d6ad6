// SPDX-License-Identifier: GPL-2.0-or-later
#include "docgen/template.hpp"

#include "docgen/blocks.hpp"
#include "push/commands/fields_text.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace lxcmon::docgen {
namespace {

struct Block {
    std::string_view name;
    std::string (*text)();
};

/// Blocks between HTML comments, for documents that are also read in the repository.
constexpr std::array<Block, 3> comment_blocks{{
    {"commands", &markdown_commands},
    {"fields", &push::fields_as_markdown},
    {"options", &markdown_options},
}};

constexpr std::array<Block, 14> placeholder_blocks{{
    {"bash-flags", &bash_flags},
    {"bash-options", &bash_options},
    {"bash-values", &bash_values},
    {"commands-by-bar", [] { return command_names("|"); }},
    {"commands-by-space", [] { return command_names(" "); }},
    {"fish-commands", &fish_commands},
    {"fish-options", &fish_options},
    {"man-commands", &man_commands},
    {"man-options", &man_options},
    {"settings", &settings},
    {"version", [] { return std::string(LXCMON_VERSION); }},
    {"zsh-commands", &zsh_commands},
    {"zsh-flags", &zsh_flags},
    {"zsh-options", &zsh_options},
}};

bool is_name_character(char c) noexcept {
    return (c >= 'a' && c <= 'z') || c == '-';
}

/// The NAME of a placeholder @NAME@ that begins at `at`; empty if there is none.
std::string_view name_at(std::string_view text, std::size_t at) noexcept {
    const auto begin = text.begin() + static_cast<std::ptrdiff_t>(at) + 1;
    const auto end = std::find_if_not(begin, text.end(), &is_name_character);
    return end != text.end() && *end == '@' ? std::string_view(begin, end) : std::string_view();
}

std::string fill_placeholders(std::string_view text) {
    std::string filled;
    std::size_t done = 0;
    for (std::size_t at = text.find('@'); at != std::string_view::npos; at = text.find('@', at + 1)) {
        const std::string_view name = name_at(text, at);
        if (name.empty())
            continue;
        const auto* const block = std::ranges::find(placeholder_blocks, name, &Block::name);
        if (block == placeholder_blocks.end())
            throw std::runtime_error("@" + std::string(name) + "@ is unknown");
        filled += text.substr(done, at - done);
        std::string part = block->text();
        at += name.size() + 1;
        done = at + 1;
        // If the placeholder is alone on its line, the block provides the line end.
        if (part.ends_with('\n') && done < text.size() && text[done] == '\n')
            part.pop_back();
        filled += part;
    }
    return filled + std::string(text.substr(done));
}

void fill_between_comments(std::string& text, const Block& block) {
    const std::string begin = "<!-- " + std::string(block.name) + " -->\n";
    const std::size_t at = text.find(begin);
    if (at == std::string::npos)
        return;
    const std::size_t first = at + begin.size();
    const std::size_t end = text.find("<!-- /" + std::string(block.name) + " -->\n", first);
    if (end == std::string::npos)
        throw std::runtime_error("<!-- " + std::string(block.name) + " --> has no end");
    text.replace(first, end - first, block.text());
}

} // namespace

std::string fill(const std::string& text) {
    std::string filled = fill_placeholders(text);
    for (const Block& block : comment_blocks)
        fill_between_comments(filled, block);
    return filled;
}

} // namespace lxcmon::docgen
