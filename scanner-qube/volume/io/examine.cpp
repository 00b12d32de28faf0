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
  return kind == FileSystem::apfs || kind == FileSystem::fat || kind == FileSystem::exfat ||
         kind == FileSystem::iso9660;
}

// A file system in `where` of a medium: the part itself, or what is in it when it is opened.
struct Place {
  const ForkableSource& medium;
  Range where = {};
};

void read_again(const Place& place, const ExamineOptions& options, const PartReport& part,
                FileSystemReport& found) {
  if (!has_second_reader(found.kind)) return;
  const Job job{.task = Task::walk_own, .part = place.where, .kind = found.kind};
  auto worker = start(place.medium, job, options,
                      "the second reader of part " + std::to_string(part.part.number));
  if (!worker) return found.listing.note(finding(Concern::reader_ended, worker.error().text));
  Listing again;
  collect(**worker, again);
  for (Finding& f : again.findings) found.listing.note(std::move(f));
  const Compared what = found.kind == FileSystem::apfs ? Compared::with_streams : Compared::files;
  // A disc has its files in several trees, under several names.
  auto differences = found.kind == FileSystem::iso9660 ? add_unseen(found.listing, again)
                                                       : compare(found.listing, again, what);
  for (Finding& f : differences) found.listing.note(std::move(f));
}

void read_file_system(const Place& place, const ExamineOptions& options, FileSystemReport found,
                      PartReport& part) {
  const Job job{
      .task = Task::walk, .part = place.where, .kind = found.kind, .deleted = options.deleted};
  auto worker =
      start(place.medium, job, options, "the reader of part " + std::to_string(part.part.number));
  if (!worker) {
    found.listing.note(finding(Concern::reader_ended, worker.error().text));
  } else {
    collect(**worker, found.listing);
    read_again(place, options, part, found);
    for (Finding& f : name_findings(found.listing)) found.listing.note(std::move(f));
    if (options.listed) options.listed(part, found, **worker, place.medium);
  }
  part.file_systems.push_back(std::move(found));
}

std::string all_names(const std::vector<FileSystem>& kinds) {
  std::string all;
  for (const FileSystem kind : kinds) {
    all += (all.empty() ? "" : " and ") + std::string(name_of(kind));
  }
  return all;
}

// What an opened part looks like; nothing, and a finding, where that is not known.
std::vector<FileSystem> recognise_opened(const Place& place, const ExamineOptions& options,
                                         const std::string& name, Report& report) {
  const Job job{.task = Task::recognise, .part = place.where};
  auto worker = start(place.medium, job, options, "what looks at the plain text of " + name);
  if (!worker) {
    report.findings.push_back(finding(Concern::reader_ended, worker.error().text));
    return {};
  }
  std::vector<FileSystem> kinds;
  for (;;) {
    auto record = (*worker)->next();
    if (!record) {
      report.findings.push_back(record.error());
      return {};
    }
    if (!record->has_value()) return kinds;
    if (auto* looks = std::get_if<Recognised>(&**record)) kinds = std::move(looks->kinds);
  }
}

void read_opened(const OpenedPart& opened, const ExamineOptions& options, Report& report,
                 PartReport& part) {
  const std::string name = "part " + std::to_string(part.part.number);
  const Place place{.medium = *opened.medium, .where = opened.plain};
  part.opened_like = recognise_opened(place, options, name, report);
  for (const FileSystem kind : part.opened_like) {
    if (has_reader(kind)) {
      read_file_system(place, options, {.kind = kind, .listing = {}, .decrypted = true}, part);
    } else {
      report.findings.push_back(
          finding(Concern::not_examined,
                  name + ", opened, is " + std::string(name_of(kind)) + ": no reader"));
    }
  }
  if (part.opened_like.size() > 1) {
    report.findings.push_back(
        finding(Concern::ambiguous, name + ", opened, looks like " + all_names(part.opened_like)));
  }
  if (part.opened_like.empty()) {
    report.findings.push_back(finding(Concern::not_examined, name + ", opened, was not looked at"));
  }
}

// What has no reader: it may be encrypted, and there may be somebody who opens it.
void read_shut(const ForkableSource& source, const ExamineOptions& options, FileSystem kind,
               Report& report, PartReport& part) {
  const std::string name = "part " + std::to_string(part.part.number);
  std::string why = "no reader";
  if (is_encrypted(kind)) why = "encrypted; 'scan --passphrase' opens it";
  // VeraCrypt leaves no sign that it is there.
  if (options.open && (is_encrypted(kind) || kind == FileSystem::random)) {
    using Clock = std::chrono::steady_clock;
    base::Result<OpenedPart> opened = base::fail("there was no time left to open it");
    if (Clock::now() < options.until) {
      opened = options.open(source, part.part.where, kind, options.until);
    }
    if (opened) {
      part.opened = true;
      read_opened(*opened, options, report, part);
      if (kind != FileSystem::random) return;
      why = "another passphrase may open another volume in it";
    } else {
      why = opened.error().text;
    }
  }
  report.findings.push_back(
      finding(Concern::not_examined, name + " is " + std::string(name_of(kind)) + ": " + why));
}

void read_part(const ForkableSource& source, const ExamineOptions& options, Report& report,
               PartReport& part) {
  const std::string name = "part " + std::to_string(part.part.number);
  for (const FileSystem kind : part.looks_like) {
    if (has_reader(kind)) {
      read_file_system({.medium = source, .where = part.part.where}, options,
                       {.kind = kind, .listing = {}}, part);
    } else {
      read_shut(source, options, kind, report, part);
    }
  }
  if (part.looks_like.size() > 1) {
    report.findings.push_back(
        finding(Concern::ambiguous, name + " looks like " + all_names(part.looks_like)));
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
