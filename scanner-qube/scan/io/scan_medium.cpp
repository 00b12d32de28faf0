// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/scan/io/scan_medium.hpp"

#include <map>

#include "base/wire/escape.hpp"
#include "scanner-qube/scan/io/content.hpp"

namespace scannerqube::io {
namespace {

using volume::Entry;

class Scan {
 public:
  Scan(const volume::ForkableSource& source, const ScanOptions& options)
      : source_(source), options_(options) {}

  base::Status begin(ScanEngine& engine) {
    auto pool =
        WorkerPool::start(engine, options_.pool, [this](const JobResult& result) { take(result); });
    if (!pool) return base::Unexpected{pool.error()};
    pool_ = std::move(*pool);
    return base::Ok{};
  }

  MediumReport run() {
    volume::ExamineOptions examine{.deleted = options_.deleted, .limits = {}, .listed = {}};
    examine.listed = [this](const volume::PartReport& part, volume::FileSystemReport& found,
                            volume::Worker& reader) {
      for (const Entry& entry : found.listing.entries) scan(part.part.number, entry, reader);
    };
    const volume::Report report = volume::examine(source_, examine);
    pool_->finish();
    for (const volume::Finding& finding : report.findings) report_.add(finding);
    for (const volume::PartReport& part : report.parts) {
      for (const auto& found : part.file_systems) {
        for (const volume::Finding& finding : found.listing.findings) report_.add(finding);
      }
    }
    report_.gap = report_.gap || !report.complete();
    return std::move(report_);
  }

 private:
  void scan(std::uint32_t part, const Entry& entry, volume::Worker& reader) {
    if (entry.kind != volume::Kind::file && entry.kind != volume::Kind::stream) return;
    ScannedFile file{.part = part,
                     .path = entry.path,
                     .deleted = entry.state == volume::State::deleted,
                     .result = {}};
    file.result.size = entry.size;
    auto content =
        entry.size > options_.largest_file
            ? base::fail("larger than " + std::to_string(options_.largest_file) + " bytes")
            : copy_content(source_, entry, reader);
    if (!content) {
      file.result.add_not_examined(content.error().text);
      return report_.add(std::move(file));
    }
    const JobId id{next_++};
    // The engine is told a name without anything that could lead somewhere.
    const std::string name = base::wire::escape(entry.path.substr(entry.path.rfind('/') + 1), 200);
    under_way_.emplace(id.value, std::move(file));
    pool_->submit({.id = id, .size = entry.size, .name = name}, std::move(*content));
  }

  void take(const JobResult& result) {
    auto node = under_way_.extract(result.id.value);
    if (node.empty()) return;
    node.mapped().result = result.file;
    report_.add(std::move(node.mapped()));
  }

  const volume::ForkableSource& source_;
  const ScanOptions& options_;
  MediumReport report_;
  std::map<std::uint64_t, ScannedFile> under_way_;  // as many as there are workers
  std::uint64_t next_ = 1;
  std::unique_ptr<WorkerPool> pool_;
};

}  // namespace

base::Result<MediumReport> scan_medium(const volume::ForkableSource& source, ScanEngine& engine,
                                       const ScanOptions& options) {
  Scan scan(source, options);
  if (auto ready = scan.begin(engine); !ready) return base::Unexpected{ready.error()};
  return scan.run();
}

}  // namespace scannerqube::io
