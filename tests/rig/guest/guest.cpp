// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/rig/guest/guest.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/io/files.hpp"

namespace rig::guest {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds host_away_pause{20};

std::optional<std::filesystem::path> find_port() {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/sys/class/virtio-ports", error)) {
    std::ifstream file(entry.path() / "name");
    std::string name;
    if (std::getline(file, name) && name == port_name) return "/dev" / entry.path().filename();
  }
  return std::nullopt;
}

// In the child: a session of its own, so that a timeout can kill the command with all it started.
[[noreturn]] void become(const std::string& command, int output) {
  ::setsid();
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int null = ::open("/dev/null", O_RDONLY);
  ::dup2(null, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::close_range(3, ~0U, 0);
  ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
  ::_exit(127);
}

int exit_code(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// Takes what is there; false at end of file. What is beyond the bound is read and dropped, so that
// the command does not hang on a full pipe.
bool take_output(const base::io::Fd& pipe, std::string& output) {
  std::array<char, 16384> chunk{};
  for (;;) {
    const ssize_t got = ::read(pipe.get(), chunk.data(), chunk.size());
    if (got == 0) return false;
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    const auto room = max_output - output.size();
    output.append(chunk.data(), std::min(room, static_cast<std::size_t>(got)));
  }
}

int poll_timeout(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60000));
}

}  // namespace

base::Result<base::io::Fd> open_port() {
  const auto deadline = Clock::now() + std::chrono::seconds(30);
  do {
    if (const auto path = find_port()) {
      base::io::Fd port(::open(path->c_str(), O_RDWR | O_CLOEXEC));
      if (port) return port;
    }
    std::this_thread::sleep_for(host_away_pause);
  } while (Clock::now() < deadline);
  return base::fail("open the virtio-serial port rig: not there after 30 s; load virtio_console");
}

base::Result<Guest> Guest::create(const base::io::Fd& port) {
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  if (::sigprocmask(SIG_BLOCK, &child, nullptr) != 0) return base::io::fail_errno("sigprocmask");
  base::io::Fd signals(::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals) return base::io::fail_errno("signalfd");
  return Guest(port, std::move(signals));
}

std::optional<int> Guest::reap(pid_t wanted) {
  signalfd_siginfo ignored{};
  while (::read(signals_.get(), &ignored, sizeof ignored) > 0) {
  }
  std::optional<int> found;
  int status = 0;
  for (pid_t pid = ::waitpid(-1, &status, WNOHANG); pid > 0;
       pid = ::waitpid(-1, &status, WNOHANG)) {
    if (pid == wanted) found = status;
  }
  return found;
}

// False when the host's end is closed: what it had sent of a request is forgotten.
bool Guest::read_more() {
  std::array<pollfd, 2> entries{{{.fd = port_.get(), .events = POLLIN, .revents = 0},
                                 {.fd = signals_.get(), .events = POLLIN, .revents = 0}}};
  if (::poll(entries.data(), entries.size(), -1) < 0) return true;
  if (entries[1].revents != 0) reap(-1);
  if ((entries[0].revents & POLLIN) != 0) {
    std::array<char, 4096> chunk{};
    const ssize_t got = ::read(port_.get(), chunk.data(), chunk.size());
    if (got > 0) {
      received_.append(chunk.data(), static_cast<std::size_t>(got));
      return true;
    }
  }
  if (entries[0].revents == 0) return true;
  received_.clear();
  std::this_thread::sleep_for(host_away_pause);
  return false;
}

std::optional<std::string> Guest::read_line() {
  for (;;) {
    const auto end = received_.find('\n');
    if (end != std::string::npos) {
      std::string line = received_.substr(0, end);
      received_.erase(0, end + 1);
      return line;
    }
    if (received_.size() > max_header) received_.clear();
    if (!read_more()) return std::nullopt;
  }
}

Guest::Outcome Guest::run(const std::string& command, milliseconds timeout) {
  auto pipe = base::io::pipe_pair();
  if (!pipe) return {.exit = 125, .output = pipe.error().text};
  if (auto set = base::io::set_nonblocking(pipe->first); !set) {
    return {.exit = 125, .output = set.error().text};
  }
  const pid_t pid = ::fork();
  if (pid < 0) return {.exit = 125, .output = "fork failed"};
  if (pid == 0) become(command, pipe->second.get());
  pipe->second.reset();

  Outcome outcome;
  const auto deadline = Clock::now() + timeout;
  bool more = true;
  bool killed = false;
  for (;;) {
    std::array<pollfd, 2> entries{
        {{.fd = signals_.get(), .events = POLLIN, .revents = 0},
         {.fd = more ? pipe->first.get() : -1, .events = POLLIN, .revents = 0}}};
    ::poll(entries.data(), entries.size(), killed ? -1 : poll_timeout(deadline));
    if (more) more = take_output(pipe->first, outcome.output);
    if (const auto status = reap(pid)) {
      // Background processes may keep the pipe open: what is in it now is all that is waited for.
      if (more) take_output(pipe->first, outcome.output);
      outcome.exit = killed ? exit_timeout : exit_code(*status);
      return outcome;
    }
    if (!killed && Clock::now() >= deadline) {
      ::kill(-pid, SIGKILL);
      killed = true;
    }
  }
}

void Guest::serve_one() {
  const auto line = read_line();
  if (!line) return;
  const auto request = parse_header(*line, "run", max_command);
  if (!request) return;
  while (received_.size() < request->length) {
    if (!read_more()) return;
  }
  const std::string command = received_.substr(0, request->length);
  received_.erase(0, request->length);

  const Outcome outcome = run(command, milliseconds(request->number));
  const auto header = format_header(
      "done", {.id = request->id, .number = outcome.exit, .length = outcome.output.size()});
  // If the host is gone the answer is lost, and so is the one who wanted it.
  if (!base::io::write_all(port_, header + outcome.output)) received_.clear();
}

}  // namespace rig::guest
