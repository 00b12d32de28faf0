// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/attacks/guest/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "base/io/forked.hpp"

namespace attacks {
namespace {

using std::chrono::steady_clock;
constexpr int pause_ms = 5;

base::Result<pid_t> forked() {
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return base::io::fail_errno("fork");
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(126);
  }
  return pid;
}

}  // namespace

base::Result<Process> Process::start(const Options& options) {
  const base::io::Fd log(
      ::open(options.log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!log) return base::io::fail_errno("open " + options.log.string());
  std::vector<std::string> command = options.command;
  std::vector<char*> arguments;
  for (std::string& each : command) arguments.push_back(each.data());
  arguments.push_back(nullptr);
  const auto pid = forked();
  if (!pid) return base::Unexpected{pid.error()};
  if (*pid > 0) return Process(*pid);

  const int null = ::open("/dev/null", O_RDONLY);
  ::dup2(null, STDIN_FILENO);
  ::dup2(options.output >= 0 ? options.output : log.get(), STDOUT_FILENO);
  ::dup2(log.get(), STDERR_FILENO);
  for (const int fd : options.kept) ::fcntl(fd, F_SETFD, 0);
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

base::Result<Process> Process::fork_to(const std::vector<int>& kept,
                                       const std::function<int()>& work) {
  const auto pid = forked();
  if (!pid) return base::Unexpected{pid.error()};
  if (*pid > 0) return Process(*pid);
  base::io::close_all_but(kept);
  ::_exit(work());
}

Process& Process::operator=(Process&& other) noexcept {
  if (this != &other) {
    kill();
    pid_ = std::exchange(other.pid_, -1);
    ended_ = other.ended_;
  }
  return *this;
}

std::optional<Process::Ended> Process::ended(std::chrono::milliseconds patience) {
  const auto deadline = steady_clock::now() + patience;
  while (pid_ > 0) {
    int status = 0;
    rusage used{};
    if (::wait4(pid_, &status, WNOHANG, &used) == pid_) {
      pid_ = -1;
      ended_ = Ended{.code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status),
                     .memory_kib = used.ru_maxrss};
      break;
    }
    if (steady_clock::now() >= deadline) return std::nullopt;
    ::poll(nullptr, 0, pause_ms);
  }
  return ended_;
}

void Process::terminate() const {
  if (pid_ > 0) ::kill(pid_, SIGTERM);
}

void Process::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

}  // namespace attacks
