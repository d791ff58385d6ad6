#include "sample/network/container_network.hpp"

#include <spdlog/spdlog.h>

#include <cerrno>
#include <utility>

namespace lxcmon::sample {
namespace {

/// Series of one start of a container: a tenant can make an interface of a new name at each tick.
constexpr std::size_t most_names = 512;

} // namespace

ContainerNetwork::ContainerNetwork(const std::string& container_name, Wanted wanted)
    : who_("container " + container_name)
    , wanted_(wanted)
    , interfaces_(most_names) {}

void ContainerNetwork::sample(NamespaceLinks& networks, const Container& container, const Target& target) {
    if (wanted_.links)
        take(networks.scan(container.init_pid, container.init_pidfd.get(), host_id_), target);
}

void ContainerNetwork::take(const ContainerLinks& links, const Target& target) {
    has_own_network_ = false;
    was_left_out_ = links.left_out;
    if (links.left_out || links.error == ESRCH)
        return; // the first is said for all of them; one that has ended is seen by the sampler
    if (links.error != 0)
        return fault_.set(who_, "its network namespace can't be joined: " + message_of(links.error) +
                                    "; its interfaces are left out. CAP_SYS_ADMIN (root) is needed");
    fault_.set(who_, links.list_error != 0 ? "its interfaces can't be listed: " + message_of(links.list_error)
                                           : "");
    has_own_network_ = links.count != 0;
    if (links.shares_host_network && !std::exchange(said_host_network_, true))
        spdlog::info("{}: it shares the host's network: lxc_net is left out", who_);
    if (links.has_more && !std::exchange(said_more_links_, true))
        spdlog::warn("{}: it has more than {} interfaces: the others are left out", who_, max_links);
    const NetPoints net{wanted_.loopback, interfaces_, target.tags, target.wall_ns, target.points};
    if (!add_net_points(links, target.host_links, net) && !std::exchange(said_names_, true))
        spdlog::warn("{}: it has had more than {} different interfaces since its start: new ones "
                     "are left out",
                     who_, interfaces_.most());
}

} // namespace lxcmon::sample
