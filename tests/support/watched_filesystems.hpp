// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "support/encoded.hpp"
#include "support/log_capture.hpp"

#include "sample/filesystem/container_filesystems.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <memory>
#include <string>
#include <vector>

namespace lxcmon::test {

inline constexpr std::int64_t second = 1'000'000'000;
inline constexpr std::chrono::seconds minute{60};

/// ContainerFilesystems with the answers of a helper and a clock that the test sets.
struct WatchedFilesystems {
    sample::SeriesNames names{};
    sample::ContainerFilesystems filesystems{"container c", 1, names};
    std::unique_ptr<sample::FilesystemReply> reply = std::make_unique<sample::FilesystemReply>();
    sample::DeviceNames devices{AT_FDCWD};
    sample::HostFilesystems host{};
    std::int64_t now_ns = 1000 * second;
    LogCapture log{};

    sample::Filesystem& add(const std::string& mount_point, std::uint64_t device,
                            const std::string& source = "d") {
        sample::Filesystem* const added = reply->add({1, device, false, mount_point, source, "ext4"});
        REQUIRE(added != nullptr);
        added->block_bytes = 1, added->blocks = 2, added->blocks_free = 1;
        return *added;
    }
    std::vector<std::uint64_t> left_alone(bool risky = false) {
        sample::NamespaceRequest request;
        filesystems.prepare(request, risky, now_ns);
        return {request.left_alone.begin(), request.left_alone.begin() + request.left_alone_count};
    }
    std::string take(sample::ContainerFilesystems::Outcome outcome, const sample::HangPlace& hang = {}) {
        PointBuffer points;
        filesystems.take(outcome, *reply, hang, now_ns,
                         {fields_of("lxc_fs"), {}, {now_ns, now_ns, now_ns}, devices, points, host});
        return encoded(points);
    }
    /// A scan that hangs at this mount.
    void hang(const std::string& mount_point, std::uint64_t device, bool risky = false) {
        static_cast<void>(left_alone(risky));
        CHECK(take(sample::ContainerFilesystems::Outcome::hung, {sample::Stage::mount, device, mount_point})
                  .empty());
    }
    std::string answer(bool risky = false) {
        static_cast<void>(left_alone(risky));
        return take(sample::ContainerFilesystems::Outcome::answered);
    }
    [[nodiscard]] bool is_due() const { return filesystems.is_due(now_ns, now_ns, minute); }
};

} // namespace lxcmon::test
