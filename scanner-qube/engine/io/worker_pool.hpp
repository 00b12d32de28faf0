// SPDX-License-Identifier: GPL-2.0-or-later
// Forked workers that scan files side by side. One that crashes, hangs or runs out of memory is
// something said of its file; the scan goes on with another.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/io/fd.hpp"
#include "scanner-qube/engine/io/scan_worker.hpp"
#include "scanner-qube/engine/scan_job.hpp"

namespace scannerqube::io {

struct PoolOptions {
  unsigned workers = 1;
  // Of one file, from the outside: the engine's own limit is meant to come first.
  std::chrono::milliseconds deadline{180'000};
  WorkerLimits limits;
  std::filesystem::path folder;  // empty, ours; each worker gets one in it
  unsigned max_deaths = 1000;    // then the rest is not examined
};

// Single-threaded; starts no threads, so that forking is safe.
class WorkerPool {
 public:
  using OnResult = std::function<void(const JobResult&)>;

  // `engine` is loaded, and outlives the pool. `on_result` is called from submit() and finish(),
  // once for each file.
  static base::Result<std::unique_ptr<WorkerPool>> start(ScanEngine& engine, PoolOptions options,
                                                         OnResult on_result);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Blocks while all workers have a file. `content`: of job.size bytes, that nobody changes any
  // more (base/io/sealed_file.hpp).
  void submit(const Job& job, base::io::Fd content);
  // Blocks until every file has its result.
  void finish();
  unsigned deaths() const { return deaths_; }

 private:
  using Clock = std::chrono::steady_clock;
  struct Worker {
    pid_t pid = -1;
    base::io::Fd socket;
    std::filesystem::path folder;
    bool busy = false;
    JobId job;
    std::uint64_t size = 0;
    Clock::time_point until;
  };

  WorkerPool(ScanEngine& engine, PoolOptions options, OnResult on_result);
  base::Status spawn(Worker& worker);
  void wait_for_one();
  void take_result(Worker& worker);
  void lose(Worker& worker, const std::string& why);
  void give_up(JobId job, std::uint64_t size, const std::string& why);
  Worker* idle();
  bool any_busy() const;

  ScanEngine& engine_;
  PoolOptions options_;
  OnResult on_result_;
  std::vector<Worker> workers_;
  unsigned deaths_ = 0;
  std::vector<std::byte> buffer_;
};

}  // namespace scannerqube::io
