// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/network/container_network.hpp"

#include <spdlog/spdlog.h>

#include <cerrno>
#include <utility>

namespace lxcmon::sample {
namespace {

/// Limit on the series of one start of a container: a tenant can create an interface with a new name at each
/// tick.
constexpr std::size_t max_interfaces = 512;

} // namespace

ContainerNetwork::ContainerNetwork(const std::string& container_name, Wanted wanted)
    : subject_("container " + container_name)
    , wanted_(wanted)
    , interfaces_(max_interfaces) {}

void ContainerNetwork::ask(LinkLister& lister, const Container& container) {
    if (wanted_.links)
        number_ = lister.add(container.init_pid, container.init_pidfd.get(), host_id_);
}

void ContainerNetwork::sample(LinkLister& lister, const PointSink& sink) {
    if (wanted_.links)
        take(lister.links_of(number_, host_id_), sink);
}

void ContainerNetwork::take(const ContainerLinks& links, const PointSink& sink) {
    has_own_network_ = false;
    was_left_out_ = links.left_out;
    if (links.left_out || links.error == ESRCH)
        return; // LinkLister logs the first, the sampler sees that init has ended
    if (links.error != 0)
        return fault_.set(subject_, "its network namespace can't be joined: " + message_of(links.error) +
                                        "; its interfaces are left out. CAP_SYS_ADMIN (root) is needed");
    fault_.set(subject_, links.list_error != 0
                             ? "its interfaces can't be listed: " + message_of(links.list_error)
                             : "");
    has_own_network_ = links.count != 0;
    if (links.shares_host_network && !std::exchange(logged_host_network_, true))
        spdlog::info("{}: it shares the host's network: lxc_net is left out", subject_);
    if (links.has_more && !std::exchange(logged_more_links_, true))
        spdlog::warn("{}: it has more than {} interfaces; the rest are left out", subject_, max_links);
    const NetPoints net{wanted_.loopback, interfaces_, sink.tags, sink.wall_ns, sink.points};
    if (!add_net_points(links, sink.host_links, net) && !std::exchange(logged_names_, true))
        spdlog::warn(
            "{}: it has had more than {} different interfaces since its start; new interfaces are left out",
            subject_, interfaces_.most());
}

} // namespace lxcmon::sample
