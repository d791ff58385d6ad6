// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "discover/lxcpath_owner.hpp"

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What the agent and its process for liblxc (lxc_worker.hpp) say to each other.
namespace lxcmon::discover {

enum class LxcAsk : std::uint8_t {
    owner,     ///< of `lxcpath`, as lxcpath_owner() says; only root's process is asked for that
    list,      ///< the containers of `lxcpath`, its other paths and its manager
    container, ///< state and settings of `name`
    init,      ///< whether `init_pid` is the init of a container of user `owner`
    defaults   ///< default_lxcpaths(); only root's process is asked for that
};

struct LxcQuestion {
    LxcAsk ask = LxcAsk::list;
    std::uint64_t number = 0; ///< set by LxcClients
    std::string lxcpath;
    std::string name;
    bool active = false; ///< its monitor's socket exists
    uid_t owner = 0;     ///< of the lxcpath; see lxcpath_owner()
    pid_t init_pid = 0;
    std::string cgroup_dir;
    std::string pve_lxcpath; ///< for LxcAsk::list: PveSettings::lxcpath
    OtherPaths others;       ///< for LxcAsk::list: of the last answer

    friend bool operator==(const LxcQuestion&, const LxcQuestion&) = default;
};

enum class LxcTrouble : std::uint8_t {
    none,
    fault,  ///< liblxc or the kernel refuses
    silent, ///< the monitor does not answer: starting, stopped by a signal, overloaded
    broken  ///< the process has hung or crashed
};

/// The texts are untrusted if the lxcpath is a user's.
struct LxcAnswer {
    std::uint64_t number = 0; ///< of the question
    LxcTrouble trouble = LxcTrouble::none;
    bool untrusted = false;         ///< the process on the monitor's socket must not be asked
    bool is_pve = false;            ///< of LxcAsk::list: `pve_lxcpath` leads to the same folder
    bool may_hang = false;          ///< see LxcpathOwner
    std::string fault;              ///< if trouble is not `none`: the reason
    std::string uts_name;           ///< lxc.uts.name
    std::string lxd_name;           ///< lxd_instance_name()
    std::string cgroup_dir;         ///< lxc.cgroup.dir.container
    std::string state;              ///< a state name of liblxc
    FolderId folder;                ///< of LxcAsk::list
    OtherPaths others;              ///< of LxcAsk::list
    std::vector<std::string> paths; ///< of LxcAsk::defaults
    std::vector<std::string> names; ///< of LxcAsk::list
    std::string daemon_socket;      ///< of LxcAsk::list: lxd_socket()
    LxcOwner owner;                 ///< of LxcAsk::owner
    pid_t init_pid = 0;             ///< 0: not running

    friend bool operator==(const LxcAnswer&, const LxcAnswer&) = default;
};

/// A message is a sequence of texts, each ended by NUL.
[[nodiscard]] std::string encode(const LxcQuestion& question);
[[nodiscard]] std::string encode(const LxcAnswer& answer);
/// nullopt for a malformed message, and for an answer with a text that is too long, a state name that liblxc
/// does not have or a name that no container can have.
[[nodiscard]] std::optional<LxcQuestion> decode_question(std::string_view message);
[[nodiscard]] std::optional<LxcAnswer> decode_answer(std::string_view message);

/// True for the states of liblxc. It returns "INVALID STATE" if the monitor can't be asked.
[[nodiscard]] bool is_lxc_state(std::string_view state) noexcept;

/// An answer is sent in datagrams, because a list of names may be longer than one can be. The first byte of
/// each tells whether another one follows.
constexpr char more_follows = '+';
constexpr char last_piece = '.';
constexpr std::size_t piece_bytes_most = 4096;
/// Limit on one answer: 100,000 names.
constexpr std::size_t answer_bytes_most = 8U << 20U;

/// Takes the next datagram off the front of an encoded answer. The last one may have no byte of it.
[[nodiscard]] std::string take_piece(std::string_view& answer);

/// Puts an answer together.
class AnswerPieces {
  public:
    enum class State {
        more,     ///< another one follows
        whole,    ///< text() is the answer
        too_much, ///< above answer_bytes_most
        invalid   ///< a short one before the last: those without end would keep the agent busy
    };
    /// `piece`: a datagram, not empty.
    [[nodiscard]] State add(std::string_view piece);
    void clear() noexcept { text_.clear(); }
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

  private:
    std::string text_;
};

} // namespace lxcmon::discover
