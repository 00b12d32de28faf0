// SPDX-License-Identifier: GPL-2.0-or-later
// Scanner machines that are booted before anybody asks, each for one scan.
#pragma once

#include <sys/types.h>

#include <deque>
#include <list>
#include <optional>

#include "base/io/log.hpp"
#include "scanner-qube/host/io/scan_task.hpp"

namespace scannerqube::io {

struct MachinePoolOptions {
  std::filesystem::path root = "/";
  MachineOptions machine;  // its root and database are set from `root`
  TaskLimits limits;
  unsigned ahead = 1;           // machines that wait for a scan
  unsigned most = 3;            // machines at a time
  std::optional<uid_t> client;  // who may ask, besides root and this process' own user
};

// One thread, without Asio: it forks.
class MachinePool {
 public:
  static constexpr std::size_t max_waiting = 16;  // clients

  MachinePool(MachinePoolOptions options, const base::io::Log& log);
  ~MachinePool();
  MachinePool(const MachinePool&) = delete;
  MachinePool& operator=(const MachinePool&) = delete;

  // Serves until `stop` is readable.
  base::Status run(const base::io::Fd& stop);

 private:
  using Clock = std::chrono::steady_clock;
  enum class Stage : std::uint8_t { boots, ready, serves };
  struct Machine {
    std::string name;
    pid_t pid = -1;
    base::io::Fd process;  // pidfd
    base::io::Fd control;  // none once it serves
    Stage stage = Stage::boots;
    std::filesystem::path database;
  };

  void accept();
  void look_at_database();
  void boot_ahead();
  base::Status boot();
  void hear(Machine& machine);
  void reap(Machine& machine);
  void hand_out();
  void refuse(const std::string& why);  // all that wait
  void wait(const base::io::Fd& stop);

  MachinePoolOptions options_;
  const base::io::Log& log_;
  base::io::Fd listening_;
  std::list<Machine> machines_;
  std::deque<base::io::Fd> clients_;
  std::filesystem::path database_;  // empty: there is none
  std::uint64_t next_ = 1;
  Clock::time_point not_before_;  // no machine is booted ahead of a client
};

}  // namespace scannerqube::io
