#pragma once

#include "model/readings.hpp"

namespace lxcmon::sample {

/// Sets what lxc_memory has besides the kernel's own figures: used_bytes (usage less page cache),
/// working_set_bytes (usage less inactive file pages), used_percent (used_bytes of the limit).
/// The figures come from files read one after the other: a difference that would be negative is left out.
void derive_memory(Readings& readings) noexcept;

} // namespace lxcmon::sample
