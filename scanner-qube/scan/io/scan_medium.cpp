// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/scan/io/scan_medium.hpp"

#include <map>

#include "base/wire/escape.hpp"
#include "scanner-qube/engine/lures.hpp"
#include "scanner-qube/scan/area_hashes.hpp"
#include "scanner-qube/scan/clean_files.hpp"
#include "scanner-qube/scan/io/content.hpp"
#include "scanner-qube/scan/io/scan_queue.hpp"
#include "scanner-qube/scan/seen_contents.hpp"
#include "scanner-qube/scan/zero_hashes.hpp"

namespace scannerqube::io {
namespace {

using volume::Entry;
using Clock = std::chrono::steady_clock;

// All of it is a hole: it was looked at without a byte of it being read. The stream of bad clusters
// that every NTFS has is as large as the volume.
bool is_zeros(const Entry& entry) {
  return entry.content == volume::Content::extents && entry.extents.size() == 1 &&
         entry.extents.front().backing == volume::Backing::zeros &&
         entry.extents.front().where.length == entry.size;
}

class Scan {
 public:
  Scan(const volume::ForkableSource& source, const ScanOptions& options)
      : source_(source),
        options_(options),
        until_(Clock::now() + options.time),
        areas_(source, until_, [this] { tell(); }),
        coverage_(source.size()) {}

  base::Status begin(ScanEngine& engine) {
    auto queue =
        ScanQueue::start(engine, options_.pool, [this](const JobResult& result) { take(result); });
    if (!queue) return base::Unexpected{queue.error()};
    queue_ = std::move(*queue);
    return base::Ok{};
  }

  MediumScan run() {
    volume::ExamineOptions examine{
        .deleted = options_.deleted, .limits = {}, .listed = {}, .open = {}, .until = until_};
    if (options_.open) {
      examine.open = [this](const volume::ForkableSource& source, const volume::Range& where,
                            volume::FileSystem kind, Clock::time_point until) {
        tell();  // each takes its time
        return options_.open(source, where, kind, until);
      };
    }
    examine.listed = [this](const volume::PartReport& part, volume::FileSystemReport& found,
                            volume::Worker& reader, const volume::ForkableSource& source) {
      const Origin from{.part = part.part.number,
                        .can_be_given_out = !found.decrypted,
                        .reader = reader,
                        .source = source};
      for (const Entry& entry : found.listing.entries) scan(from, entry);
      found.listing.entries = {};  // a medium may have 256 parts of 500,000 entries
    };
    const volume::Report report = volume::examine(source_, examine);
    queue_->finish();
    for (const volume::Finding& finding : report.findings) report_.add(finding);
    for (const volume::PartReport& part : report.parts) {
      if (part.opened) report_.opened_parts.push_back(part.part.number);
      for (const auto& found : part.file_systems) {
        for (const volume::Finding& finding : found.listing.findings) report_.add(finding);
      }
    }
    for (const volume::Area& area : report.areas) report_.areas.push_back(areas_.read(area));
    for (const volume::Finding& finding : areas_.findings()) report_.add(finding);
    report_.gap = report_.gap || !report.complete();
    cover(report);
    return {.found = std::move(report_),
            .coverage = coverage_.finish(),
            .clean_files = clean_files_.take()};
  }

 private:
  // What no file has: free only where all files are known.
  void cover(const volume::Report& report) {
    for (const volume::Area& area : report.areas) coverage_.add_area(area);
    for (const volume::PartReport& part : report.parts) {
      const auto& inside = part.opened ? part.opened_like : part.looks_like;
      // Of VeraCrypt what is free may be another volume.
      const bool whole = part.looks_like.size() == 1 && inside.size() == 1 &&
                         part.looks_like.front() != volume::FileSystem::random &&
                         part.file_systems.size() == 1 &&
                         part.file_systems.front().listing.complete();
      coverage_.add(part.part.where, whole ? report::Use::free : report::Use::unread);
    }
  }

  // Where entries are from.
  struct Origin {
    std::uint32_t part;
    // A list of what is given out names places of the medium, and these have the bytes.
    bool can_be_given_out;
    volume::Worker& reader;
    const volume::ForkableSource& source;
  };

  void scan(const Origin& from, const Entry& entry) {
    if (!volume::has_content(entry.kind)) return;
    // What is left over of files is deleted too, wherever it lies.
    const bool left_over =
        entry.state == volume::State::deleted || entry.kind == volume::Kind::slack;
    ScannedFile file{.part = from.part, .path = entry.path, .deleted = left_over, .result = {}};
    file.result.size = entry.size;
    if (is_zeros(entry)) {
      file.candidate = candidate_of_zeros(from, entry);
      return add(std::move(file));
    }
    if (Clock::now() >= until_) {
      coverage_.add_content(entry, report::Use::unread);
      file.result.add_not_examined("there was no time left");
      return report_.add(std::move(file));
    }
    auto content = entry.size > options_.largest_file
                       ? too_large()
                       : contents_.read(from.source, entry, from.reader);
    if (!content) {
      coverage_.add_content(entry, report::Use::unread);
      coverage_.add(content.error().unreadable, report::Use::unreadable);
      file.result.add_not_examined(content.error().text);
      return report_.add(std::move(file));
    }
    coverage_.add_content(entry, file.deleted ? report::Use::deleted : report::Use::file);
    file.result.sha256 = content->key.sha256;
    file.candidate = candidate(from, entry, content->key.sha256);
    // What was said of these bytes was said of them under another name.
    if (may_lure_by_name(name_of(file), content->begin)) {
      return submit({.file = std::move(file), .alone = true}, std::move(*content));
    }
    if (options_.cache != nullptr && options_.cache->calls_clean(content->key)) {
      ++report_.files_from_cache;
      return add(std::move(file));
    }
    switch (seen_.add(content->key, file)) {
      case SeenContents::Next::scan:
        return submit({.file = std::move(file)}, std::move(*content));
      case SeenContents::Next::wait:
        return;
      case SeenContents::Next::known:
        ++report_.repeated_files;
        return add(std::move(file));
    }
  }

  // Of a file whose verdict is there.
  void add(ScannedFile file) {
    if (file.candidate && file.result.verdict() == Verdict::clean) {
      clean_files_.found_clean(*file.candidate);
    }
    report_.add(std::move(file));
  }

  std::optional<CandidateId> candidate(const Origin& from, const Entry& entry,
                                       const base::hash::Digest& sha256) {
    if (!from.can_be_given_out || entry.kind == volume::Kind::slack) return std::nullopt;
    return clean_files_.add(from.part, entry, sha256);
  }

  // Nobody has read it; what it is all the same has a hash.
  std::optional<CandidateId> candidate_of_zeros(const Origin& from, const Entry& entry) {
    if (entry.size > options_.largest_file) return std::nullopt;
    const auto sha256 = zeros_.of(entry.size);
    return sha256 ? candidate(from, entry, *sha256) : std::nullopt;
  }

  struct UnderWay {
    ScannedFile file;
    bool alone = false;  // what is said of it is said of no other file
  };

  static std::string_view name_of(const ScannedFile& file) {
    return std::string_view(file.path).substr(file.path.rfind('/') + 1);
  }

  void submit(UnderWay job, Content content) {
    const JobId id{next_++};
    // The engine is told a name without anything that could lead somewhere.
    std::string name = base::wire::escape(name_of(job.file), 200);
    under_way_.emplace(id.value, std::move(job));
    queue_->add(id, std::move(name), std::move(content));
  }

  base::Result<Content, ContentError> too_large() const {
    return base::Unexpected<ContentError>{
        {.text = "larger than " + std::to_string(options_.largest_file) + " bytes"}};
  }

  void take(const JobResult& result) {
    auto node = under_way_.extract(result.id.value);
    if (node.empty()) return;
    auto& [file, alone] = node.mapped();
    const ContentKey content{.sha256 = file.result.sha256, .size = file.result.size};
    file.result = result.file;
    file.result.sha256 = content.sha256;  // ours, not the worker's
    if (file.result.verdict() == Verdict::clean) report_.add_scanned_clean(content);
    if (!alone) {
      for (ScannedFile& same : seen_.answered(content, file.result)) {
        ++report_.repeated_files;
        add(std::move(same));
      }
    }
    add(std::move(file));
    tell();
  }

  // How far it is; whoever listens knows so that it goes on.
  void tell() const {
    if (options_.progress) options_.progress(report_.files, report_.bytes);
  }

  ContentReader contents_;
  const volume::ForkableSource& source_;
  const ScanOptions& options_;
  Clock::time_point until_;
  AreaHashes areas_;
  MediumReport report_;
  report::CoverageBuilder coverage_;
  SeenContents seen_;
  CleanFiles clean_files_;
  ZeroHashes zeros_;
  std::map<std::uint64_t, UnderWay> under_way_;  // a batch for each worker, and one that is filled
  std::uint64_t next_ = 1;
  std::unique_ptr<ScanQueue> queue_;
};

}  // namespace

base::Result<MediumScan> scan_medium(const volume::ForkableSource& source, ScanEngine& engine,
                                     const ScanOptions& options) {
  Scan scan(source, options);
  if (auto ready = scan.begin(engine); !ready) return base::Unexpected{ready.error()};
  return scan.run();
}

}  // namespace scannerqube::io
