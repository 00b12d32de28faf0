// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/prompt/scan_first.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <utility>

#include "policy/prompt/view.hpp"

namespace policy::prompt {
namespace {

base::Result<pid_t> spawn(const std::vector<std::string>& command, const base::io::Fd& errors) {
  std::vector<std::string> words = command;
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& each : words) argv.push_back(each.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, errors.get(), STDERR_FILENO);
  // Asio's sockets are not closed by exec, and whoever asked hears the answer when all are closed.
  ::posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  pid_t child = 0;
  const int error = ::posix_spawn(&child, argv.front(), &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error == 0) return child;
  return base::Unexpected{base::io::system_error("start " + command.front(), error)};
}

}  // namespace

std::vector<std::string> scan_command(const base::io::Paths& paths, const io::Question& question) {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  return {(self.parent_path() / "sallyport").string(),
          "scan",
          "--progress",
          "--attach",
          question.scan_for,
          question.scan_first,
          "--root",
          paths.root().string()};
}

std::string scan_outcome(const io::Question& question, int exit_code, std::string_view last_words) {
  const std::string device = shown(question.scan_first);
  if (exit_code == 0) return device + ": clean; its snapshot is with " + shown(question.scan_for);
  std::string text = device + " was not given to " + shown(question.scan_for);
  if (!last_words.empty()) text += ": " + shown(last_words);
  return text;
}

base::Result<std::shared_ptr<ScanRun>> ScanRun::start(boost::asio::io_context& context,
                                                      const std::vector<std::string>& command,
                                                      OnEnd on_end) {
  auto pipe = base::io::pipe_pair();
  if (!pipe) return base::Unexpected{pipe.error()};
  const auto child = spawn(command, pipe->second);
  if (!child) return base::Unexpected{child.error()};
  base::io::Fd process(static_cast<int>(::syscall(SYS_pidfd_open, *child, 0)));
  if (!process) {
    auto failed = base::io::fail_errno("watch " + command.front());
    ::kill(*child, SIGKILL);
    ::waitpid(*child, nullptr, 0);
    return failed;
  }
  auto run = std::make_shared<ScanRun>(context, *child, std::move(process), std::move(pipe->first));
  run->on_end_ = std::move(on_end);
  run->read();
  run->wait();
  return run;
}

ScanRun::ScanRun(boost::asio::io_context& context, pid_t child, base::io::Fd process,
                 base::io::Fd errors)
    : child_(child), process_(context, process.release()), errors_(context, errors.release()) {}

ScanRun::~ScanRun() {
  if (child_ <= 0) return;
  ::kill(child_, SIGTERM);
  ::waitpid(child_, nullptr, 0);
}

// Handlers hold no share of this: whoever drops it ends the scan.
void ScanRun::read() {
  errors_.async_read_some(
      boost::asio::buffer(buffer_),
      [weak = weak_from_this()](const boost::system::error_code& error, std::size_t size) {
        const auto self = weak.lock();
        if (!self || error) return;
        self->take({self->buffer_.data(), size});
        self->read();
      });
}

void ScanRun::take(std::string_view text) {
  for (const char each : text) {
    if (each == '\n') {
      last_line_ = std::exchange(line_, {});
    } else if (line_.size() < max_line) {
      line_ += each;
    }
  }
}

void ScanRun::wait() {
  process_.async_wait(Descriptor::wait_read,
                      [weak = weak_from_this()](const boost::system::error_code& error) {
                        const auto self = weak.lock();
                        if (self && !error) self->end();
                      });
}

void ScanRun::end() {
  int status = 0;
  // Readiness is a hint: the kernel may wake a pidfd's waiters before the end.
  if (::waitpid(child_, &status, WNOHANG) == 0) return wait();
  child_ = -1;
  boost::system::error_code error;
  errors_.non_blocking(true, error);
  for (std::size_t size = 1; size > 0 && !error;) {
    size = errors_.read_some(boost::asio::buffer(buffer_), error);
    take({buffer_.data(), size});
  }
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  const OnEnd on_end = std::exchange(on_end_, nullptr);
  on_end(code, last_line_);
}

}  // namespace policy::prompt
