// SPDX-License-Identifier: GPL-2.0-or-later
// QEMU as a child process, and the supervisor that stays with it: a process of its own session that
// keeps the console log bounded, holds the qube's lock and takes QEMU with it when it dies.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/io/fd.hpp"
#include "base/io/sandbox.hpp"

namespace sysusb::io {

struct QemuStart {
  std::vector<std::string> command;
  std::vector<const base::io::Fd*> inherited;  // stay open in QEMU under the same numbers
  std::optional<base::io::Identity> identity;  // who QEMU runs as; nullopt: who we are
  std::optional<std::uint64_t> locked_memory;  // VFIO: bytes that QEMU may lock
};

struct QemuChild {
  pid_t pid = -1;
  base::io::Fd process;  // pidfd
  base::io::Fd output;   // its stdout: the guest's console
  base::io::Fd errors;   // its stderr
};
// QEMU is killed when this process ends.
base::Result<QemuChild> start_qemu(const QemuStart& start);

// What lies in ROOT/run/sallyport/vm/NAME. Only root (or whoever launches) can write there: QEMU
// gets its sockets as open fds and its output is written by the supervisor.
class RunFolder {
 public:
  explicit RunFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  std::filesystem::path qmp() const { return folder_ / "qmp.sock"; }
  std::filesystem::path pid() const { return folder_ / "pid"; }
  std::filesystem::path accelerator() const { return folder_ / "accel"; }
  std::filesystem::path console() const { return folder_ / "console.log"; }
  std::filesystem::path errors() const { return folder_ / "qemu.log"; }
  std::filesystem::path lock_file() const { return folder_ / "lock"; }

  base::Status create() const;
  // The lock that a running qube's supervisor holds; nullopt: somebody holds it.
  base::Result<std::optional<base::io::Fd>> try_lock() const;
  base::Result<bool> running() const;
  // QEMU's pid as the supervisor wrote it.
  base::Result<pid_t> qemu_pid() const;

 private:
  std::filesystem::path folder_;
};

// Forks the supervisor, which starts QEMU. Returns the supervisor's pid at once; how it fares shows
// in the folder. `lock` goes over to the supervisor.
base::Result<pid_t> start_supervised(const QemuStart& start, const RunFolder& folder,
                                     base::io::Fd lock);

inline constexpr std::size_t max_console = std::size_t{256} * 1024;  // per file; one older is kept
inline constexpr std::size_t max_errors = std::size_t{64} * 1024;

}  // namespace sysusb::io
