// SPDX-License-Identifier: GPL-2.0-or-later
// A process that parses a medium and can do nothing else: no files, no sockets, bounded memory and
// time. It is forked, sandboxed, and believed nothing.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>

#include "scanner-qube/volume/io/file_source.hpp"
#include "scanner-qube/volume/io/tsk_walk.hpp"
#include "scanner-qube/volume/record.hpp"

namespace scannerqube::volume {

enum class Task : std::uint8_t {
  tables,     // parts, areas, what each part looks like
  recognise,  // what one part looks like
  walk,       // all entries by libtsk; afterwards content on request
  walk_own,   // all entries by our own readers of APFS, FAT, exFAT and ISO 9660
};

struct Job {
  Task task = Task::tables;
  Range part = {};
  FileSystem kind = FileSystem::unknown;
  Deleted deleted = Deleted::leave_out;
};

struct WorkerLimits {
  std::uint64_t memory = std::uint64_t{1} << 30;  // address space beyond the parent's own, bytes
  std::uint32_t cpu_seconds = 120;
  std::chrono::milliseconds walk{300'000};
  std::chrono::milliseconds answer{30'000};  // of one read
};

class Worker {
 public:
  // `name` is how findings call it: "the reader of part 2".
  static base::Result<std::unique_ptr<Worker>> start(const ForkableSource& source, const Job& job,
                                                     const WorkerLimits& limits, std::string name);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker();

  // The next record of the walk; nullopt after its end. An error is a finding: the walk is over and
  // what came so far is not all.
  base::Result<std::optional<Record>, Finding> next();
  // After the walk's end.
  base::Result<std::vector<std::byte>> read(const Handle& handle, std::uint64_t offset,
                                            std::size_t length);

 private:
  Worker(std::string name, const WorkerLimits& limits) : name_(std::move(name)), limits_(limits) {}
  base::Result<Record, Finding> receive();
  Finding ended(const std::string& how);
  int wait();
  void kill();

  std::string name_;
  WorkerLimits limits_;
  pid_t pid_ = -1;
  base::io::Fd answers_;
  base::io::Fd requests_;
  RecordStream stream_;
  std::uint64_t received_ = 0;
  std::uint64_t entries_ = 0;
  std::uint64_t notes_ = 0;
  std::chrono::steady_clock::time_point deadline_;
  std::optional<Finding> dead_;
  bool walked_ = false;
};

}  // namespace scannerqube::volume
