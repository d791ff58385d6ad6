// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/commands/commands.hpp"

#include "app/standard_output.hpp"
#include "push/commands/fields_text.hpp"

namespace lxcmon::push {

int show_fields(const Invocation& invocation) {
    using app::Format;
    const Format format = invocation.format;
    const Selection sent = invocation.config.collect.selection();
    const std::string text = format == Format::json       ? fields_as_json(sent)
                             : format == Format::markdown ? fields_as_markdown()
                                                          : fields_as_table(sent);
    app::print(text);
    return 0;
}

} // namespace lxcmon::push
