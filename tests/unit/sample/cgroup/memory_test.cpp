// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/cgroup/memory.hpp"

#include <doctest/doctest.h>

#include <map>
#include <optional>
#include <string>

using namespace lxcmon;

namespace {

struct Figures {
    std::optional<std::int64_t> usage, file, inactive, limit;
    std::optional<std::int64_t> shmem = 0;
    std::optional<std::int64_t> slab_reclaimable{};
};

/// The fields that are derived from `figures`, without `figures`.
std::map<std::string, double> derived(const Figures& figures) {
    Readings readings;
    const auto set = [&](FieldId field, std::optional<std::int64_t> value) {
        if (value)
            readings.set(field, *value);
    };
    set(field_id("lxc_memory", "usage_bytes"), figures.usage);
    set(field_id("lxc_memory", "file_bytes"), figures.file);
    set(field_id("lxc_memory", "inactive_file_bytes"), figures.inactive);
    set(field_id("lxc_memory", "shmem_bytes"), figures.shmem);
    set(field_id("lxc_memory", "limit_bytes"), figures.limit);
    set(field_id("", "slab_reclaimable_bytes"), figures.slab_reclaimable);
    sample::derive_memory(readings);
    PointBuffer points;
    readings.emit(fields_of("lxc_memory"), {}, {}, 1, points);
    std::map<std::string, double> found;
    if (points.empty())
        return found;
    for (const Field& field : points[0].fields) {
        if (field.key == "used_percent")
            found["used_percent"] = std::get<double>(field.value);
        else if (field.key == "used_bytes" || field.key == "working_set_bytes")
            found[std::string(field.key)] = static_cast<double>(std::get<std::int64_t>(field.value));
        else
            CHECK((field.key == "usage_bytes" || field.key == "file_bytes" || field.key == "limit_bytes" ||
                   field.key == "shmem_bytes" || field.key == "inactive_file_bytes"));
    }
    return found;
}

using Derived = std::map<std::string, double>;

} // namespace

TEST_CASE("derived fields of memory") {
    CHECK(derived({1000, 400, 300, 2400}) ==
          Derived{{"used_bytes", 600}, {"working_set_bytes", 700}, {"used_percent", 25}});
    CHECK(derived({1000, 1000, 1000, 2000}) ==
          Derived{{"used_bytes", 0}, {"working_set_bytes", 0}, {"used_percent", 0}});
    CHECK(derived({1000, 400, 300, {}}) == Derived{{"used_bytes", 600}, {"working_set_bytes", 700}});
}

TEST_CASE("only the field with a negative difference is left out") {
    CHECK(derived({100, 400, 50, 2000}) == Derived{{"working_set_bytes", 50}});
    CHECK(derived({100, 50, 400, 200}) == Derived{{"used_bytes", 50}, {"used_percent", 25}});
    CHECK(derived({100, 400, 400, 2000}).empty());
}

TEST_CASE("a field with a missing input is left out") {
    CHECK(derived({{}, 400, 300, 2400}).empty());
    CHECK(derived({1000, {}, 300, 2400}) == Derived{{"working_set_bytes", 700}});
    CHECK(derived({1000, 400, {}, 2400}) == Derived{{"used_bytes", 600}, {"used_percent", 25}});
    CHECK(derived({{}, {}, {}, {}}).empty());
}

TEST_CASE("no percentage of a limit of 0") {
    CHECK(derived({1000, 400, 300, 0}) == Derived{{"used_bytes", 600}, {"working_set_bytes", 700}});
}

TEST_CASE("shared memory and tmpfs are used: the kernel can't drop them") {
    CHECK(derived({1000, 900, 300, 2000, 800}) ==
          Derived{{"used_bytes", 900}, {"working_set_bytes", 700}, {"used_percent", 45}});
    CHECK(derived({1000, 400, 300, 2400, {}}) == Derived{{"working_set_bytes", 700}});
    CHECK(derived({1000, 400, 300, 2400, 401}) == Derived{{"working_set_bytes", 700}});
}

TEST_CASE("dentries and inodes are not used: the kernel frees them, and v2 says how large they are") {
    CHECK(derived({1000, 400, 300, 2000, 0, 200}) ==
          Derived{{"used_bytes", 400}, {"working_set_bytes", 700}, {"used_percent", 20}});
    CHECK(derived({1000, 400, 300, 2000, 0, 600}) ==
          Derived{{"used_bytes", 0}, {"working_set_bytes", 700}, {"used_percent", 0}});
    CHECK(derived({1000, 400, 300, 2000, 0, 601}) == Derived{{"working_set_bytes", 700}});
}
