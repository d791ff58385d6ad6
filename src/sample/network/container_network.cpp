// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/network/container_network.hpp"

#include "text/clean_name.hpp"
#include "text/printable.hpp"

#include <spdlog/spdlog.h>

#include <cerrno>
#include <utility>

namespace lxcmon::sample {

ContainerNetwork::ContainerNetwork(const std::string& container_name, const Wanted& wanted, VethPairs& pairs,
                                   SeriesNames& names)
    : subject_("container " + container_name)
    , wanted_(wanted)
    , veth_ends_(pairs)
    , names_(names) {}

void ContainerNetwork::ask(LinkLister& lister, const Container& container) {
    if (wanted_.links)
        number_ = lister.add(container.init_pid, container.init_pidfd.get(), host_id_);
}

void ContainerNetwork::note_veth_ends(LinkLister& lister) {
    if (!wanted_.links)
        return;
    const ContainerLinks& links = lister.links_of(number_, host_id_);
    if (!links.left_out && links.error == 0)
        veth_ends_.update(links);
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
    add_points(links, sink);
}

void ContainerNetwork::add_points(const ContainerLinks& links, const PointSink& sink) {
    names_.begin_scan(sink.boottime_ns);
    const LinksLeftOut left_out = add_net_points(
        links, sink.host_links, {wanted_.choice, veth_ends_, names_, sink.tags, sink.wall_ns, sink.points});
    // The container with the other end may have been started, and be known in the next tick.
    const bool had_inner = std::exchange(had_inner_, !left_out.inner.empty());
    if (had_inner && had_inner_ && !std::exchange(logged_inner_, true))
        spdlog::info("{}: its veth interfaces with the other end neither on the host nor in a container of "
                     "the host, for example {}, are left out; --net-include adds them",
                     subject_, left_out.inner);
    if (!left_out.same_name.empty() && names_.newly_same_name())
        spdlog::warn(
            "{}: its interface {} is left out: its name is sent as {}, like that of its interface {}",
            subject_, text::escaped(left_out.same_name), text::clean_name(left_out.same_name),
            text::escaped(left_out.same_as));
    if (names_.newly_too_many())
        spdlog::warn(
            "{}: it has too many different interfaces; new interfaces are left out: {} have a place, "
            "and as many new ones a day, as each adds a series to the database",
            subject_, names_.most());
}

} // namespace lxcmon::sample
