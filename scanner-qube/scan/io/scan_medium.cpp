// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/scan/io/scan_medium.hpp"

#include <map>

#include "base/wire/escape.hpp"
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
      : contents_(source),
        source_(source),
        options_(options),
        until_(Clock::now() + options.time),
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
        .deleted = options_.deleted, .limits = {}, .listed = {}, .until = until_};
    examine.listed = [this](const volume::PartReport& part, volume::FileSystemReport& found,
                            volume::Worker& reader) {
      for (const Entry& entry : found.listing.entries) scan(part.part.number, entry, reader);
      found.listing.entries = {};  // a medium may have 256 parts of 500,000 entries
    };
    const volume::Report report = volume::examine(source_, examine);
    queue_->finish();
    for (const volume::Finding& finding : report.findings) report_.add(finding);
    for (const volume::PartReport& part : report.parts) {
      for (const auto& found : part.file_systems) {
        for (const volume::Finding& finding : found.listing.findings) report_.add(finding);
      }
    }
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
      const bool whole = part.looks_like.size() == 1 && part.file_systems.size() == 1 &&
                         part.file_systems.front().listing.complete();
      coverage_.add(part.part.where, whole ? report::Use::free : report::Use::unread);
    }
  }

  void scan(std::uint32_t part, const Entry& entry, volume::Worker& reader) {
    if (entry.kind != volume::Kind::file && entry.kind != volume::Kind::stream) return;
    ScannedFile file{.part = part,
                     .path = entry.path,
                     .deleted = entry.state == volume::State::deleted,
                     .result = {}};
    file.result.size = entry.size;
    if (is_zeros(entry)) {
      file.candidate = candidate_of_zeros(part, entry);
      return add(std::move(file));
    }
    if (Clock::now() >= until_) {
      coverage_.add_content(entry, report::Use::unread);
      file.result.add_not_examined("there was no time left");
      return report_.add(std::move(file));
    }
    auto content = entry.size > options_.largest_file ? too_large() : contents_.read(entry, reader);
    if (!content) {
      coverage_.add_content(entry, report::Use::unread);
      coverage_.add(content.error().unreadable, report::Use::unreadable);
      file.result.add_not_examined(content.error().text);
      return report_.add(std::move(file));
    }
    coverage_.add_content(entry, file.deleted ? report::Use::deleted : report::Use::file);
    file.result.sha256 = content->key.sha256;
    file.candidate = clean_files_.add(part, entry, content->key.sha256);
    if (options_.cache != nullptr && options_.cache->calls_clean(content->key)) {
      ++report_.files_from_cache;
      return add(std::move(file));
    }
    switch (seen_.add(content->key, file)) {
      case SeenContents::Next::scan:
        return submit(std::move(file), std::move(*content));
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

  // Nobody has read it; what it is all the same has a hash.
  std::optional<CandidateId> candidate_of_zeros(std::uint32_t part, const Entry& entry) {
    if (entry.size > options_.largest_file) return std::nullopt;
    const auto sha256 = zeros_.of(entry.size);
    return sha256 ? clean_files_.add(part, entry, *sha256) : std::nullopt;
  }

  void submit(ScannedFile file, Content content) {
    const JobId id{next_++};
    // The engine is told a name without anything that could lead somewhere.
    std::string name = base::wire::escape(file.path.substr(file.path.rfind('/') + 1), 200);
    under_way_.emplace(id.value, std::move(file));
    queue_->add(id, std::move(name), std::move(content));
  }

  base::Result<Content, ContentError> too_large() const {
    return base::Unexpected<ContentError>{
        {.text = "larger than " + std::to_string(options_.largest_file) + " bytes"}};
  }

  void take(const JobResult& result) {
    auto node = under_way_.extract(result.id.value);
    if (node.empty()) return;
    ScannedFile& file = node.mapped();
    const ContentKey content{.sha256 = file.result.sha256, .size = file.result.size};
    file.result = result.file;
    file.result.sha256 = content.sha256;  // ours, not the worker's
    if (file.result.verdict() == Verdict::clean) report_.add_scanned_clean(content);
    for (ScannedFile& same : seen_.answered(content, file.result)) {
      ++report_.repeated_files;
      add(std::move(same));
    }
    add(std::move(file));
    if (options_.progress) options_.progress(report_.files, report_.bytes);
  }

  ContentReader contents_;
  const volume::ForkableSource& source_;
  const ScanOptions& options_;
  Clock::time_point until_;
  MediumReport report_;
  report::CoverageBuilder coverage_;
  SeenContents seen_;
  CleanFiles clean_files_;
  ZeroHashes zeros_;
  std::map<std::uint64_t, ScannedFile>
      under_way_;  // a batch for each worker, and one that is filled
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
