// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/batch.hpp"

/// What the tests of this folder send.
namespace lxcmon::test {

inline constexpr const char* one_line = "a v=1 1\n";
inline const Batch two{"a v=1 1\nb v=2 1\n", 2};

} // namespace lxcmon::test
