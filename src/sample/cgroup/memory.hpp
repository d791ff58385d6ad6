// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/readings.hpp"

namespace lxcmon::sample {

/// Sets the computed fields of lxc_memory: used_bytes (usage minus page cache, which shmem is no part of),
/// working_set_bytes (usage minus inactive file pages), used_percent (used_bytes / limit). Their inputs must
/// be in `readings` already. These come from files read one after another, so a negative difference is left
/// out.
void derive_memory(Readings& readings) noexcept;

} // namespace lxcmon::sample
