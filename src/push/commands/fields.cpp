// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/commands/commands.hpp"

#include "app/standard_output.hpp"
#include "push/commands/fields_text.hpp"

namespace lxcmon::push {

int show_fields(const Invocation& invocation) {
    using app::Mode;
    const Mode mode = invocation.mode;
    const Selection sent = invocation.config.collect.selection();
    const std::string text = mode == Mode::json       ? fields_as_json(sent)
                             : mode == Mode::markdown ? fields_as_markdown()
                                                      : fields_as_table(sent);
    app::print(text);
    return 0;
}

} // namespace lxcmon::push
