// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/volume/io/examine.hpp"

#include <algorithm>

#include "scanner-qube/volume/compare.hpp"
#include "scanner-qube/volume/name_findings.hpp"

namespace scannerqube::volume {
namespace {

// A reader that may take no longer than there is time.
base::Result<std::unique_ptr<Worker>> start(const ForkableSource& source, const Job& job,
                                            const ExamineOptions& options,
                                            const std::string& name) {
  using Clock = std::chrono::steady_clock;
  const auto now = Clock::now();
  if (now >= options.until) return base::fail(name + " was not started: there was no time left");
  WorkerLimits limits = options.limits;
  if (options.until != Clock::time_point::max()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(options.until - now);
    limits.walk = std::min(limits.walk, left);
  }
  return Worker::start(source, job, limits, name);
}

void read_layout(const ForkableSource& source, const ExamineOptions& options, Report& report) {
  auto worker = start(source, {.task = Task::tables}, options, "the reader of the tables");
  if (!worker) {
    report.findings.push_back(finding(Concern::reader_ended, worker.error().text));
    return;
  }
  for (;;) {
    auto record = (*worker)->next();
    if (!record) {
      report.findings.push_back(record.error());
      return;
    }
    if (!record->has_value()) return;
    if (auto* part = std::get_if<Part>(&**record)) {
      report.parts.push_back({.part = std::move(*part), .looks_like = {}, .file_systems = {}});
    } else if (auto* looks = std::get_if<Recognised>(&**record)) {
      if (!report.parts.empty()) report.parts.back().looks_like = std::move(looks->kinds);
    } else if (auto* area = std::get_if<Area>(&**record)) {
      report.areas.push_back(*area);
    } else if (auto* found = std::get_if<Finding>(&**record)) {
      report.findings.push_back(std::move(*found));
    }
  }
}

// These are read a second time, by a reader that shares nothing with the first: what they list
// differently is in doubt.
bool has_second_reader(FileSystem kind) {
  return kind == FileSystem::fat || kind == FileSystem::exfat || kind == FileSystem::iso9660;
}

void read_again(const ForkableSource& source, const ExamineOptions& options, const PartReport& part,
                FileSystemReport& found) {
  if (!has_second_reader(found.kind)) return;
  const Job job{.task = Task::walk_own, .part = part.part.where, .kind = found.kind};
  auto worker =
      start(source, job, options, "the second reader of part " + std::to_string(part.part.number));
  if (!worker) return found.listing.note(finding(Concern::reader_ended, worker.error().text));
  Listing again;
  collect(**worker, again);
  for (Finding& f : again.findings) found.listing.note(std::move(f));
  // A disc has its files in several trees, under several names.
  auto differences = found.kind == FileSystem::iso9660 ? add_unseen(found.listing, again)
                                                       : compare(found.listing, again);
  for (Finding& f : differences) found.listing.note(std::move(f));
}

void read_file_system(const ForkableSource& source, const ExamineOptions& options, FileSystem kind,
                      PartReport& part) {
  FileSystemReport found{.kind = kind, .listing = {}};
  const Job job{
      .task = Task::walk, .part = part.part.where, .kind = kind, .deleted = options.deleted};
  auto worker =
      start(source, job, options, "the reader of part " + std::to_string(part.part.number));
  if (!worker) {
    found.listing.note(finding(Concern::reader_ended, worker.error().text));
  } else {
    collect(**worker, found.listing);
    read_again(source, options, part, found);
    for (Finding& f : name_findings(found.listing)) found.listing.note(std::move(f));
    if (options.listed) options.listed(part, found, **worker);
  }
  part.file_systems.push_back(std::move(found));
}

void read_part(const ForkableSource& source, const ExamineOptions& options, Report& report,
               PartReport& part) {
  const std::string name = "part " + std::to_string(part.part.number);
  std::string all;
  for (const FileSystem kind : part.looks_like) {
    all += (all.empty() ? "" : " and ") + std::string(name_of(kind));
    if (has_reader(kind)) {
      read_file_system(source, options, kind, part);
    } else {
      report.findings.push_back(finding(
          Concern::not_examined, name + " is " + std::string(name_of(kind)) + ": no reader"));
    }
  }
  if (part.looks_like.size() > 1) {
    report.findings.push_back(finding(Concern::ambiguous, name + " looks like " + all));
  }
  if (part.looks_like.empty()) {
    report.findings.push_back(finding(Concern::not_examined, name + " was not looked at"));
  }
}

}  // namespace

bool collect(Worker& worker, Listing& listing) {
  for (;;) {
    auto record = worker.next();
    if (!record) {
      listing.note(record.error());
      return false;
    }
    if (!record->has_value()) return true;
    if (auto* entry = std::get_if<Entry>(&**record)) {
      listing.entry(std::move(*entry));
    } else if (auto* found = std::get_if<Finding>(&**record)) {
      listing.note(std::move(*found));
    } else {
      listing.note(finding(Concern::reader_ended, "a reader of entries sent something else"));
    }
  }
}

bool Report::complete() const {
  const auto gap = [](const Finding& f) { return leaves_gap(f.concern); };
  if (std::ranges::any_of(findings, gap)) return false;
  return std::ranges::all_of(parts, [](const PartReport& part) {
    return std::ranges::all_of(part.file_systems, [](const FileSystemReport& file_system) {
      return file_system.listing.complete();
    });
  });
}

Report examine(const ForkableSource& source, const ExamineOptions& options) {
  Report report;
  read_layout(source, options, report);
  for (PartReport& part : report.parts) read_part(source, options, report, part);
  if (report.parts.empty()) {
    report.findings.push_back(finding(Concern::not_examined, "no part was found on the medium"));
  }
  return report;
}

}  // namespace scannerqube::volume
