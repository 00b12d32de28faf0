// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/io/run_program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <optional>

#include "base/io/fd.hpp"
#include "base/io/forked.hpp"

namespace base::io {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int not_run = 127;

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> all;
  all.reserve(words.size() + 1);
  for (std::string& word : words) all.push_back(word.data());
  all.push_back(nullptr);
  return all;
}

[[noreturn]] void become(char* const* arguments, char* const* environment, const Fd& output,
                         pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (::getppid() != parent || ::dup2(nothing, STDIN_FILENO) < 0 ||
      ::dup2(output.get(), STDOUT_FILENO) < 0 || ::dup2(output.get(), STDERR_FILENO) < 0) {
    ::_exit(not_run);
  }
  close_all_but({});
  ::execve(arguments[0], arguments, environment);
  ::_exit(not_run);
}

// Killed and collected unless it was waited for.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  ~Child() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    wait();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  int wait() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
    pid_ = -1;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }

 private:
  pid_t pid_;
};

// Until nobody can write any more; what is beyond the bound is read and dropped, so that the
// program never waits for us. nullopt: the time is over.
base::Result<std::optional<std::string>> collect(const Fd& from, Clock::time_point until) {
  std::string output;
  std::array<char, 4096> chunk{};
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    if (left.count() <= 0) return std::optional<std::string>();
    pollfd entry{.fd = from.get(), .events = POLLIN, .revents = 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(left.count()));
    if (ready < 0 && errno != EINTR) return base::io::fail_errno("poll");
    if (ready <= 0) continue;
    const ssize_t got = ::read(from.get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base::io::fail_errno("read");
    if (got == 0) return std::optional(std::move(output));
    const auto room = max_program_output - output.size();
    output.append(chunk.data(), std::min(room, static_cast<std::size_t>(got)));
  }
}

}  // namespace

base::Result<Ran> run_program(const std::vector<std::string>& command, std::chrono::seconds most) {
  if (::access(command.at(0).c_str(), X_OK) != 0) {
    return base::io::fail_errno("run " + command[0]);
  }
  auto pipe = base::io::pipe_pair();
  if (!pipe) return base::Unexpected{pipe.error()};
  std::vector<std::string> words = command;
  std::vector<std::string> settings{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"};
  const auto arguments = pointers(words);
  const auto environment = pointers(settings);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return base::io::fail_errno("fork");
  if (pid == 0) become(arguments.data(), environment.data(), pipe->second, parent);
  Child child(pid);
  pipe->second.reset();
  auto output = collect(pipe->first, Clock::now() + most);
  if (!output) return base::Unexpected{output.error()};
  if (!*output) {
    return base::fail(command[0] + " did not end within " + std::to_string(most.count()) + " s");
  }
  return Ran{.code = child.wait(), .output = **std::move(output)};
}

}  // namespace base::io
