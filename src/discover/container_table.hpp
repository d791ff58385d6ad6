// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "discover/container_entry.hpp"
#include "discover/folder_watch.hpp"
#include "discover/lxc_clients.hpp"
#include "discover/managers/manager.hpp"
#include "discover/monitors/peer.hpp"
#include "discover/monitors/sockets.hpp"
#include "discover/settings.hpp"
#include "model/container.hpp"
#include "model/finding.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lxcmon::discover {

/// All containers of the host, running or stopped, kept from tick to tick. Sampling thread only.
class ContainerTable {
  public:
    /// Without lxcpaths in the settings: waits for up to LiblxcSettings::first_wait for the default ones.
    explicit ContainerTable(DiscoverSettings settings);

    /// Takes over what the managers of a table have answered that this one replaces, because the settings
    /// have changed: while a manager does not answer nothing changes, and this table does not wait for it.
    /// Call it before the first refresh(). `before` can be used further.
    void take_managers_of(const ContainerTable& before);

    /// Updates the table; call once a tick. An lxcpath that can't be listed is logged once and does not
    /// affect the others. Started, stopped, created and destroyed containers are seen at once. A
    /// configuration that appears or disappears in an existing folder is seen within ListingSettings::period.
    /// In an lxcpath that is not root's, created and destroyed containers are seen within
    /// ListingSettings::foreign_period. Two lxcpaths of one folder are one: the first. A container that is
    /// started by a path of its lxcpath that is not known yet (a link) is STOPPED until the next listing.
    /// liblxc runs in processes of its own (LxcClients): if it has not answered within LiblxcSettings::wait
    /// (first_wait the first time), the container is skipped until it has. If /proc/net/unix can't be read
    /// (in time), only the running containers that it knows are there; throws std::system_error if it has
    /// never been read, except for want of time.
    void refresh();

    /// Ordered by lxcpath, then name. Valid until the next refresh(); the address of an entry does not change
    /// while the container exists.
    [[nodiscard]] const std::vector<const Container*>& containers() const noexcept { return view_; }
    /// Also default lxcpaths that have gone since.
    [[nodiscard]] const std::vector<std::string>& lxcpaths() const noexcept { return settings_.lxcpaths; }
    /// Number of containers whose state is unknown or whose name repeats another; the reason was logged.
    [[nodiscard]] std::size_t left_out() const noexcept { return left_out_; }
    /// Logs the reasons that refresh() has not, as it waits for a second attempt: if there is none.
    void report_left_out();
    /// "--include matches no container", if the settings leave none of those that were found; empty
    /// otherwise, and as long as an lxcpath has not been listed.
    [[nodiscard]] std::string why_none_is_selected() const;
    /// For the command `check`: whether each manager of containers on this host answers.
    [[nodiscard]] std::vector<Finding> managers() const;
    /// Error of each lxcpath that could not be listed at the last refresh(), by lxcpath.
    [[nodiscard]] const std::map<std::string, std::string>& faults() const noexcept { return faults_; }

    /// Process that asks liblxc for an owner of lxcpaths; -1: none at the moment.
    [[nodiscard]] pid_t liblxc_pid(uid_t owner) const noexcept { return clients_.pid_for(owner); }

  private:
    using Clock = std::chrono::steady_clock;
    using Entries = ContainerEntries;
    using Memories = std::map<std::string, ContainerEntry::Memory, std::less<>>;

    struct Path {
        explicit Path(FolderWatch watch) noexcept
            : folder(watch) {}

        [[nodiscard]] bool is_same_folder(const Path& other) const noexcept {
            return owner && other.owner && owner->uid == other.owner->uid && folder_id &&
                   folder_id == other.folder_id;
        }
        void forget_folder() {
            folder_id.reset();
            others = {};
        }
        void forget_containers() noexcept {
            entries.clear();
            manager.reset();
        }

        FolderWatch folder;
        bool is_gone = false;              ///< a default lxcpath that is none at the moment
        std::optional<FolderId> folder_id; ///< as of the last list
        std::size_t same_as = 0;           ///< index of the first lxcpath of the same folder
        OtherPaths others;                 ///< of the folder, as of the last list
        std::vector<std::string> paths; ///< all of the folder, the lxcpath first; none if it is not the first
        std::optional<LxcOwner> owner;  ///< not known before the first answer
        bool may_hang = true;           ///< the agent itself must not touch it
        std::shared_ptr<Manager> manager; ///< of its containers; nullptr: none
        FolderId managed_folder;          ///< that `manager` was chosen for
        bool has_earlier_answer = false;  ///< of `manager`, to the table before: not taken yet
        Memories memories;                ///< of the table before; until the first list
        Entries entries;
        std::uint64_t question = 0; ///< number of the open question for its owner or a list; 0: none
        int failures = 0;           ///< consecutive lists on which liblxc has hung or crashed
        std::int64_t retry_ns = 0;  ///< CLOCK_MONOTONIC of the next list after these
    };
    /// An lxcpath with a manager in the table that this one replaces.
    struct Earlier {
        FolderId folder;
        std::shared_ptr<Manager> manager;
        Memories memories;
    };
    enum class Source : std::uint8_t { configuration, monitor, manager };
    struct Pending {
        std::size_t path;
        std::string name; ///< of a container
        LxcAsk ask;
    };

    void poll_ended();
    [[nodiscard]] bool must_list(std::size_t index);
    void ask_about_path(std::size_t index, LxcAsk what);
    [[nodiscard]] bool has_all_running(const std::string& lxcpath, const Path& path);
    [[nodiscard]] static bool is_of_root(const Path& path) noexcept {
        return path.owner && path.owner->uid == 0;
    }
    void update_all(std::size_t index);
    struct Listener {
        std::size_t way = 0;     ///< index of the path of its lxcpath
        std::uint64_t inode = 0; ///< 0: none
    };
    [[nodiscard]] Listener find_listener(const ContainerEntry& entry) const;
    void update(std::size_t index, ContainerEntry& entry);
    void ask(std::size_t index, ContainerEntry& entry, bool of_init);
    void take(LxcAnswer answer);
    void take_of_path(std::size_t index, LxcAsk what, const LxcAnswer& answer);
    void take_owner(std::size_t index, const LxcAnswer& answer);
    void take_list(std::size_t index, const LxcAnswer& answer);
    void ask_about_defaults();
    void take_defaults(const LxcAnswer& answer);
    void follow_default(const std::string& lxcpath);
    void leave_default(std::size_t index);
    void add_path(const std::string& lxcpath);
    void find_same_folders();
    void share_paths();
    [[nodiscard]] LogAllowance* allowance_of(const Path& path);
    void note_list(const std::string& lxcpath, Path& path, const std::string& fault);
    void refuse_taken_init(const ContainerEntry& entry, LxcAnswer& answer) const;
    void take_container(std::size_t index, ContainerEntry& entry, bool of_init, LxcAnswer answer);
    void choose_manager(Path& path, const LxcAnswer& answer);
    void refresh_manager(std::size_t index, bool may_wait);
    void mark_seen(std::size_t index, const std::string& name, Source source);
    void ask_managers(bool may_wait);
    void mark_shadowed();
    [[nodiscard]] static bool is_of_pve(const Path& path) noexcept {
        return path.manager && path.manager->announces();
    }
    [[nodiscard]] bool is_wanted(const Path& path, const std::string& name) const noexcept;
    void select(const Path& path, ContainerEntry& entry);
    void make_view();
    void note_no_match();

    DiscoverSettings settings_;
    std::vector<Earlier> earlier_; ///< until their folders are listed
    std::vector<Path> by_path_;    ///< same index as settings_.lxcpaths
    EndedInits ended_inits_;
    std::vector<const Container*> view_;
    std::map<std::string, std::string> faults_;
    std::map<uid_t, LogAllowance> allowances_;
    MonitorSockets sockets_;
    IgnoredListeners ignored_;
    LxcClients clients_;
    std::map<std::uint64_t, Pending> pending_; ///< by number
    bool follows_defaults_ = false;
    std::uint64_t defaults_question_ = 0; ///< 0: none is open
    std::int64_t defaults_due_ns_ = 0;    ///< CLOCK_MONOTONIC
    std::string defaults_fault_;
    bool is_first_ = true;
    bool listed_ = false; ///< in this round
    std::int64_t now_ns_ = 0;
    std::size_t left_out_ = 0;
    std::string said_no_match_; ///< as last logged
    std::uint64_t last_id_ = 0;
    std::uint64_t last_incarnation_ = 0;
};

} // namespace lxcmon::discover
