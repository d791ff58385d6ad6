// SPDX-License-Identifier: GPL-2.0-or-later
// Which interfaces of several containers are inner ends of veth pairs, beside a search through all of them.
#include "fuzz/support.hpp"

#include "sample/network/veth_pairs.hpp"

#include <algorithm>
#include <array>
#include <memory>

using namespace lxcmon;
using namespace lxcmon::sample;
using fuzz::require;

namespace {

struct Network {
    explicit Network(VethPairs& pairs)
        : ends(pairs) {}
    VethEnds ends;
    ContainerLinks links{};

    [[nodiscard]] std::span<const ContainerLinks::Entry> all() const {
        return std::span(links.links).first(links.count);
    }
};

class Networks {
  public:
    void step(FuzzedDataProvider& data) {
        auto& network = networks_[data.ConsumeIntegralInRange<std::size_t>(0, networks_.size() - 1)];
        if (data.ConsumeIntegralInRange(0, 7) == 0)
            return network.reset();
        if (!network)
            network = std::make_unique<Network>(pairs_);
        network->links.lacks_host_id = data.ConsumeIntegralInRange(0, 7) == 0;
        network->links.count = data.ConsumeIntegralInRange<std::size_t>(0, 4);
        for (auto& entry : std::span(network->links.links).first(network->links.count)) {
            entry.link.kind = data.ConsumeIntegralInRange(0, 7) == 0 ? LinkKind::other : LinkKind::veth;
            entry.link.index = data.ConsumeIntegralInRange(1U, 4U);
            entry.link.peer_index = data.ConsumeIntegralInRange(0U, 4U);
            entry.link.peer_namespace = data.ConsumeIntegralInRange(-1, 1);
            entry.host_index = data.ConsumeIntegralInRange(0, 3) == 0 ? entry.link.peer_index : 0;
        }
        network->ends.update(network->links);
    }

    void check() const {
        for (const auto& network : networks_)
            for (const auto& entry : network ? network->all() : std::span<const ContainerLinks::Entry>{})
                require(network->ends.is_inner(entry) ==
                            (!network->links.lacks_host_id && ends_elsewhere(entry) &&
                             !has_other_end(*network, entry)),
                        "the other end of an inner end is in no other container");
    }

  private:
    [[nodiscard]] bool has_other_end(const Network& own, const ContainerLinks::Entry& end) const {
        return std::ranges::any_of(networks_, [&](const auto& network) {
            return network && network.get() != &own && !network->links.lacks_host_id &&
                   std::ranges::any_of(network->all(), [&](const auto& other) {
                       return ends_elsewhere(other) && other.link.index == end.link.peer_index &&
                              other.link.peer_index == end.link.index;
                   });
        });
    }

    VethPairs pairs_; // outlives the containers
    std::array<std::unique_ptr<Network>, 3> networks_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    FuzzedDataProvider provider(data, size);
    Networks networks;
    for (int steps = 0; steps < 30 && provider.remaining_bytes() > 0; ++steps) {
        networks.step(provider);
        networks.check();
    }
    return 0;
}
