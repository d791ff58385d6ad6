// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

namespace lxcmon::app {

/// Logs changes of io::WorkerProcess: killed helpers that do not end, and kinds of helpers that can't be
/// started. Call once per tick. The state is the process's, since helpers outlive a change of settings.
/// Sampling thread only.
void report_helpers();

/// Logs helpers that an earlier run of the agent left. Call once, at the start.
void report_earlier_helpers();

/// Logs helpers that will outlive the agent. Call once, at the end; does not wait for them.
void report_helpers_at_end();

} // namespace lxcmon::app
