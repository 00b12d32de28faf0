// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/io/backend_process.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include <chrono>
#include <csignal>

#include "base/io/forked.hpp"

namespace usbproxy::io {
namespace {

// Giving a device back to the kernel's drivers, which then ask it for all they want to know.
constexpr std::chrono::seconds end_patience{10};
constexpr int not_run = 127;

[[noreturn]] void become(char* const* arguments, const base::io::Fd& stream) {
  // It gives the device back at SIGTERM; killed it would not.
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::dup2(stream.get(), STDIN_FILENO) >= 0 && ::dup2(stream.get(), STDOUT_FILENO) >= 0) {
    base::io::close_all_but({});
    ::execv(arguments[0], arguments);
  }
  constexpr char failed[] = "the backend's program cannot be started\n";
  [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, failed, sizeof(failed) - 1);
  ::_exit(not_run);
}

}  // namespace

base::Result<BackendProcess> BackendProcess::start(std::vector<std::string> command) {
  auto pair = base::io::stream_pair();
  if (!pair) return base::Unexpected{pair.error()};
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid < 0) return base::io::fail_errno("fork");
  if (pid == 0) become(arguments.data(), pair->second);
  return BackendProcess(pid, std::move(pair->first));
}

void BackendProcess::wait() const { base::io::wait_or_kill(pid_, end_patience); }

}  // namespace usbproxy::io
