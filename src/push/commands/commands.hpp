#pragma once

#include "app/settings/parse.hpp"

namespace lxcmon::push {

/// The subcommands. Each returns the program's exit code and throws as Agent does.
int list_containers(const Config& config, bool as_json);
int show_fields(const Config& config, Format format);
int check(const Config& config);
int replay(const Config& config, const std::vector<std::string>& files);

} // namespace lxcmon::push
