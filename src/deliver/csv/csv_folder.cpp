// SPDX-License-Identifier: GPL-2.0-or-later
#include "deliver/csv/csv_folder.hpp"

#include "deliver/csv/old_files.hpp"
#include "encode/json_lines.hpp"
#include "encode/line_protocol_reader.hpp"
#include "io/parse.hpp"
#include "io/rotation.hpp"
#include "text/file_error.hpp"
#include "text/foreign_rights.hpp"
#include "text/same_kind.hpp"

#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>

namespace lxcmon::deliver {
namespace {

constexpr std::size_t longest_name_part = 100;

/// A part of a file's name: a host's name may have any character.
std::string name_part(std::string_view text) {
    std::string name(text.substr(0, longest_name_part));
    for (char& c : name) {
        const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                              c == '.' || c == '-' || c == '_';
        c = is_plain ? c : '_';
    }
    return name;
}

/// A link or folder in the place of a file needs a person; any other error may pass.
Verdict verdict_of(const CsvFile::Failure& failure) {
    Verdict verdict;
    verdict.outcome = failure.error == ELOOP || failure.error == EISDIR ? Outcome::settings : Outcome::retry;
    verdict.message = failure.message;
    return verdict;
}

} // namespace

CsvFolder::CsvFolder(CsvSettings settings, encode::Format format)
    : settings_(std::move(settings))
    , format_(format) {
    while (settings_.folder.size() > 1 && settings_.folder.ends_with('/'))
        settings_.folder.pop_back();
    if (settings_.folder.empty())
        throw std::invalid_argument("the CSV files: expected the path of a folder");
}

/// What does not exist yet is no fault.
std::string CsvFolder::why_unusable() const {
    const std::string inside = settings_.folder + "/csv";
    if (std::string link = text::foreign_link_before(inside); !link.empty())
        return link;
    if (const std::string missing = io::missing_folder(inside); !missing.empty())
        return "the folder " + missing + " does not exist; correct --csv-dir, or make that folder";
    struct stat status {};
    std::string rights = ::stat(name().c_str(), &status) == 0 ? text::foreign_rights(status) : std::string();
    return rights.empty() ? rights
                          : rights + "; expected a folder that only root and the agent's user may write";
}

Verdict CsvFolder::make_folder() const {
    Verdict verdict;
    if (const std::string wrong = why_unusable(); !wrong.empty())
        verdict.message = name() + ": " + wrong;
    else if (const int error = io::make_parent_folders(settings_.folder + "/csv"); error != 0)
        verdict.message = text::describe_file_error(name(), "creating the folder", error);
    if (!verdict.message.empty())
        verdict.outcome = Outcome::settings;
    return verdict;
}

Verdict CsvFolder::send(std::string_view lines) {
    read(lines);
    sort_points();
    Verdict verdict = write();
    for (auto& [path, entry] : entries_) {
        tidy(entry);
        entry.points.clear();
        entry.rows.clear();
    }
    return verdict;
}

/// A line that is no point can't be: the agent has encoded it.
void CsvFolder::read(std::string_view lines) {
    points_.clear();
    io::for_each_line(lines, [this](std::string_view line) {
        const auto wrong = format_ == encode::Format::line_protocol
                               ? encode::parse_line_protocol(line, points_)
                               : encode::parse_json_line(line, points_);
        if (wrong)
            spdlog::debug("{}: a line is no point: {}", name(), *wrong);
    });
}

void CsvFolder::sort_points() {
    for (std::size_t index = 0; index < points_.size(); ++index) {
        const Point point = points_[index];
        std::string path = settings_.folder + "/" + name_part(point.measurement) + "." +
                           name_part(tag_of(point, "host")) + ".csv";
        auto at = entries_.find(path);
        if (at == entries_.end()) {
            CsvFile file(path, settings_.max_bytes, encode::csv_columns(point.measurement, settings_.fields));
            at = entries_.emplace(std::move(path), Entry{std::move(file)}).first;
        }
        at->second.points.push_back(index);
        encode::add_csv_columns(point, at->second.file.columns());
    }
}

void CsvFolder::make_rows(Entry& entry) {
    entry.rows.clear();
    for (const std::size_t index : entry.points)
        encode::append_csv_row(entry.rows, points_[index], entry.file.columns());
}

/// All files or none: the retry of a batch must not write a row twice.
Verdict CsvFolder::write() {
    if (Verdict verdict = make_folder(); verdict.outcome != Outcome::delivered)
        return verdict;
    std::vector<Entry*> written;
    for (auto& [path, entry] : entries_) {
        if (entry.points.empty())
            continue;
        make_rows(entry);
        const encode::CsvColumns columns = entry.file.columns();
        CsvFile::Failure failure = entry.file.prepare(entry.rows.size());
        if (entry.file.columns() != columns) // those of an existing file
            make_rows(entry);
        if (failure.error == 0)
            failure = entry.file.append(entry.rows);
        if (failure.error == 0) {
            written.push_back(&entry);
            continue;
        }
        for (Entry* const each : written)
            each->file.take_back();
        return verdict_of(failure);
    }
    return {};
}

void CsvFolder::tidy(Entry& entry) {
    if (!entry.file.has_put_aside())
        return;
    std::string wrong = tidy_old_csv(entry.file.path(), settings_.kept, deadline_);
    if (!wrong.empty() && !text::same_kind(wrong, logged_))
        spdlog::warn("{}; it stays as it is until the next file is full", wrong);
    logged_ = std::move(wrong);
}

std::vector<Finding> CsvFolder::probe() {
    if (std::string wrong = why_unusable(); !wrong.empty())
        return {{"csv", false, name() + ": " + wrong}};
    const std::string place = io::nearest_existing(settings_.folder);
    if (::access(place.c_str(), W_OK | X_OK) != 0)
        return {{"csv", false, text::describe_file_error(place, "writing in it", errno)}};
    return {{"csv", true,
             name() + (place == settings_.folder ? ": can be written" : ": can be made in " + place)}};
}

} // namespace lxcmon::deliver
