// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/child.hpp"
#include "support/namespace_scan.hpp"
#include "support/temp_tree.hpp"

#include "sample/helper/client.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

using namespace lxcmon;
using namespace lxcmon::sample;
using Outcome = NamespaceHelper::Outcome;
using test::ample;
using test::Child;
using Texts = std::vector<std::string>;

// The real worker on real mounts: these tests need root.
namespace {

struct Answer {
    std::unique_ptr<FilesystemReply> reply = std::make_unique<FilesystemReply>();

    [[nodiscard]] Texts places() const {
        Texts places;
        for (const Filesystem& each : std::span(reply->filesystems).first(reply->count))
            places.emplace_back(reply->text(each.mount_point));
        return places;
    }
    [[nodiscard]] const Filesystem& at(const std::string& place) const {
        for (const Filesystem& each : std::span(reply->filesystems).first(reply->count))
            if (reply->text(each.mount_point) == place)
                return each;
        FAIL("no filesystem at ", place);
        throw 0;
    }
};

Answer ask(NamespaceHelper& helper, const Child* init, std::optional<std::uint64_t> left_alone = {}) {
    NamespaceHelper::Request request;
    request.ask.scan = Scan::filesystems;
    request.ask.init_pid = init != nullptr ? init->pid() : 0;
    request.init_pidfd = init != nullptr ? init->pidfd() : -1;
    if (left_alone)
        request.ask.left_alone[request.ask.left_alone_count++] = *left_alone;
    Answer answer;
    helper.scan_filesystems({&request, 1}, [&](std::size_t, Outcome outcome, const FilesystemReply& reply) {
        CHECK(outcome == Outcome::answered);
        *answer.reply = reply;
        return true;
    });
    return answer;
}

bool mount_tmpfs(const char* place, const char* options = "size=1m") {
    return (::mkdir(place, 0755) == 0 || errno == EEXIST) && ::mount("disk", place, "tmpfs", 0, options) == 0;
}

bool bind(const char* from, const char* to) {
    return (::mkdir(to, 0755) == 0 || errno == EEXIST) && ::mount(from, to, nullptr, MS_BIND, nullptr) == 0;
}

/// An init with a tmpfs as its root. `prepare` mounts more filesystems there.
class Container {
  public:
    explicit Container(const std::function<bool()>& prepare = [] { return true; })
        : init_(CLONE_NEWNS, [&] {
            return test::enter_tmpfs_root(place_.path().c_str(), "size=4m,nr_inodes=200") && prepare();
        }) {}
    [[nodiscard]] const Child& init() const noexcept { return init_; }

  private:
    test::TempTree place_;
    Child init_;
};

} // namespace

TEST_SUITE_BEGIN("needs root");

TEST_CASE("the root filesystem is the container's own") {
    NamespaceHelper helper(ample);
    const Container container;
    const Answer answer = ask(helper, &container.init());
    CHECK(answer.reply->error == 0);
    CHECK(answer.places() == Texts{"/"});
    const Filesystem& root = answer.at("/");
    CHECK(root.error == 0);
    CHECK(root.blocks * root.block_bytes == 4U << 20U);
    CHECK(root.blocks_free <= root.blocks);
    CHECK(root.blocks_available <= root.blocks_free);
    CHECK(root.inodes == 200);
    CHECK(root.inodes_free <= 198); // the top and /proc
    CHECK_FALSE(root.readonly);
    CHECK(answer.reply->text(root.type) == "tmpfs");
    CHECK(answer.reply->text(root.source) == "rootdisk");
}

TEST_CASE("the host's own filesystems") {
    NamespaceHelper helper(ample);
    const Answer answer = ask(helper, nullptr);
    struct statvfs stats {};
    REQUIRE(::statvfs("/", &stats) == 0);
    const Filesystem& root = answer.at("/");
    CHECK(root.blocks == stats.f_blocks);
    CHECK(root.block_bytes == stats.f_frsize);
    CHECK(root.inodes == stats.f_files);
}

TEST_CASE("a filesystem that is mounted twice is reported once, and a hidden filesystem is not reported") {
    NamespaceHelper helper(ample);
    const Container container([] {
        return mount_tmpfs("/longer") && bind("/longer", "/twice") && // one filesystem at two places
               mount_tmpfs("/under") && mount_tmpfs("/under") &&      // two at one place
               mount_tmpfs("/top") && mount_tmpfs("/top/deep") && mount_tmpfs("/top");
    });
    const Answer answer = ask(helper, &container.init());
    CHECK(answer.places() == Texts{"/", "/twice", "/under", "/top"});
}

TEST_CASE("if the best mount of a filesystem is hidden, the next one is reported") {
    NamespaceHelper helper(ample);
    const Container container(
        [] { return mount_tmpfs("/a", "size=2m") && bind("/a", "/longer") && mount_tmpfs("/a", "size=1m"); });
    const Answer answer = ask(helper, &container.init());
    CHECK(answer.places() == Texts{"/", "/longer", "/a"});
    CHECK(answer.at("/longer").blocks * answer.at("/longer").block_bytes == 2U << 20U);
    CHECK(answer.at("/a").blocks * answer.at("/a").block_bytes == 1U << 20U);
}

TEST_CASE("a file may be the only mount of its filesystem, and a read-only mount is reported as read-only") {
    NamespaceHelper helper(ample);
    const Container container([] {
        const auto make = [](const char* path) {
            return io::UniqueFd(::open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644)).get() >= 0;
        };
        return mount_tmpfs("/a", "size=2m") && make("/a/file") && make("/file") &&
               ::mount("/a/file", "/file", nullptr, MS_BIND, nullptr) == 0 && ::umount("/a") == 0 &&
               mount_tmpfs("/ro") &&
               ::mount(nullptr, "/ro", nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) == 0;
    });
    const Answer answer = ask(helper, &container.init());
    CHECK(answer.places() == Texts{"/", "/file", "/ro"});
    CHECK(answer.at("/file").blocks * answer.at("/file").block_bytes == 2U << 20U);
    CHECK_FALSE(answer.at("/file").readonly);
    CHECK(answer.at("/ro").readonly);
}

TEST_CASE("a filesystem that is left alone is not read at any of its mount points") {
    NamespaceHelper helper(ample);
    const Container container([] { return mount_tmpfs("/a") && bind("/a", "/b") && mount_tmpfs("/c"); });
    const Answer all = ask(helper, &container.init());
    CHECK(all.places() == Texts{"/", "/a", "/c"});
    CHECK(ask(helper, &container.init(), all.at("/a").device).places() == Texts{"/", "/c"});
}

TEST_CASE("globs include and exclude mounts") {
    NamespaceHelper helper(ample, {{{"/run/*"}, {"/a*"}}});
    const Container container([] {
        return mount_tmpfs("/a") && ::mkdir("/run", 0755) == 0 && mount_tmpfs("/run/x") && mount_tmpfs("/b");
    });
    CHECK(ask(helper, &container.init()).places() == Texts{"/", "/run/x", "/b"});
}

TEST_CASE("mount points can contain any bytes") {
    NamespaceHelper helper(ample);
    const Container container([] { return mount_tmpfs("/a b\n\\040\xff"); });
    CHECK(ask(helper, &container.init()).places() == Texts{"/", "/a b\n\\040\xff"});
}

TEST_CASE("filesystems beyond the limit are counted") {
    NamespaceHelper helper(ample);
    const Container container([] {
        for (int number = 0; number < 100; ++number)
            if (!mount_tmpfs(("/m" + std::to_string(number)).c_str()))
                return false;
        return true;
    });
    const Answer answer = ask(helper, &container.init());
    CHECK(answer.reply->count == max_filesystems);
    CHECK(answer.reply->left_out == 101 - max_filesystems);
    CHECK(answer.places().front() == "/");
}

TEST_CASE("an init that has ended has no filesystems") {
    NamespaceHelper helper(ample);
    Child init(CLONE_NEWNS);
    init.end();
    CHECK(ask(helper, &init).reply->error == ESRCH);
    CHECK(ask(helper, &init).reply->count == 0);
}

TEST_SUITE_END();
