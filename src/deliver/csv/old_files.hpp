// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <atomic>
#include <chrono>
#include <string>

namespace lxcmon::deliver {

/// Puts a file that is not written any more aside: lxc_cpu.node.csv becomes
/// lxc_cpu.node.20261128T203000.123Z.csv, with the time of the renaming. Returns 0 or an errno.
[[nodiscard]] int put_csv_aside(const std::string& path);

/// Of the files that were put aside from `path`, removes all except the newest `kept`, and compresses (gzip)
/// what is not compressed yet. Returns what is wrong with the compression, for the log; the file stays as it
/// is then, and the next call tries again; so it is if the deadline ends the compression. Blocks: tens of
/// milliseconds for each MB.
[[nodiscard]] std::string tidy_old_csv(const std::string& path, unsigned kept,
                                       const std::atomic<std::chrono::steady_clock::time_point>& deadline);

} // namespace lxcmon::deliver
