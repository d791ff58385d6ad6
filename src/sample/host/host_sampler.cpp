// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/host/host_sampler.hpp"

#include "io/clock.hpp"
#include "sample/host/cpu.hpp"
#include "sample/host/load.hpp"
#include "sample/host/memory.hpp"
#include "sample/network/host_points.hpp"
#include "text/clean_name.hpp"
#include "text/printable.hpp"

#include <spdlog/spdlog.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace lxcmon::sample {
namespace {

/// Largest file of the host: one line per disk, or per CPU and interrupt.
constexpr std::size_t most_bytes = 8U << 20U;

/// Logs a change of the error state. `what`: "/proc/stat", "the list of its interfaces".
void note_error(const std::string& what, std::string_view measurement, int error, int& last) {
    last = error;
    if (error != 0)
        spdlog::warn("host: {} can't be read: {}; {} is left out", what,
                     std::generic_category().message(error), measurement);
    else
        spdlog::info("host: {} can be read again", what);
}

} // namespace

HostSampler::HostSampler(const SampleSettings& settings, io::FdBudget& budget, DeviceNames& devices)
    : io_(settings.root_fd, settings.io_globs, devices)
    , has_net_(settings.selection.has_any(fields_of("host_net")))
    , net_choice_{settings.net_loopback, settings.net_globs} {
    for (const auto& [key, value] : settings.tags.user)
        tags_.push_back({key, value});
    tags_.push_back({"host", settings.tags.host});
    const auto source = [&](io::FilePath path, std::string_view measurement,
                            io::Pieces pieces = io::Pieces::one) {
        return Source{io::KernelFile(settings.root_fd, path, budget), measurement, pieces};
    };
    if (settings.selection.has_any(fields_of("host_cpu")))
        stat_ = source("proc/stat", "host_cpu");
    if (settings.selection.has_any(fields_of("host_load")))
        loadavg_ = source("proc/loadavg", "host_load");
    if (settings.selection.has_any(fields_of("host_io")))
        diskstats_ = source("proc/diskstats", "host_io", io::Pieces::pages);
    for (CgroupPlan::File& file : plan_host_files(settings.selection)) {
        Source from = source({{}, file.name}, "part of host_memory", io::Pieces::pages);
        keyed_.push_back({std::move(file), std::move(from)});
    }
    if (!settings.selection.has_any(fields_of("host_pressure")))
        return;
    pressure_.push_back({"cpu", PressureLines::some, source("proc/pressure/cpu", "host_pressure")});
    pressure_.push_back(
        {"memory", PressureLines::some_and_full, source("proc/pressure/memory", "host_pressure")});
    pressure_.push_back({"io", PressureLines::some_and_full, source("proc/pressure/io", "host_pressure")});
}

void HostSampler::sample(std::int64_t tick_ns, std::vector<char>& buffer, PointBuffer& points) {
    sample_cpu(tick_ns, buffer, points);
    sample_memory(tick_ns, buffer, points);
    sample_load(tick_ns, buffer, points);
    if (diskstats_)
        io_.add_points(text_of(*diskstats_, buffer), tags_, tick_ns, points);
    sample_pressure(tick_ns, buffer, points);
}

/// Empty if it can't be read. Grows the buffer as needed, up to most_bytes.
std::string_view HostSampler::text_of(Source& source, std::vector<char>& buffer) {
    io::ReadResult result = source.file.read(buffer, source.pieces);
    while (result.error == EOVERFLOW && buffer.size() < most_bytes) {
        buffer.resize(buffer.size() * 2);
        result = source.file.read(buffer, source.pieces);
    }
    if (result.gone() || result.error == EOPNOTSUPP) // missing in this kernel, or turned off
        source.error = 0;
    else if (result.error != source.error)
        note_error("/" + source.file.path(), source.measurement, result.error, source.error);
    return result.text;
}

void HostSampler::sample_cpu(std::int64_t tick_ns, std::vector<char>& buffer, PointBuffer& points) {
    if (!stat_)
        return;
    readings_.clear();
    const std::int64_t monotonic_ns = io::now_ns(CLOCK_MONOTONIC);
    parse_host_cpu(text_of(*stat_, buffer), readings_);
    if (const auto usage = readings_.integer(field_id("host_cpu", "usage_usec")))
        if (const auto percent = cpu_rate_.next(*usage, monotonic_ns))
            readings_.set(field_id("host_cpu", "usage_percent"), *percent);
    readings_.emit(fields_of("host_cpu"), tags_, {}, tick_ns, points);
}

void HostSampler::sample_memory(std::int64_t tick_ns, std::vector<char>& buffer, PointBuffer& points) {
    if (keyed_.empty())
        return;
    readings_.clear();
    for (Keyed& each : keyed_)
        take_fields(text_of(each.source, buffer), each.plan, readings_);
    derive_host_memory(readings_);
    readings_.emit(fields_of("host_memory"), tags_, {}, tick_ns, points);
}

void HostSampler::sample_load(std::int64_t tick_ns, std::vector<char>& buffer, PointBuffer& points) {
    if (!loadavg_)
        return;
    readings_.clear();
    parse_host_load(text_of(*loadavg_, buffer), readings_);
    readings_.emit(fields_of("host_load"), tags_, {}, tick_ns, points);
}

void HostSampler::sample_pressure(std::int64_t tick_ns, std::vector<char>& buffer, PointBuffer& points) {
    constexpr FieldRange fields = fields_of("host_pressure");
    for (Pressure& each : pressure_) {
        readings_.clear();
        parse_pressure(text_of(each.source, buffer), fields.first, each.lines, readings_);
        const Tag own{"resource", each.resource};
        readings_.emit(fields, tags_, std::span(&own, 1), tick_ns, points);
    }
}

void HostSampler::sample_net(std::int64_t tick_ns, std::span<const Link> links, int links_error,
                             PointBuffer& points) {
    if (!has_net_)
        return;
    if (links_error != links_error_)
        note_error("the list of its interfaces", "host_net", links_error, links_error_);
    if (links_error != 0)
        return;
    const HostLinkLeftOut left_out = add_host_net_points(links, net_choice_, tags_, tick_ns, points);
    if (!std::exchange(has_same_name_, !left_out.name.empty()) && has_same_name_)
        spdlog::warn(
            "host: its interface {} is left out: its name is sent as {}, like that of its interface {}",
            text::escaped(left_out.name), text::clean_name(left_out.name), text::escaped(left_out.same_as));
}

} // namespace lxcmon::sample
