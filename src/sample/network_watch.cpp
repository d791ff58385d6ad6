#include "sample/network_watch.hpp"

#include "sample/pauses.hpp"

#include <spdlog/spdlog.h>

#include <cerrno>
#include <utility>

namespace lxcmon::sample {
namespace {

/// Series of one start of a container: a tenant can make an interface of a new name at each tick.
constexpr std::size_t most_names = 512;

} // namespace

NetworkWatch::NetworkWatch(const std::string& container_name, Wanted wanted)
    : who_("container " + container_name)
    , wanted_(wanted)
    , interfaces_(most_names) {}

void NetworkWatch::prepare(NamespaceRequest& request, std::int64_t monotonic_ns) const noexcept {
    request.look = Look::network;
    request.want_links = wanted_.links && monotonic_ns >= links_again_ns_;
    request.want_processes = wanted_.processes && monotonic_ns >= processes_again_ns_;
    request.want_start = wanted_.start && !start_ticks_ && monotonic_ns >= processes_again_ns_;
}

void NetworkWatch::take(Outcome outcome, const NamespaceReply& reply, const HangPlace& hang,
                        std::int64_t monotonic_ns, const Target& target) {
    has_own_network_ = false;
    if (outcome == Outcome::hung) {
        take_hang(hang, monotonic_ns);
        if (hang.stage != Stage::processes)
            return;
    }
    if (outcome == Outcome::broken)
        return fault_.set(
            who_, "the helper process ended while it looked into its namespaces: interfaces and processes "
                  "are left out this time");
    if (reply.error == ESRCH)
        return; // ended: the sampler sees that
    if (reply.error != 0)
        return fault_.set(who_,
                          "its namespaces can't be joined: " + words_of(reply.error) +
                              "; interfaces and processes are left out. CAP_SYS_ADMIN (root) is needed");
    fault_.set(who_, reply.network_error != 0
                         ? "its interfaces can't be listed: " + words_of(reply.network_error)
                         : "");
    has_own_network_ = reply.link_count != 0;
    if (reply.start_ticks >= 0)
        start_ticks_ = reply.start_ticks;
    take_links(reply, target);
    take_processes(reply, monotonic_ns, target);
}

void NetworkWatch::take_hang(const HangPlace& hang, std::int64_t monotonic_ns) {
    has_hung_ = true;
    const std::int64_t until_ns = monotonic_ns + hang_pause_ns;
    if (hang.stage == Stage::processes) {
        processes_again_ns_ = until_ns;
        if (!std::exchange(processes_hung_, true))
            spdlog::warn("{}: reading what /proc says of its processes did not end in time; their "
                         "number is left out for 5 minutes",
                         who_);
        return;
    }
    if (hang.stage == Stage::unknown)
        return fault_.set(who_, "the helper process did not get to it in time (is this machine overloaded?): "
                                "interfaces and processes are left out this time");
    // The kernel has one lock for the interfaces of all namespaces: another's end may have held it. Who hangs
    // at two looks in a row is at fault itself.
    if (!std::exchange(links_hung_, true))
        return spdlog::warn("{}: listing its interfaces did not end in time; lxc_net is left out this time, "
                            "also of containers that are asked behind it",
                            who_);
    links_again_ns_ = until_ns;
    if (!std::exchange(links_left_alone_, true))
        spdlog::warn("{}: listing its interfaces did not end in time again; lxc_net is left out for 5 "
                     "minutes",
                     who_);
}

void NetworkWatch::take_links(const NamespaceReply& reply, const Target& target) {
    if (reply.shares_host_network && !std::exchange(said_host_network_, true))
        spdlog::info("{}: it shares the host's network: lxc_net is left out", who_);
    if (reply.has_more_links && !std::exchange(said_more_links_, true))
        spdlog::warn("{}: it has more than {} interfaces: the others are left out", who_, max_links);
    const bool were_listed = reply.link_count != 0 || reply.shares_host_network;
    if (were_listed && std::exchange(links_hung_, false)) {
        links_left_alone_ = false;
        spdlog::info("{}: its interfaces can be listed again", who_);
    }
    const NetTarget net{wanted_.loopback, interfaces_, target.tags, target.wall_ns, target.points};
    if (!add_net_points(reply, target.host_links, net) && !std::exchange(said_names_, true))
        spdlog::warn("{}: it has had more than {} different interfaces since its start: new ones "
                     "are left out",
                     who_, interfaces_.most());
}

void NetworkWatch::take_processes(const NamespaceReply& reply, std::int64_t monotonic_ns,
                                  const Target& target) {
    if (reply.processes >= 0) {
        target.readings.set(field_id("lxc_pids", "processes"), reply.processes);
        if (std::exchange(processes_hung_, false))
            spdlog::info("{}: its processes can be counted again", who_);
    } else {
        // Looked at all the same: its /proc is another thing now.
        processes_hung_ = processes_hung_ && reply.processes_nsec == 0;
    }
    if (reply.processes_nsec <= slow_nsec)
        return; // also one that takes its time and turns out to be no procfs is asked seldom
    processes_again_ns_ = monotonic_ns + slow_pause_ns;
    if (!std::exchange(said_slow_, true))
        spdlog::warn("{}: counting its processes in its /proc took {} ms; they are counted once a "
                     "minute while that lasts",
                     who_, reply.processes_nsec / 1'000'000);
}

} // namespace lxcmon::sample
