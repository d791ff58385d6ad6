// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/local/exporter.hpp"

#include "support/fixture.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

using namespace lxcmon;
using namespace lxcmon::push;
using namespace std::chrono_literals;

namespace {

void add_filesystem(Exporter& exporter) {
    const std::array<Tag, 2> tags{{{"host", "h"}, {"mountpoint", "/"}}};
    const std::array<Field, 1> fields{{{"total_bytes", std::int64_t{7}}}};
    exporter.add({"host_fs", tags, fields});
}

std::string answer_at(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    const io::UniqueFd client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return "no connection";
    const std::string_view request = "GET /metrics HTTP/1.0\r\n\r\n";
    static_cast<void>(::send(client.get(), request.data(), request.size(), MSG_NOSIGNAL));
    std::string text;
    std::array<char, 4096> part{};
    for (ssize_t got = 1; got > 0; text.append(part.data(), static_cast<std::size_t>(got)))
        got = std::max<ssize_t>(::recv(client.get(), part.data(), part.size(), 0), 0);
    return text;
}

bool has_filesystem(const std::string& text) {
    return text.find("host_fs_total_bytes{host=\"h\",mountpoint=\"/\"} 7") != std::string::npos;
}

ino_t inode_of(const std::string& path) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

/// An exporter with a file and a socket, after a tick with a filesystem.
class Exported {
  public:
    Exported() {
        config_.prometheus = {folder_.path("x.prom"), "unix://" + socket_path()};
        config_.collect.interval = 10s;
        exporter_.emplace(config_);
        exporter_->begin();
        add_filesystem(*exporter_);
        exporter_->end();
    }

    [[nodiscard]] Config config() const { return config_; }
    [[nodiscard]] std::string socket_path() const { return folder_.path("m.sock"); }
    [[nodiscard]] std::string file_path(const char* name = "x.prom") const { return folder_.path(name); }
    Exporter& operator*() { return *exporter_; }
    void change(const Config& next) { exporter_->change(std::exchange(config_, next), next, 30s); }
    /// A tick in which no filesystem is sampled.
    void tick() {
        exporter_->begin();
        exporter_->end();
    }

  private:
    test::TempFolder folder_;
    Config config_;
    std::optional<Exporter> exporter_;
};

} // namespace

TEST_CASE("other settings: the listener listens on without a pause, with the last text until the next tick") {
    Exported exported;
    const ino_t socket = inode_of(exported.socket_path());
    Config next = exported.config();
    next.collect.sample.tags.host = "other";
    next.collect.interval = 20s;
    exported.change(next);
    CHECK(has_filesystem(answer_at(exported.socket_path())));
    CHECK(inode_of(exported.socket_path()) == socket);
    next.prometheus.file = exported.file_path("y.prom");
    exported.change(next);
    CHECK(inode_of(exported.socket_path()) == socket);
    next.prometheus.listen.clear();
    exported.change(next);
    CHECK(inode_of(exported.socket_path()) == 0);
}

TEST_CASE("another file or listener: values that are not sampled at each tick stay") {
    Exported exported;
    Config next = exported.config();
    next.prometheus.file = exported.file_path("y.prom");
    exported.change(next);
    CHECK(inode_of(exported.file_path()) == 0);
    exported.tick();
    CHECK(has_filesystem(answer_at(exported.socket_path())));
    CHECK((*exported).finish(false, 30s));
    CHECK(has_filesystem(test::text_of_file(exported.file_path("y.prom"))));
}

TEST_CASE("other labels: the values with the old ones are gone") {
    Exported exported;
    Config next = exported.config();
    next.collect.sample.tags.host = "other";
    exported.change(next);
    exported.tick();
    CHECK_FALSE(has_filesystem(answer_at(exported.socket_path())));
}

TEST_CASE("the listener goes with its age limit to a longer interval") {
    Exported exported;
    Config next = exported.config();
    next.collect.interval = 1ns;
    exported.change(next);
    CHECK(answer_at(exported.socket_path()).find(" 503 ") != std::string::npos);
    next.collect.interval = 10s;
    exported.change(next);
    CHECK(answer_at(exported.socket_path()).find(" 200 ") != std::string::npos);
}
