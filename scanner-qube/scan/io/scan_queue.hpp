// SPDX-License-Identifier: GPL-2.0-or-later
// Files on their way to the workers: small ones together, so that a worker is woken once for some
// dozens of them.
#pragma once

#include <chrono>
#include <memory>

#include "scanner-qube/engine/io/worker_pool.hpp"
#include "scanner-qube/scan/io/content.hpp"

namespace scannerqube::io {

class ScanQueue {
 public:
  // `on_result`: as WorkerPool's, once for each file.
  static base::Result<std::unique_ptr<ScanQueue>> start(ScanEngine& engine,
                                                        const PoolOptions& options,
                                                        WorkerPool::OnResult on_result);
  ScanQueue(const ScanQueue&) = delete;
  ScanQueue& operator=(const ScanQueue&) = delete;
  ~ScanQueue() = default;

  // May block while all workers have files.
  void add(JobId id, std::string name, Content content);
  // Blocks until every file has its result.
  void finish();

 private:
  using Clock = std::chrono::steady_clock;
  ScanQueue(unsigned workers, WorkerPool::OnResult on_result)
      : workers_(workers), on_result_(std::move(on_result)) {}
  void flush();
  std::size_t enough() const;

  unsigned workers_;
  WorkerPool::OnResult on_result_;
  std::unique_ptr<WorkerPool> pool_;
  std::vector<Job> jobs_;
  std::vector<std::byte> bytes_;
  std::uint64_t results_ = 0;
  Clock::time_point started_ = Clock::now();
};

}  // namespace scannerqube::io
