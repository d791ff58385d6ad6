// SPDX-License-Identifier: GPL-2.0-or-later
// Microbenchmarks (Google Benchmark) of what is computed: parser, encoder, gzip, spool.
// build/tests/bench/micro --help
#include "bench/generated_points.hpp"
#include "encode/line_protocol.hpp"
#include "http/gzip.hpp"
#include "spool/spool.hpp"
#include "support/captured_reading.hpp"
#include "support/temp_folder.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <stdexcept>
#include <string>

using namespace lxcmon;

namespace {

constexpr std::size_t points_of_batch = 1000;
const std::string in_v1 = "sys/fs/cgroup/", in_v2 = "sys/fs/cgroup/lxc.payload.db-2/";

const sample::CgroupPlan::File& file_of(const sample::CgroupPlan& plan, const std::string& name) {
    const auto at = std::ranges::find(plan.files(), name, &sample::CgroupPlan::File::name);
    if (at == plan.files().end())
        throw std::runtime_error("no " + name + " is read");
    return *at;
}

void parse_figures(benchmark::State& state, const std::string& host, const std::string& path) {
    const test::Fixture fixture(host);
    const test::CapturedHost captured(fixture.root_fd());
    const sample::CgroupPlan::File& file = file_of(captured.plan, path.substr(path.rfind('/') + 1));
    const std::string text = fixture.text(path);
    Readings readings;
    for (auto _ : state) {
        readings.clear();
        sample::take_fields(text, file, readings);
        benchmark::DoNotOptimize(readings);
    }
}

void parse_pressure(benchmark::State& state) {
    const std::string text = test::Fixture("v2").text(in_v2 + "memory.pressure");
    Readings readings;
    for (auto _ : state) {
        readings.clear();
        sample::parse_pressure(text, field_id("lxc_pressure", "some_avg10"),
                               sample::PressureLines::some_and_full, readings);
        benchmark::DoNotOptimize(readings);
    }
}

void parse_blkio(benchmark::State& state) {
    const std::string text =
        test::Fixture("v1").text(in_v1 + "blkio/lxc.payload.limited/blkio.throttle.io_service_bytes");
    std::vector<sample::DeviceIo> devices;
    for (auto _ : state) {
        devices.clear();
        sample::parse_blkio(text, false, devices);
        benchmark::DoNotOptimize(devices.data());
    }
}

/// Line protocol of so many points, or fewer where there are not as many.
std::string encoded(const PointBuffer& points) {
    std::string text;
    for (std::size_t index = 0; index < std::min(points.size(), points_of_batch); ++index)
        static_cast<void>(encode::append_line_protocol(text, points[index]));
    return text;
}

PointBuffer generated() {
    bench::GeneratedPoints containers(points_of_batch);
    PointBuffer points;
    for (std::size_t container = 0; points.size() < points_of_batch; ++container)
        containers.add_points(container, 1'700'000'000'000'000'000, points);
    return points;
}

void encode_points(benchmark::State& state) {
    const PointBuffer points = generated();
    std::string text;
    for (auto _ : state) {
        text.clear();
        for (std::size_t index = 0; index < points_of_batch; ++index)
            static_cast<void>(encode::append_line_protocol(text, points[index]));
        benchmark::DoNotOptimize(text.data());
    }
    state.counters["bytes"] = static_cast<double>(text.size());
}

void gzip_batch(benchmark::State& state) {
    const std::string text = encoded(generated());
    http::Gzip gzip;
    std::string packed;
    for (auto _ : state) {
        gzip.compress(text, packed);
        benchmark::DoNotOptimize(packed.data());
    }
    state.counters["bytes"] = static_cast<double>(packed.size());
}

/// On a tmpfs: what a disk takes is not ours.
void spool_and_read_back(benchmark::State& state) {
    const test::TempFolder folder("/dev/shm");
    spool::Settings settings;
    settings.folder = folder.path("spool");
    spool::Spool spool(settings);
    const Batch batch{encoded(generated()), points_of_batch};
    for (auto _ : state) {
        if (!spool.append(batch).entry || spool.begin() == nullptr)
            throw std::runtime_error("the spool does not take or give a batch");
        spool.accept();
    }
}

} // namespace

BENCHMARK_CAPTURE(parse_figures, memory_stat_v1, "v1", in_v1 + "memory/lxc.payload.db-2/memory.stat");
BENCHMARK_CAPTURE(parse_figures, memory_stat_v2, "v2", in_v2 + "memory.stat");
BENCHMARK_CAPTURE(parse_figures, cpu_stat_v1, "v1", in_v1 + "cpu/lxc.payload.db-2/cpu.stat");
BENCHMARK_CAPTURE(parse_figures, cpu_stat_v2, "v2", in_v2 + "cpu.stat");
BENCHMARK(parse_pressure);
BENCHMARK(parse_blkio);
BENCHMARK(encode_points)->Unit(benchmark::kMicrosecond);
BENCHMARK(gzip_batch)->Unit(benchmark::kMicrosecond);
BENCHMARK(spool_and_read_back)->Unit(benchmark::kMicrosecond);
BENCHMARK_MAIN();
