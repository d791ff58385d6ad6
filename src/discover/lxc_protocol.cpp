// SPDX-License-Identifier: GPL-2.0-or-later
#include "discover/lxc_protocol.hpp"

#include "io/parse.hpp"

#include <algorithm>
#include <array>
#include <climits>
#include <limits>

namespace lxcmon::discover {
namespace {

constexpr std::size_t longest_name = NAME_MAX;
constexpr std::size_t longest_fault = 1000;

void put(std::string& message, std::string_view text) {
    message.append(text).push_back('\0');
}

template <std::integral Number>
void put(std::string& message, Number number) {
    put(message, std::string_view(std::to_string(number)));
}

/// Takes the texts of a message apart. A missing or malformed one makes it invalid.
class Texts {
  public:
    explicit Texts(std::string_view message) noexcept
        : rest_(message)
        , valid_(message.ends_with('\0')) {}

    [[nodiscard]] bool is_valid() const noexcept { return valid_; }
    [[nodiscard]] bool has_more() const noexcept { return valid_ && !rest_.empty(); }
    std::string take(std::size_t longest = PATH_MAX) {
        valid_ = valid_ && !rest_.empty();
        const std::string_view text = io::take_until(rest_, '\0');
        valid_ = valid_ && text.size() <= longest;
        return valid_ ? std::string(text) : std::string();
    }
    template <std::integral Number>
    Number take_number(Number most = std::numeric_limits<Number>::max()) {
        const auto number = io::parse_number<Number>(take());
        valid_ = valid_ && number && *number <= most;
        return valid_ ? *number : 0;
    }
    template <typename Enum>
    Enum take_enum(Enum last) {
        const auto number = take_number<unsigned>();
        valid_ = valid_ && number <= static_cast<unsigned>(last);
        return valid_ ? static_cast<Enum>(number) : Enum{};
    }

  private:
    std::string_view rest_;
    bool valid_;
};

void put(std::string& message, const std::vector<std::string>& paths) {
    put(message, paths.size());
    for (const std::string& path : paths)
        put(message, std::string_view(path));
}

void put(std::string& message, const OtherPaths& others) {
    put(message, others.paths);
    put(message, std::string_view(others.looked_until));
}

std::vector<std::string> take_paths(Texts& texts) {
    std::vector<std::string> paths(texts.take_number<std::size_t>(most_other_paths));
    for (std::string& path : paths)
        path = texts.take();
    return paths;
}

OtherPaths take_others(Texts& texts) {
    OtherPaths others;
    others.paths = take_paths(texts);
    others.looked_until = texts.take();
    return others;
}

bool is_container_name(std::string_view name) noexcept {
    return !name.empty() && name.size() <= longest_name && name != "." && name != ".." &&
           name.find('/') == std::string_view::npos;
}

} // namespace

bool is_lxc_state(std::string_view state) noexcept {
    static constexpr std::array<std::string_view, 8> states{"STOPPED",  "STARTING", "RUNNING", "STOPPING",
                                                            "ABORTING", "FREEZING", "FROZEN",  "THAWED"};
    return std::ranges::find(states, state) != states.end();
}

std::string encode(const LxcQuestion& question) {
    std::string message;
    put(message, static_cast<unsigned>(question.ask));
    put(message, question.number);
    put(message, question.lxcpath);
    put(message, question.name);
    put(message, question.active ? 1 : 0);
    put(message, question.owner);
    put(message, question.init_pid);
    put(message, question.cgroup_dir);
    put(message, question.pve_lxcpath);
    put(message, question.others);
    return message;
}

std::optional<LxcQuestion> decode_question(std::string_view message) {
    Texts texts(message);
    LxcQuestion question;
    question.ask = texts.take_enum(LxcAsk::defaults);
    question.number = texts.take_number<std::uint64_t>();
    question.lxcpath = texts.take();
    question.name = texts.take();
    question.active = texts.take_number<int>() != 0;
    question.owner = texts.take_number<uid_t>();
    question.init_pid = texts.take_number<pid_t>();
    question.cgroup_dir = texts.take();
    question.pve_lxcpath = texts.take();
    question.others = take_others(texts);
    return texts.is_valid() && !texts.has_more() ? std::optional(std::move(question)) : std::nullopt;
}

std::string encode(const LxcAnswer& answer) {
    std::string message;
    put(message, answer.number);
    put(message, static_cast<unsigned>(answer.trouble));
    put(message, std::string_view(answer.fault).substr(0, longest_fault));
    put(message, answer.untrusted ? 1 : 0);
    put(message, answer.uts_name);
    put(message, answer.lxd_name);
    put(message, answer.cgroup_dir);
    put(message, answer.state);
    put(message, answer.init_pid);
    put(message, answer.owner.uid);
    put(message, answer.owner.gid);
    put(message, answer.may_hang ? 1 : 0);
    put(message, answer.folder.device);
    put(message, answer.folder.inode);
    put(message, answer.is_pve ? 1 : 0);
    put(message, answer.daemon_socket);
    put(message, answer.others);
    put(message, answer.paths);
    for (const std::string& name : answer.names)
        put(message, name);
    return message;
}

std::optional<LxcAnswer> decode_answer(std::string_view message) {
    Texts texts(message);
    LxcAnswer answer;
    answer.number = texts.take_number<std::uint64_t>();
    answer.trouble = texts.take_enum(LxcTrouble::broken);
    answer.fault = texts.take(longest_fault);
    answer.untrusted = texts.take_number<int>() != 0;
    answer.uts_name = texts.take(longest_name);
    answer.lxd_name = texts.take(longest_name);
    answer.cgroup_dir = texts.take();
    answer.state = texts.take();
    answer.init_pid = texts.take_number<pid_t>();
    answer.owner.uid = texts.take_number<uid_t>();
    answer.owner.gid = texts.take_number<gid_t>();
    answer.may_hang = texts.take_number<int>() != 0;
    answer.folder.device = texts.take_number<std::uint64_t>();
    answer.folder.inode = texts.take_number<std::uint64_t>();
    answer.is_pve = texts.take_number<int>() != 0;
    answer.daemon_socket = texts.take();
    answer.others = take_others(texts);
    answer.paths = take_paths(texts);
    while (texts.has_more())
        answer.names.push_back(texts.take());
    const bool is_sane = texts.is_valid() && answer.init_pid >= 0 &&
                         (answer.trouble == LxcTrouble::none) == answer.fault.empty() &&
                         (answer.state.empty() || is_lxc_state(answer.state)) &&
                         std::ranges::all_of(answer.names, is_container_name);
    return is_sane ? std::optional(std::move(answer)) : std::nullopt;
}

std::string take_piece(std::string_view& answer) {
    const std::string_view part = answer.substr(0, piece_bytes_most - 1);
    answer.remove_prefix(part.size());
    return std::string(1, answer.empty() ? last_piece : more_follows).append(part);
}

AnswerPieces::State AnswerPieces::add(std::string_view piece) {
    text_ += piece.substr(1);
    if (text_.size() > answer_bytes_most)
        return State::too_much;
    if (piece.front() != more_follows)
        return State::whole;
    return piece.size() == piece_bytes_most ? State::more : State::invalid;
}

} // namespace lxcmon::discover
