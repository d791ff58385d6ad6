// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/fixture.hpp"

#include "sample/helper/mount_choice.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace lxcmon::sample;
using lxcmon::test::Fixture;
using Texts = std::vector<std::string>;

namespace {

/// Lines of mountinfo. Ids count up, and so do devices if none is given.
class Text {
  public:
    Text& add(const std::string& mount_point, const std::string& type, const std::string& device = "",
              const std::string& root = "/") {
        ++number_;
        const std::string own = std::to_string(number_);
        text_ += own + " 1 " + (device.empty() ? "0:" + own : device) + " " + root + " " + mount_point +
                 " rw,relatime shared:1 - " + type + " /dev/" + own + " rw\n";
        return *this;
    }
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

  private:
    int number_ = 20;
    std::string text_;
};

Texts chosen(const std::string& mountinfo, const MountGlobs& globs = {}) {
    Texts points;
    for (const WantedMount& each : choose_mounts(mountinfo, globs).wanted)
        points.push_back(each.mount_point);
    return points;
}

bool takes(const std::string& mount_point, const std::string& type, const MountGlobs& globs = {}) {
    return chosen(Text().add(mount_point, type).text(), globs) == Texts{mount_point};
}

} // namespace

TEST_CASE("filesystems that hold data are chosen") {
    for (const std::string type : {"ext4", "xfs", "btrfs", "zfs", "f2fs", "vfat", "tmpfs", "virtiofs"}) {
        CAPTURE(type);
        CHECK(takes("/", type));
        CHECK(takes("/data", type));
    }
}

TEST_CASE("pseudo filesystems of the kernel are never chosen, whatever is included") {
    const MountGlobs all{{"*", "/*"}, {}};
    for (const std::string type :
         {"proc",    "sysfs",   "cgroup",     "cgroup2",  "devtmpfs", "devpts",     "mqueue",  "hugetlbfs",
          "debugfs", "tracefs", "securityfs", "pstore",   "bpf",      "configfs",   "fusectl", "binfmt_misc",
          "autofs",  "nsfs",    "rpc_pipefs", "efivarfs", "ramfs",    "fuse.lxcfs", "nfsd"}) {
        CAPTURE(type);
        CHECK_FALSE(takes("/data", type));
        CHECK_FALSE(takes("/data", type, all));
        CHECK_FALSE(takes("/", type, all));
    }
}

TEST_CASE("filesystems that may hang are chosen only when asked for, even as /") {
    for (const std::string type : {"nfs", "nfs4", "cifs", "smb3", "ceph", "9p", "afs", "glusterfs", "lustre",
                                   "ocfs2", "fuse", "fuseblk", "fuse.sshfs"}) {
        CAPTURE(type);
        for (const std::string place : {"/", "/data"}) {
            CHECK_FALSE(takes(place, type));
            CHECK(takes(place, type, {{type}, {}}));
            CHECK(takes(place, type, {{place}, {}}));
            CHECK_FALSE(takes(place, type, {{"ext4"}, {}}));
        }
        CHECK(choose_mounts(Text().add("/", type).text(), {}).root_may_hang);
        CHECK(choose_mounts(Text().add("/data", type).text(), {{type}, {}}).wanted[0].is_risky);
        CHECK(choose_mounts(Text().add("/data", "ext4").add("/", type).text(), {}).wanted[0].is_risky);
        CHECK_FALSE(choose_mounts(Text().add("/", "ext4").add("/data", type).text(), {}).wanted[0].is_risky);
        CHECK_FALSE(choose_mounts(Text().add("/", "ext4").add("/data", type).text(), {}).root_may_hang);
    }
    CHECK(takes("/data", "fuse.sshfs", {{"fuse*"}, {}}));
    CHECK_FALSE(takes("/data", "nfs4", {{"fuse*"}, {}}));
}

TEST_CASE("a mount is risky if its path leads through a mount that may hang") {
    const auto is_risky = [](const std::string& type, const std::string& place) {
        const auto wanted =
            choose_mounts(Text().add("/", "ext4").add("/srv", type).add(place, "tmpfs").text(), {}).wanted;
        REQUIRE(wanted.back().mount_point == place);
        return wanted.back().is_risky;
    };
    for (const std::string type : {"nfs4", "fuse.sshfs", "autofs", "overlay"}) {
        CAPTURE(type);
        CHECK(is_risky(type, "/srv/a"));
        CHECK(is_risky(type, "/srv/a/b"));
        CHECK_FALSE(is_risky(type, "/srvs"));
        CHECK_FALSE(is_risky(type, "/a/srv/b"));
    }
    CHECK_FALSE(is_risky("ext4", "/srv/a"));
    // A device is reported in one of the two scans only, by a safe path if there is one.
    const std::string twice =
        Text().add("/srv", "fuse").add("/srv/a", "ext4", "8:1").add("/long/way", "ext4", "8:1", "/x").text();
    CHECK(chosen(twice) == Texts{"/long/way"});
    CHECK(chosen(twice, {{}, {"/long/way"}}) == Texts{"/srv/a"});
}

TEST_CASE("images, and overlays other than /, are chosen only when asked for") {
    for (const std::string type : {"squashfs", "iso9660", "erofs", "overlay"}) {
        CAPTURE(type);
        CHECK(takes("/", type) == (type == "overlay")); // an image is always full
        CHECK_FALSE(takes("/var/lib/docker/overlay2/1/merged", type));
        CHECK(takes("/data", type, {{type}, {}}));
    }
    CHECK(takes("/", "tmpfs"));
}

TEST_CASE("the tmpfs of LXD and Incus are chosen only when asked for") {
    for (const std::string place :
         {"/var/lib/lxd/shmounts", "/var/lib/lxd/devlxd", "/var/lib/incus/guestapi"}) {
        CHECK_FALSE(takes(place, "tmpfs"));
        CHECK(takes(place, "tmpfs", {{place}, {}}));
        CHECK(takes(place, "ext4"));
    }
    CHECK(takes("/var/lib/lxd", "tmpfs"));
}

TEST_CASE("mounts on an automount that idles out are chosen only when asked for") {
    const auto with_timeout = [](const std::string& seconds) {
        return "41 1 0:9 / /srv rw - autofs systemd-1 rw,fd=6,pgrp=1,timeout=" + seconds +
               ",minproto=5,maxproto=5,direct,pipe_ino=7\n" +
               Text().add("/", "ext4").add("/srv", "ext4").add("/srv/a", "tmpfs").add("/srvs", "xfs").text();
    };
    CHECK(chosen(with_timeout("60")) == Texts{"/", "/srvs"});
    CHECK(chosen(with_timeout("0")) == Texts{"/", "/srv", "/srv/a", "/srvs"});
    CHECK(chosen(with_timeout("60"), {{"/srv"}, {}}) == Texts{"/", "/srv", "/srvs"});
    CHECK(chosen(with_timeout("60"), {{"tmpfs"}, {}}) == Texts{"/", "/srv/a", "/srvs"});
    // The order of the lines does not matter, and another way to the filesystem is no use of the automount.
    const std::string text = Text().add("/srv/a", "ext4", "8:1").add("/data", "ext4", "8:1", "/x").text() +
                             "41 1 0:9 / /srv rw - autofs map rw,timeout=300,indirect\n";
    CHECK(chosen(text) == Texts{"/data"});
}

TEST_CASE("mounts in the system's folders are chosen only when asked for") {
    for (const std::string place : {"/dev", "/dev/shm", "/proc/x", "/sys/fs/x", "/run", "/run/user/1000"}) {
        CAPTURE(place);
        CHECK_FALSE(takes(place, "tmpfs"));
        CHECK(takes(place, "tmpfs", {{"tmpfs"}, {}}));
        CHECK(takes(place, "tmpfs", {{place}, {}}));
    }
    CHECK(takes("/devices", "tmpfs"));
    CHECK(takes("/srv/run", "tmpfs"));
}

TEST_CASE("--fs-exclude takes precedence") {
    CHECK_FALSE(takes("/data", "ext4", {{}, {"/data"}}));
    CHECK_FALSE(takes("/data", "ext4", {{}, {"ext*"}}));
    CHECK_FALSE(takes("/data/deep", "ext4", {{}, {"/data*"}}));
    CHECK_FALSE(takes("/", "ext4", {{}, {"/"}}));
    CHECK_FALSE(takes("/data", "nfs", {{"nfs"}, {"/data"}}));
    CHECK(takes("/data", "ext4", {{}, {"data", "/dat", "ext"}}));
}

TEST_CASE("the order within a device is /, then the whole device, then the shortest mount point") {
    const std::string text = Text()
                                 .add("/etc/hosts", "ext4", "8:1", "/hosts")
                                 .add("/a/longer", "xfs", "8:2", "/part")
                                 .add("/tmp", "tmpfs")
                                 .add("/a", "xfs", "8:2", "/part")
                                 .add("/a/longer/still", "xfs", "8:2", "/")
                                 .add("/whole", "ext4", "8:1", "/")
                                 .add("/", "ext4", "8:1", "/rootfs")
                                 .text();
    CHECK(chosen(text) == Texts{"/", "/whole", "/etc/hosts", "/a/longer/still", "/a", "/a/longer", "/tmp"});
}

TEST_CASE("a chosen mount has its id, device and strings") {
    const auto choice = choose_mounts("41 1 259:4294967295 /x /my\\040disk ro - ext4 /dev/\\134a rw\n", {});
    REQUIRE(choice.wanted.size() == 1);
    CHECK(choice.wanted[0].id == 41);
    CHECK(choice.wanted[0].device == (std::uint64_t{259} << 32U | 0xffffffffU));
    CHECK(choice.wanted[0].mount_point == "/my disk");
    CHECK(choice.wanted[0].source == "/dev/\\a");
    CHECK(choice.wanted[0].filesystem_type == "ext4");
}

TEST_CASE("ext4 that refuses writes after an error says so in its options") {
    const auto refuses_writes = [](const std::string& options) {
        const auto choice = choose_mounts("41 1 7:0 / /a rw - ext4 /dev/loop0 " + options + "\n", {});
        REQUIRE(choice.wanted.size() == 1);
        return choice.wanted[0].refuses_writes;
    };
    CHECK(refuses_writes("rw,errors=remount-ro,emergency_ro"));
    CHECK(refuses_writes("rw,shutdown,errors=remount-ro"));
    CHECK_FALSE(refuses_writes("rw,errors=remount-ro"));
    CHECK_FALSE(refuses_writes("rw,x-emergency_ro"));
}

TEST_CASE("mounts with a string that is too long are counted, not truncated") {
    const std::string fits = "/" + std::string(max_mount_text - 1, 'x');
    CHECK(takes(fits, "ext4"));
    const auto choice = choose_mounts(Text().add(fits + "x", "ext4").add("/b", "ext4").text(), {});
    CHECK(choice.too_long == 1);
    REQUIRE(choice.wanted.size() == 1);
    CHECK(choice.wanted[0].mount_point == "/b");
    const auto long_source = choose_mounts("1 0 8:1 / /a rw - ext4 " + fits + "x rw\n", {});
    CHECK(long_source.too_long == 1);
    CHECK(long_source.wanted.empty());
}

TEST_CASE("malformed lines are skipped") {
    for (const std::string line :
         {"", "nonsense\n", "x 1 8:1 / /a rw - ext4 d rw\n", "1 1 8 / /a rw - ext4 d rw\n",
          "1 1 8:x / /a rw - ext4 d rw\n", "1 1 8:4294967296 / /a rw - ext4 d rw\n",
          "1 1 8:1 / a rw - ext4 d rw\n"}) {
        CAPTURE(line);
        CHECK(chosen(line + "\n" + Text().add("/b", "ext4").text()) == Texts{"/b"});
    }
    CHECK(chosen("1 1 8:1 / /cut rw - ext4 d rw").empty());
}

TEST_CASE("the mounts of the captured containers") {
    for (const std::string name : {"v1", "v2", "hybrid"}) {
        const Fixture fixture(name);
        for (const auto& captured : fixture.containers()) {
            CAPTURE(captured.name);
            const auto choice = choose_mounts(fixture.text("proc/" + captured.init_pid + "/mountinfo"), {});
            REQUIRE_FALSE(choice.wanted.empty());
            // The root of the busybox containers is a folder of the host's disk, that of sysd an overlay.
            CHECK(choice.wanted[0].mount_point == "/");
            CHECK(choice.wanted[0].filesystem_type == (captured.name == "sysd" ? "overlay" : "ext4"));
            CHECK(choice.wanted[0].source == (captured.name == "sysd" ? "overlay" : "/dev/vda"));
        }
    }
}
