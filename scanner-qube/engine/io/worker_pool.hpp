// SPDX-License-Identifier: GPL-2.0-or-later
// Forked workers that scan files side by side. One that crashes, hangs or runs out of memory is
// something said of its file; the scan goes on with another.
#pragma once

#include <chrono>
#include <deque>
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

  // Blocks while all workers have files. `jobs`: one to max_batch_jobs, each within `content`,
  // which nobody changes any more (base/io/sealed_file.hpp). Together they are quicker; what
  // happens to one of them is said of that one alone all the same.
  void submit(std::vector<Job> jobs, base::io::Fd content);
  // Blocks until every file has its result.
  void finish();
  unsigned deaths() const { return deaths_; }

 private:
  using Clock = std::chrono::steady_clock;
  struct Batch {
    std::vector<Job> jobs;
    base::io::Fd content;

    bool small() const;
  };
  struct Worker {
    pid_t pid = -1;
    base::io::Fd socket;
    std::filesystem::path folder;
    std::deque<Batch> batches;  // the first is under way; what is small may have one waiting behind
    std::size_t answered = 0;   // of the first one's jobs, from its first
    Clock::time_point until;

    bool busy() const { return !batches.empty(); }
  };

  WorkerPool(ScanEngine& engine, PoolOptions options, OnResult on_result);
  base::Status spawn(Worker& worker);
  void wait_for_one();
  void give(Batch batch);
  void give_again();
  void take_results(Worker& worker);
  bool take(Worker& worker, const JobResult& result);
  void lose(Worker& worker, const std::string& why);
  void blame(Batch batch, std::size_t from, const std::string& why);
  void give_up(const Job& job, const std::string& why);
  Worker* room_for(const Batch& batch);
  bool any_busy() const;

  ScanEngine& engine_;
  PoolOptions options_;
  OnResult on_result_;
  std::vector<Worker> workers_;
  std::deque<Batch> again_;  // files whose worker died over one of them, each alone
  unsigned deaths_ = 0;
  std::vector<std::byte> buffer_;
};

}  // namespace scannerqube::io
