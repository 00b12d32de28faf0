// SPDX-License-Identifier: GPL-2.0-or-later
#include "input-proxy/io/sender_process.hpp"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include "base/io/fd.hpp"

namespace inputproxy::io {

base::Result<std::shared_ptr<SenderProcess>> SenderProcess::start(boost::asio::io_context& io,
                                                                  std::vector<std::string> command,
                                                                  OnExit on_exit) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t child = ::fork();
  if (child < 0) return base::io::fail_errno("fork");
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::execv(arguments[0], arguments.data());
    ::_exit(125);
  }
  const int process = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
  if (process < 0) {
    const auto failed = base::io::fail_errno("pidfd_open");
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    return failed;
  }
  auto made = std::make_shared<SenderProcess>(io, child, process, std::move(on_exit));
  made->wait();
  return made;
}

SenderProcess::SenderProcess(boost::asio::io_context& io, pid_t child, int process, OnExit on_exit)
    : child_(child), process_(io, process), on_exit_(std::move(on_exit)) {}

SenderProcess::~SenderProcess() {
  if (reaped_) return;
  ::kill(child_, SIGKILL);
  ::waitpid(child_, nullptr, 0);
}

void SenderProcess::wait() {
  process_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                      [weak = weak_from_this()](const boost::system::error_code& error) {
                        if (const auto self = weak.lock()) self->after_wait(error);
                      });
}

void SenderProcess::after_wait(const boost::system::error_code& error) {
  if (error) return;
  int status = 0;
  // Readiness is a hint: the kernel may wake a pidfd's waiters before the end.
  if (::waitpid(child_, &status, WNOHANG) == 0) return wait();
  reaped_ = true;
  const OnExit on_exit = std::move(on_exit_);
  on_exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

}  // namespace inputproxy::io
