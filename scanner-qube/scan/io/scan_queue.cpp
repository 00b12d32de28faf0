// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/scan/io/scan_queue.hpp"

#include <algorithm>

#include "base/io/sealed_file.hpp"

namespace scannerqube::io {
namespace {

constexpr std::size_t most_bytes = std::size_t{1} << 20U;  // of files given together
// A batch is meant to keep its worker busy for so long: the last ones of a medium end together.
constexpr std::chrono::milliseconds batch_time{20};

}  // namespace

base::Result<std::unique_ptr<ScanQueue>> ScanQueue::start(ScanEngine& engine,
                                                          const PoolOptions& options,
                                                          WorkerPool::OnResult on_result) {
  std::unique_ptr<ScanQueue> queue(  // NOLINT: the constructor is private
      new ScanQueue(std::max(1U, options.workers), std::move(on_result)));
  auto pool = WorkerPool::start(engine, options, [&queue = *queue](const JobResult& result) {
    ++queue.results_;
    queue.on_result_(result);
  });
  if (!pool) return base::Unexpected{pool.error()};
  queue->pool_ = std::move(*pool);
  return queue;
}

// Few while nothing is known; then as many as took batch_time so far.
std::size_t ScanQueue::enough() const {
  constexpr std::size_t at_first = 4;
  if (results_ < at_first) return at_first;
  const auto spent = std::chrono::duration<double>(Clock::now() - started_) * workers_;
  const double files = static_cast<double>(results_) * (batch_time / spent);
  return static_cast<std::size_t>(std::clamp(files, 1.0, static_cast<double>(max_batch_jobs)));
}

void ScanQueue::add(JobId id, std::string name, Content content) {
  Job job{.id = id, .offset = 0, .size = content.key.size, .name = std::move(name)};
  if (content.file) {
    std::vector<Job> alone;
    alone.push_back(std::move(job));
    return pool_->submit(std::move(alone), std::move(content.file));
  }
  if (bytes_.size() + content.bytes.size() > most_bytes) flush();
  job.offset = bytes_.size();
  bytes_.insert(bytes_.end(), content.bytes.begin(), content.bytes.end());
  jobs_.push_back(std::move(job));
  if (jobs_.size() >= enough()) flush();
}

void ScanQueue::flush() {
  if (jobs_.empty()) return;
  auto content = base::io::sealed_copy(bytes_);
  std::vector<Job> jobs = std::exchange(jobs_, {});
  bytes_.clear();
  if (content) return pool_->submit(std::move(jobs), std::move(*content));
  for (const Job& job : jobs) {
    JobResult result{.id = job.id, .file = {}};
    result.file.size = job.size;
    result.file.add_not_examined(content.error().text);
    on_result_(result);
  }
}

void ScanQueue::finish() {
  flush();
  pool_->finish();
}

}  // namespace scannerqube::io
