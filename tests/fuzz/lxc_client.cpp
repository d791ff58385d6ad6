// SPDX-License-Identifier: GPL-2.0-or-later
// What the process for liblxc sends: datagrams of any size and number in memory, and a few processes that
// answer, fall silent, crash or send without end.
#include "fuzz/support.hpp"

#include "discover/lxc_clients.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

using namespace lxcmon;
using namespace lxcmon::discover;
using fuzz::require;

namespace {

using State = AnswerPieces::State;

/// Datagrams, whole or shortened. `is_long`: some of them so often that they are about as much as an answer
/// may be.
std::vector<std::string> some_pieces(FuzzedDataProvider& data, bool is_long) {
    std::vector<std::string> pieces;
    for (int left = data.ConsumeIntegralInRange(1, 6); left > 0; --left) {
        std::string piece(1, data.PickValueInArray({more_follows, more_follows, last_piece, 'x'}));
        piece += fuzz::some_text(data, 100);
        if (data.ConsumeIntegralInRange(0, 3) != 0)
            piece.resize(data.ConsumeBool() ? piece_bytes_most : piece_bytes_most - 1, 'p');
        constexpr std::size_t enough = answer_bytes_most / piece_bytes_most;
        const std::size_t times =
            is_long && data.ConsumeBool() ? data.ConsumeIntegralInRange(enough, enough + 2) : 1;
        pieces.insert(pieces.end(), times, piece);
    }
    return pieces;
}

void check_pieces(const std::vector<std::string>& pieces) {
    AnswerPieces answer;
    std::string text;
    for (const std::string& piece : pieces) {
        text += piece.substr(1);
        const bool is_last = piece.front() != more_follows;
        const State state = answer.add(piece);
        require((state == State::too_much) == (text.size() > answer_bytes_most), "an answer is bounded");
        if (state == State::too_much)
            return;
        require(state == (is_last                            ? State::whole
                          : piece.size() == piece_bytes_most ? State::more
                                                             : State::invalid),
                "an answer ends with its last piece");
        require(answer.text() == text, "an answer is the text of its pieces");
        if (state != State::more)
            return;
    }
}

LxcAnswer some_answer(FuzzedDataProvider& data) {
    LxcAnswer answer;
    const auto text = [&](std::size_t most) {
        std::string made = fuzz::some_text(data, 60).c_str();
        const std::size_t repeated =
            data.ConsumeIntegralInRange(0, 15) == 0 ? most + 1 - data.ConsumeBool() : 0;
        made.resize(std::max(made.size(), repeated), 'r');
        return made;
    };
    answer.number = data.ConsumeIntegral<std::uint64_t>();
    answer.trouble = static_cast<LxcTrouble>(data.ConsumeIntegralInRange(0, 3));
    answer.fault = text(1000);
    answer.untrusted = data.ConsumeBool();
    answer.uts_name = text(255);
    answer.lxd_name = text(255);
    answer.cgroup_dir = text(4096);
    answer.state =
        data.ConsumeBool() ? data.PickValueInArray({"RUNNING", "FROZEN", "", "STOPPED"}) : text(20);
    answer.init_pid = data.ConsumeBool() ? 0 : data.ConsumeIntegral<pid_t>();
    answer.is_pve = data.ConsumeBool();
    answer.daemon_socket = text(4096);
    for (std::size_t left = data.ConsumeIntegralInRange<std::size_t>(0, most_other_paths + 1); left > 0;
         --left)
        answer.others.paths.push_back(text(4096));
    answer.others.looked_until = text(4096);
    for (int left = data.ConsumeIntegralInRange(0, 3); left > 0; --left)
        answer.names.push_back(text(255));
    const std::size_t repeated = data.ConsumeIntegralInRange(0, 15) == 0 ? 40 : 0;
    if (!answer.names.empty())
        answer.names.resize(std::max(answer.names.size(), repeated), answer.names.back());
    return answer;
}

bool is_name(const std::string& name) {
    return !name.empty() && name.size() <= 255 && name != "." && name != ".." &&
           name.find('/') == std::string::npos;
}

bool is_sane(const LxcAnswer& answer) {
    static constexpr std::array states{"",         "STOPPED",  "STARTING", "RUNNING", "STOPPING",
                                       "ABORTING", "FREEZING", "FROZEN",   "THAWED"};
    return (answer.trouble == LxcTrouble::none) == answer.fault.empty() && answer.uts_name.size() <= 255 &&
           answer.lxd_name.size() <= 255 && answer.cgroup_dir.size() <= 4096 && answer.init_pid >= 0 &&
           std::find(states.begin(), states.end(), answer.state) != states.end() &&
           answer.daemon_socket.size() <= 4096 && answer.others.looked_until.size() <= 4096 &&
           answer.others.paths.size() <= most_other_paths &&
           std::all_of(answer.others.paths.begin(), answer.others.paths.end(),
                       [](const std::string& path) { return path.size() <= 4096; }) &&
           std::all_of(answer.names.begin(), answer.names.end(), &is_name);
}

/// The agent takes what is sane, as the process has said it.
void check_answer(LxcAnswer answer) {
    const std::string text = encode(answer);
    AnswerPieces pieces;
    State state = State::more;
    for (std::string_view rest = text; state == State::more;)
        state = pieces.add(take_piece(rest));
    require(state == State::whole && pieces.text() == text, "an answer is sent whole");
    const auto got = decode_answer(text);
    answer.fault.resize(std::min<std::size_t>(answer.fault.size(), 1000)); // as encode() shortens it
    require(got.has_value() == is_sane(answer), "a sane answer is taken, any other one refused", text);
    require(!got || *got == answer, "an answer says the same", text);
}

enum class Behaviour {
    answers,
    lies,
    garbles,
    crashes,
    hangs,
    sends_without_end,
    kMaxValue = sends_without_end
};
constexpr std::size_t most_questions = 3;

/// Of the question with each number from 1, for the process.
std::array<Behaviour, most_questions + 1>& behaviours() {
    static auto* const shared = static_cast<std::array<Behaviour, most_questions + 1>*>(
        ::mmap(nullptr, sizeof(std::array<Behaviour, most_questions + 1>), PROT_READ | PROT_WRITE,
               MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    return *shared;
}

void send_text(int socket, const std::string& text) {
    for (std::string_view rest = text; !rest.empty();) {
        const std::string piece = take_piece(rest);
        if (::send(socket, piece.data(), piece.size(), MSG_NOSIGNAL) < 0)
            ::_exit(0);
    }
}

void answer_as_told(int socket) {
    std::array<char, 4 * piece_bytes_most> message{};
    for (;;) {
        const ssize_t length = ::recv(socket, message.data(), message.size(), 0);
        const auto question =
            decode_question({message.data(), static_cast<std::size_t>(std::max<ssize_t>(length, 0))});
        if (!question)
            ::_exit(0);
        LxcAnswer answer;
        answer.number = question->number;
        answer.uts_name = question->name;
        answer.names.assign(100, std::string(200, 'n'));
        switch (behaviours()[question->number]) {
        case Behaviour::lies:
            ++answer.number;
            [[fallthrough]];
        case Behaviour::answers:
            send_text(socket, encode(answer));
            break;
        case Behaviour::garbles:
            send_text(socket, "garbled");
            break;
        case Behaviour::crashes:
            ::_exit(1);
        case Behaviour::hangs:
            for (;;)
                ::pause();
        case Behaviour::sends_without_end:
            send_text(socket, std::string(answer_bytes_most + 1, 'e'));
        }
    }
}

void check_taken(const LxcAnswer& answer, bool is_short) {
    static constexpr std::array<std::string_view, 6> faults{
        "", "invalid answer", "invalid answer", "liblxc crashed", "does not return", "returns too much"};
    const std::string_view wanted = faults[static_cast<std::size_t>(behaviours()[answer.number])];
    if (is_short && (answer.fault.find("does not return") != std::string::npos ||
                     answer.fault.find("can't be ended") != std::string::npos))
        return; // on a busy machine
    require((answer.trouble == LxcTrouble::broken) == !wanted.empty() &&
                answer.fault.find(wanted) != std::string::npos,
            "what the process does", answer.fault);
    require(!wanted.empty() || (answer.uts_name == "web" && answer.names.size() == 100),
            "the answer is whole");
}

/// Several questions at once, each answered once, in the order of their urgency.
void check_processes(FuzzedDataProvider& data) {
    std::array<std::vector<std::uint64_t>, 3> wanted;
    bool has_hang = false;
    const auto count = data.ConsumeIntegralInRange<std::uint64_t>(1, most_questions);
    for (std::uint64_t number = 1; number <= count; ++number) {
        behaviours()[number] = data.ConsumeEnum<Behaviour>();
        has_hang = has_hang || behaviours()[number] == Behaviour::hangs;
    }
    LxcClient client(&answer_as_told, "lxcmon-fuzz", std::chrono::milliseconds(has_hang ? 30 : 20'000));
    for (std::uint64_t number = 1; number <= count; ++number) {
        LxcQuestion question;
        question.number = number;
        question.name = "web";
        const auto urgency = static_cast<LxcUrgency>(data.ConsumeIntegralInRange(0, 2));
        auto& queue = wanted[static_cast<std::size_t>(urgency)];
        queue.insert(urgency == LxcUrgency::next ? queue.begin() : queue.end(), number);
        client.ask(std::move(question), urgency);
    }
    for (const auto& queue : wanted)
        for (const std::uint64_t number : queue) {
            std::optional<LxcAnswer> answer;
            while (!(answer = client.step())) {
                require(client.is_busy(), "a question stays open until its answer");
                pollfd wait{client.socket(), POLLIN, 0};
                ::poll(&wait, 1, 1);
            }
            require(answer->number == number, "the most urgent question first");
            check_taken(*answer, has_hang);
        }
    require(!client.is_busy() && !client.step(), "one answer for a question");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static fuzz::TenthOfTheTime seldom;
    FuzzedDataProvider provider(data, size);
    switch (provider.ConsumeIntegralInRange(0, 255)) {
    case 255:
        seldom([&] {
            if (provider.ConsumeBool())
                check_processes(provider);
            else
                check_pieces(some_pieces(provider, true));
        });
        break;
    case 0:
    case 1:
    case 2:
        check_pieces(some_pieces(provider, false));
        break;
    default:
        check_answer(some_answer(provider));
    }
    return 0;
}
