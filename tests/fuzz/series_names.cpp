// SPDX-License-Identifier: GPL-2.0-or-later
// Names that become series: the bounds on them, and containers with the same name.
#include "fuzz/support.hpp"

#include "discover/names/same_names.hpp"
#include "encode/line_protocol.hpp"
#include "encode/line_protocol_reader.hpp"
#include "sample/guard/series_names.hpp"
#include "text/clean_name.hpp"

#include <algorithm>
#include <map>
#include <set>

using namespace lxcmon;
using fuzz::require;
using sample::Admission;
using sample::SeriesNames;

namespace {

/// SeriesNames beside what its contract says.
class Checked {
  public:
    explicit Checked(std::size_t most)
        : most_(most)
        , names_(most) {}

    void begin_scan(std::int64_t passed_ns) {
        names_.begin_scan(now_ns_ += passed_ns);
        in_scan_.clear();
    }

    void admit(const std::string& name) {
        const bool is_held = names_.holds(name);
        const auto used = used_ns_.find(name);
        require(used == used_ns_.end() || now_ns_ - used->second >= SeriesNames::unused_after_ns || is_held,
                "a name that is in use keeps its place", name);
        const Admission admission = names_.admit(name);
        require((admission == Admission::same_name) == in_scan_.contains(name), "a name clashes with itself",
                name);
        require((admission == Admission::too_many) == !names_.holds(name), "a refused name has no place",
                name);
        if (admission != Admission::admitted)
            return require(admission == Admission::same_name || !is_held, "a place is kept", name);
        in_scan_.insert(name);
        used_ns_[name] = now_ns_;
        if (!is_held)
            new_ns_.push_back(now_ns_);
        check_bounds();
    }

  private:
    void check_bounds() {
        require(names_.size() <= most_, "names have places");
        require(names_.text_bytes() <= 16 * names_.size(), "names are short");
        const auto of_day = std::ranges::count_if(
            new_ns_, [&](std::int64_t each) { return now_ns_ - each < SeriesNames::day_ns; });
        require(static_cast<std::size_t>(of_day) <= 2 * most_, "new names of a day");
    }

    std::size_t most_;
    SeriesNames names_;
    std::int64_t now_ns_ = 1;
    std::set<std::string> in_scan_;
    std::map<std::string, std::int64_t> used_ns_; ///< last admission
    std::vector<std::int64_t> new_ns_;
};

void check_bounds(FuzzedDataProvider& data) {
    constexpr std::int64_t hour_ns = SeriesNames::unused_after_ns;
    Checked names(data.ConsumeIntegralInRange<std::size_t>(0, 5));
    for (int scans = 0; scans < 60 && data.remaining_bytes() > 0; ++scans) {
        names.begin_scan(
            data.PickValueInArray<std::int64_t>({0, 1, 60'000'000'000, hour_ns - 1, hour_ns, 5 * hour_ns,
                                                 SeriesNames::day_ns - 1, SeriesNames::day_ns}));
        for (int left = data.ConsumeIntegralInRange(0, 8); left > 0; --left)
            names.admit(text::clean_name(data.ConsumeRandomLengthString(2)));
    }
}

/// A tag's value is the clean name, also on the server.
void check_tag(std::string_view name) {
    const std::string clean = text::clean_name(name);
    PointBuffer points;
    points.begin("m", 1);
    points.tag("name", clean);
    points.field("f", std::int64_t{1});
    points.end();
    std::string line;
    require(encode::append_line_protocol(line, points[0]), "a line");
    PointBuffer read;
    require(!encode::parse_line_protocol(line, read) && read.size() == 1, "a clean name is a valid tag",
            line);
    require(tag_of(read[0], "name") == clean, "a tag is the clean name", line);
    require(line.find('\n') == line.size() - 1, "one line", line);
}

/// Each lxcpath with some names of files, in precedence.
std::vector<Container> containers_of(FuzzedDataProvider& data) {
    std::vector<Container> containers;
    std::set<std::string> lxcpaths;
    for (int paths = data.ConsumeIntegralInRange(1, 3); paths > 0; --paths) {
        const std::string lxcpath = data.ConsumeRandomLengthString(3);
        std::set<std::string> names;
        for (int left = data.ConsumeIntegralInRange(0, 6); left > 0; --left)
            names.insert(data.ConsumeRandomLengthString(3));
        if (lxcpaths.insert(lxcpath).second)
            for (const std::string& name : names) {
                containers.emplace_back().lxcpath = lxcpath;
                containers.back().name = name;
            }
    }
    return containers;
}

/// What the tags of its points say: the lxcpath only for a name that another container has.
using Series = std::pair<std::string, std::string>;
Series series_of(const Container& container) {
    return {container.shadowed ? "in " + text::clean_name(container.lxcpath) : "",
            text::clean_name(container.name)};
}

void check_marks(const std::vector<Container>& containers) {
    std::map<Series, const Container*> sent;
    for (const Container& each : containers)
        if (!each.repeats_name)
            require(sent.emplace(series_of(each), &each).second, "two containers are two series", each.name);
    for (const Container& each : containers) {
        const std::string name = text::clean_name(each.name);
        const auto has_same = [&](const Container& other) {
            return &other != &each && text::clean_name(other.name) == name && !other.repeats_name;
        };
        const auto is_near = [&](const Container& other) {
            return has_same(other) && text::clean_name(other.lxcpath) == text::clean_name(each.lxcpath);
        };
        require(each.repeats_name == (each.repeats_name && std::ranges::any_of(containers, is_near)),
                "a container is left out for another one", each.name);
        require(!each.shadowed || sent.contains({"", name}), "a shadowed container has a first one",
                each.name);
        require(each.shadowed || !each.repeats_name, "a name that repeats is shadowed", each.name);
        const auto is_same_text = [&](const Container& other) {
            return &other != &each && text::clean_name(other.name) == name;
        };
        require(std::ranges::any_of(containers, is_same_text) || (!each.shadowed && !each.repeats_name),
                "a name of its own has no mark", each.name);
        const auto is_same_folder_clean = [&](const Container& other) {
            return is_same_text(other) && other.lxcpath == each.lxcpath && text::is_clean(other.name);
        };
        require(!std::ranges::any_of(containers, is_same_folder_clean) || each.shadowed,
                "a clean name has precedence in its lxcpath", each.name);
    }
}

void check_same_names(FuzzedDataProvider& data) {
    std::vector<Container> containers = containers_of(data);
    std::vector<Container*> pointers;
    for (Container& each : containers)
        pointers.push_back(&each);
    for (int times = 0; times < 2; ++times) {
        discover::mark_same_names(pointers, [](const Container&) { return true; });
        check_marks(containers);
    }
    if (!containers.empty()) { // a container goes: marks of others fall
        containers.erase(containers.begin());
        pointers.pop_back();
        discover::mark_same_names(pointers, [](const Container&) { return true; });
        check_marks(containers);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    check_tag(fuzz::text_of(data, size));
    FuzzedDataProvider provider(data, size);
    check_same_names(provider);
    check_bounds(provider);
    return 0;
}
