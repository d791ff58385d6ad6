// SPDX-License-Identifier: GPL-2.0-or-later
#include "expose/place.hpp"

#include "text/foreign_rights.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <string_view>
#include <utility>

namespace lxcmon::expose {
namespace {

constexpr unsigned most_links = 40; // as in the kernel
constexpr std::string_view expected = "; expected a path that no other user can change";

/// Who else can exchange what is in this folder; empty: nobody. In a sticky folder only its owner, and the
/// owner of what is exchanged.
std::string exchange_rights(const struct stat& folder) {
    if ((folder.st_mode & S_ISVTX) != 0 && text::is_own_user(folder.st_uid))
        return {};
    return text::foreign_rights(folder);
}

class Walk {
  public:
    Walk(const std::string& folder, Strangers strangers)
        : strangers_(strangers)
        , rest_(folder) {}

    /// An empty descriptor: error and wrong are set.
    io::UniqueFd open() {
        const bool is_absolute = rest_.starts_with('/');
        if (!enter(is_absolute ? "/" : "", ::open(is_absolute ? "/" : ".", flags | O_DIRECTORY)))
            return {};
        while (!rest_.empty()) {
            const std::string part = rest_.substr(0, rest_.find('/'));
            rest_.erase(0, part.size() + 1);
            if (!part.empty() && part != "." && !step(part))
                return {};
        }
        return std::move(here_);
    }

    int error = 0;
    std::string wrong;

  private:
    static constexpr int flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;

    bool fail() {
        error = errno;
        return false;
    }

    bool enter(std::string shown, int fd) {
        io::UniqueFd folder(fd);
        struct stat status {};
        if (!folder || ::fstat(folder.get(), &status) != 0)
            return fail();
        here_ = std::move(folder);
        shown_ = std::move(shown);
        std::string rights = exchange_rights(status);
        if (rights.empty() && rest_.find_first_not_of('/') == std::string::npos)
            rights = strangers_ == Strangers::refused ? text::foreign_rights(status) : ""; // sticky, and last
        if (rights.empty() || !rights_.empty())
            return true;
        rights_ = std::move(rights);
        strange_ = shown_.empty() ? "." : shown_;
        if (strangers_ == Strangers::refused)
            wrong = strange_ + " " + rights_ +
                    "; expected a folder of root's, in folders of root's, for example below /run";
        return wrong.empty();
    }

    bool step(const std::string& part) {
        std::string shown = shown_ + (shown_.empty() || shown_.ends_with('/') ? "" : "/") + part;
        // O_DIRECTORY lets an automount come.
        const int fd = ::openat(here_.get(), part.c_str(), flags | O_DIRECTORY);
        if (fd >= 0 || errno != ENOTDIR)
            return enter(std::move(shown), fd);
        const io::UniqueFd link(::openat(here_.get(), part.c_str(), flags));
        struct stat status {};
        if (!link || ::fstat(link.get(), &status) != 0)
            return fail();
        if (S_ISLNK(status.st_mode))
            return follow(link.get(), shown, status.st_uid);
        errno = ENOTDIR;
        return fail();
    }

    bool follow(int link, const std::string& shown, uid_t owner) {
        if (!text::is_own_user(owner))
            wrong = "that belongs to the user " + std::to_string(owner);
        else if (!rights_.empty())
            wrong = "below " + strange_ + ", which " + rights_;
        if (!wrong.empty()) {
            wrong = shown + " is a symbolic link " + wrong + std::string(expected);
            return false;
        }
        std::array<char, PATH_MAX> target{};
        const ssize_t size = ::readlinkat(link, "", target.data(), target.size());
        errno = size > 0 ? ELOOP : errno;
        if (size <= 0 || ++links_ > most_links)
            return fail();
        rest_ = std::string(target.data(), static_cast<std::size_t>(size)) + "/" + rest_;
        return !rest_.starts_with('/') || enter("/", ::open("/", flags | O_DIRECTORY));
    }

    const Strangers strangers_;
    std::string rest_;  ///< from here_
    std::string shown_; ///< the path of here_
    io::UniqueFd here_;
    unsigned links_ = 0;
    std::string rights_;  ///< of other users, in the folder strange_; empty: nobody has any so far
    std::string strange_; ///< the first such folder
};

} // namespace

Place::Place(const std::string& path, Strangers strangers)
    : name(path.substr(path.rfind('/') + 1)) {
    Walk walk(path.substr(0, path.size() - name.size()), strangers);
    folder = walk.open();
    error = walk.error;
    wrong = std::move(walk.wrong);
}

} // namespace lxcmon::expose
