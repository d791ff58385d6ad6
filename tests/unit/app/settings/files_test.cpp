// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/settings/files.hpp"

#include "app/settings/bad_setting.hpp"
#include "support/temp_folder.hpp"
#include "unit/app/settings/few_options.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

using namespace lxcmon::app;
using lxcmon::test::few_options;
using lxcmon::test::TempFolder;

using Texts = std::vector<std::string>;

namespace {

/// A folder with conf.d in it.
class Folder : public TempFolder {
  public:
    Folder() { std::filesystem::create_directory(path("conf.d")); }

    [[nodiscard]] FileSettings read(bool must_exist = true) const {
        return read_settings_files(path("main.toml"), must_exist, few_options()).settings;
    }
    [[nodiscard]] std::size_t conf_files() const {
        return read_settings_files(path("main.toml"), true, few_options()).conf_files;
    }
    [[nodiscard]] std::string error(bool must_exist = true) const {
        try {
            static_cast<void>(read(must_exist));
        } catch (const BadSetting& bad) {
            return bad.what();
        }
        return "no error";
    }
};

} // namespace

TEST_CASE("the files of conf.d are read after the main file, sorted by name") {
    const Folder folder;
    folder.write("main.toml", "host = 'main'\ninterval = '1s'\nlog-level = 'main'\n");
    folder.write("conf.d/9.toml", "host = '9'\n");
    folder.write("conf.d/10.toml", "host = '10'\ninterval = '10s'\n");
    folder.write("conf.d/Z.toml", "log-level = 'Z'\n");
    folder.write("conf.d/a.toml", "log-level = 'a'\n");
    const FileSettings settings = folder.read();
    CHECK(settings.at("host").values == Texts{"9"}); // "10" is before "9"
    CHECK(settings.at("host").path == folder.path("conf.d/9.toml"));
    CHECK(settings.at("interval").values == Texts{"10s"});
    CHECK(settings.at("log-level").values == Texts{"a"}); // bytes, not a locale's order
    CHECK(folder.conf_files() == 4);
}

TEST_CASE("a list of a later file replaces an earlier one as a whole") {
    const Folder folder;
    folder.write("main.toml", "include = ['a', 'b']\n[tag]\nsite = 'berlin'\nrack = 3\n");
    folder.write("conf.d/a.toml", "include = ['c']\n[tag]\nsite = 'rome'\n");
    CHECK(folder.read().at("include").values == Texts{"c"});
    CHECK(folder.read().at("tag").values == Texts{"site=rome"});
    folder.write("conf.d/b.toml", "include = []\n");
    CHECK(folder.read().at("include").values.empty());
}

TEST_CASE("only files that end in .toml and do not begin with a dot are read") {
    const Folder folder;
    folder.write("main.toml", "");
    for (const char* name : {"a.toml~", "a.toml.dpkg-old", ".a.toml", ".toml", "README", "a.TOML"})
        folder.write(std::string("conf.d/") + name, "no TOML");
    std::filesystem::create_directory(folder.path("conf.d/folder"));
    CHECK(::mkfifo(folder.path("conf.d/pipe").c_str(), 0600) == 0);
    CHECK(folder.read().empty());
    folder.write("elsewhere", "host = 'link'\n");
    std::filesystem::create_symlink("../elsewhere", folder.path("conf.d/link.toml"));
    CHECK(folder.read().at("host").values == Texts{"link"});
}

TEST_CASE("a name in conf.d that is not a regular file is an error") {
    const auto check = [](const Folder& folder, const std::string& name) {
        folder.write("main.toml", "");
        CHECK(folder.error() == "lxcmon-few: " + folder.path("conf.d/" + name) +
                                    ": is not a regular file, expected a settings file; remove or rename it");
    };
    const Folder with_folder;
    std::filesystem::create_directory(with_folder.path("conf.d/6.toml"));
    check(with_folder, "6.toml");
    const Folder with_pipe;
    CHECK(::mkfifo(with_pipe.path("conf.d/7.toml").c_str(), 0600) == 0);
    check(with_pipe, "7.toml");
    for (const char* target : {"../missing", "5.toml", "/dev/null"}) {
        const Folder with_link;
        std::filesystem::create_symlink(target, with_link.path("conf.d/5.toml"));
        check(with_link, "5.toml");
    }
}

TEST_CASE("an error names its file") {
    const Folder folder;
    folder.write("main.toml", "host = 'h'\n");
    folder.write("conf.d/a.toml", "\nhots = 'h'\n");
    CHECK(folder.error().starts_with("lxcmon-few: " + folder.path("conf.d/a.toml") +
                                     ":2:1: unknown key 'hots' (did you mean host?)"));
}

TEST_CASE("the main file may be missing unless it must exist; conf.d may be missing") {
    const Folder folder;
    CHECK(folder.error() ==
          "lxcmon-few: " + folder.path("main.toml") +
              ": can't be read: No such file or directory, expected a TOML file, see --config");
    CHECK(folder.read(false).empty());
    folder.write("conf.d/a.toml", "host = 'h'\n");
    CHECK(folder.read(false).at("host").values == Texts{"h"});
    std::filesystem::remove_all(folder.path("conf.d"));
    CHECK(folder.read(false).empty());
    folder.write("conf.d", "a file");
    CHECK(folder.read(false).empty());
}

TEST_CASE("an unreadable file is an error even if it need not exist") {
    const Folder folder;
    std::filesystem::create_directory(folder.path("main.toml"));
    CHECK(folder.error(false).find("main.toml: can't be read: Is a directory") != std::string::npos);
}

TEST_CASE("a pipe in place of the main file is refused, not waited for") {
    const Folder folder;
    REQUIRE(::mkfifo(folder.path("main.toml").c_str(), 0600) == 0);
    for (const bool must_exist : {true, false})
        CHECK(folder.error(must_exist).find("main.toml: is a pipe, expected a regular file") !=
              std::string::npos);
}

TEST_CASE("a file is at most 1 MiB long") {
    const Folder folder;
    folder.write("main.toml", "#" + std::string((1U << 20U) - 1, 'x'));
    CHECK(folder.read().empty());
    folder.write("main.toml", "#" + std::string(1U << 20U, 'x'));
    CHECK(folder.error().find("main.toml: is longer than 1 MiB") != std::string::npos);
}

TEST_CASE("a conf.d that other users may write is refused") {
    const Folder folder;
    folder.write("main.toml", "");
    CHECK(::chmod(folder.path("conf.d").c_str(), 0777) == 0);
    CHECK(folder.error().find("conf.d: may be written by other users, expected a folder of root that "
                              "only root may write; run: chown root:root /") != std::string::npos);
    CHECK(::chmod(folder.path("conf.d").c_str(), 0775) == 0);
    CHECK(folder.error() == "no error");
    if (::geteuid() != 0)
        return;
    CHECK(::chown(folder.path("conf.d").c_str(), 1234, 0) == 0);
    CHECK(folder.error().find("conf.d: belongs to the user 1234, expected") != std::string::npos);
    CHECK(::chown(folder.path("conf.d").c_str(), 0, 1234) == 0);
    CHECK(folder.error().find("conf.d: may be written by other users, expected") != std::string::npos);
}

TEST_CASE("a file of conf.d that other users own or may write is refused") {
    const Folder folder;
    folder.write("main.toml", "");
    const std::string path = folder.write("conf.d/a.toml", "host = 'h'\n");
    const std::string refused = path + ": may be written by other users";
    CHECK(::chmod(path.c_str(), 0666) == 0);
    CHECK(folder.error().find(refused) != std::string::npos);
    CHECK(folder.error().ends_with("run: chown root:root " + path + " && chmod go-w " + path));
    CHECK(::chmod(path.c_str(), 0664) == 0);
    CHECK(folder.error() == "no error");
    if (::geteuid() != 0)
        return;
    CHECK(::chown(path.c_str(), 0, 1234) == 0);
    CHECK(folder.error().find(refused) != std::string::npos);
    CHECK(::chmod(path.c_str(), 0644) == 0);
    CHECK(folder.error() == "no error");
    CHECK(::chown(path.c_str(), 1234, 0) == 0);
    CHECK(folder.error().find(path + ": belongs to the user 1234") != std::string::npos);
}

TEST_CASE("a main file that other users own or may write is refused") {
    const Folder folder;
    const std::string path = folder.write("main.toml", "host = 'h'\n");
    const std::string refused = path + ": may be written by other users";
    for (const bool must_exist : {true, false}) {
        CHECK(::chmod(path.c_str(), 0646) == 0);
        CHECK(folder.error(must_exist).find(refused) != std::string::npos);
        CHECK(folder.error().ends_with("run: chown root:root " + path + " && chmod go-w " + path));
        CHECK(::chmod(path.c_str(), 0664) == 0);
        CHECK(folder.error(must_exist) == "no error");
    }
    if (::geteuid() != 0)
        return;
    CHECK(::chown(path.c_str(), 0, 1234) == 0);
    CHECK(folder.error().find(refused) != std::string::npos);
    CHECK(::chown(path.c_str(), 1234, 0) == 0);
    CHECK(::chmod(path.c_str(), 0600) == 0);
    CHECK(folder.error().find(path + ": belongs to the user 1234") != std::string::npos);
}

TEST_CASE("a character device may be the main file") {
    CHECK(read_settings_files("/dev/null", true, few_options()).settings.empty());
}

TEST_CASE("with sudo, the caller's own file of --config is accepted" * doctest::test_suite("needs root")) {
    const Folder folder;
    const std::string path = folder.write("main.toml", "");
    REQUIRE(::chown(path.c_str(), 1234, 1234) == 0);
    const auto error = [](const std::vector<std::string>& arguments, const Environment& environment) {
        try {
            static_cast<void>(parse(few_options(), arguments, environment));
        } catch (const BadSetting& bad) {
            return std::string(bad.what());
        }
        return std::string("no error");
    };
    const std::string refused = "lxcmon-few: " + path + ": belongs to the user 1234";
    CHECK(error({"--config", path}, {{"SUDO_UID", "1234"}}) == "no error");
    CHECK(error({}, {{"SUDO_UID", "1234"}, {"LXCMON_CONFIG", path}}) == "no error");
    for (const char* user : {"1235", "", "-1", "1234x"})
        CHECK(error({"--config", path}, {{"SUDO_UID", user}}).starts_with(refused));
    CHECK(error({"--config", path}, {}).starts_with(refused));
    REQUIRE(::chmod(path.c_str(), 0664) == 0); // its group is not root's
    CHECK(error({"--config", path}, {{"SUDO_UID", "1234"}}).ends_with("; run: chmod go-w " + path));
}
