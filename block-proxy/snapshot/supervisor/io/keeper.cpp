// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/snapshot/supervisor/io/keeper.hpp"

#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "base/io/pass_fd.hpp"

namespace blockproxy::snapshot {
namespace {

constexpr int control_in_child = 3;
constexpr std::size_t max_word = 64;

base::Result<pid_t> spawn(const std::filesystem::path& program,
                          const std::vector<std::string>& arguments, const base::io::Fd& control) {
  std::string path = program.string();
  std::vector<std::string> words = arguments;
  std::vector<char*> argv{path.data()};
  for (std::string& each : words) argv.push_back(each.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, control.get(), control_in_child);
  pid_t child = 0;
  const int error = ::posix_spawn(&child, path.c_str(), &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error == 0) return child;
  return base::Unexpected{base::io::system_error("start " + path, error)};
}

}  // namespace

base::Result<std::shared_ptr<Keeper>> Keeper::start(boost::asio::io_context& io,
                                                    const std::filesystem::path& program,
                                                    const std::filesystem::path& root,
                                                    const std::string& name, std::uint64_t quota) {
  auto pair = base::io::message_pair();
  if (!pair) return base::Unexpected{pair.error()};
  // dup2 of a descriptor on itself would leave it close-on-exec.
  if (pair->second.get() == control_in_child) {
    base::io::Fd other(::dup(pair->second.get()));
    pair->second = std::move(other);
  }
  const std::uint64_t mib = std::max<std::uint64_t>(quota >> 20U, 1);
  const auto child = spawn(program,
                           {"--control", std::to_string(control_in_child), "--root", root.string(),
                            "--quota", std::to_string(mib), name},
                           pair->second);
  if (!child) return base::Unexpected{child.error()};
  base::io::Fd process(static_cast<int>(::syscall(SYS_pidfd_open, *child, 0)));
  if (!process) {
    auto failed = base::io::fail_errno("watch the snapshot's process");
    ::kill(*child, SIGKILL);
    ::waitpid(*child, nullptr, 0);
    return failed;
  }
  return std::make_shared<Keeper>(io, *child, std::move(process), std::move(pair->first));
}

Keeper::Keeper(boost::asio::io_context& io, pid_t child, base::io::Fd process, base::io::Fd control)
    : child_(child),
      process_(io, process.release()),
      control_(std::move(control)),
      readable_(io, ::dup(control_.get())) {}

Keeper::~Keeper() {
  if (reaped_) return;
  // It flushes its store before it goes.
  ::kill(child_, SIGTERM);
  ::waitpid(child_, nullptr, 0);
}

void Keeper::watch(Events events) {
  events_ = std::move(events);
  wait_for_word();
  wait_for_end();
}

base::Status Keeper::hand_over(const std::string& request,
                               const std::vector<const base::io::Fd*>& fds) {
  auto sent = base::io::send_message(control_, base::wire::as_bytes(request), fds);
  if (sent) ++handed_over_;
  return sent;
}

void Keeper::wait_for_word() {
  readable_.async_wait(Descriptor::wait_read,
                       [self = shared_from_this()](const boost::system::error_code& error) {
                         if (!error) self->heard();
                       });
}

void Keeper::heard() {
  const auto message = base::io::receive_message(control_, max_word);
  if (!message || (message->data.empty() && !message->would_block)) return;  // its end is told
  const std::string_view word = base::wire::as_text(message->data);
  if (word == "changed") events_.changed();
  if (word == "idle " + std::to_string(handed_over_)) {
    // Nothing is on its way to it. Whoever comes from now on gets a new one.
    boost::system::error_code ignored;
    readable_.close(ignored);
    control_.reset();
    return;
  }
  wait_for_word();
}

void Keeper::wait_for_end() {
  process_.async_wait(Descriptor::wait_read,
                      [self = shared_from_this()](const boost::system::error_code& error) {
                        if (!error) self->end();
                      });
}

void Keeper::end() {
  int status = 0;
  // Readiness is a hint: the kernel may wake a pidfd's waiters before the end.
  if (::waitpid(child_, &status, WNOHANG) == 0) return wait_for_end();
  reaped_ = true;
  boost::system::error_code ignored;
  readable_.close(ignored);
  process_.close(ignored);
  control_.reset();
  std::string how;
  if (WIFSIGNALED(status)) how = "killed by signal " + std::to_string(WTERMSIG(status));
  if (WIFEXITED(status) && WEXITSTATUS(status) != 0) {
    how = "ended with exit code " + std::to_string(WEXITSTATUS(status));
  }
  const Events events = std::exchange(events_, {});
  events.ended(how);
}

}  // namespace blockproxy::snapshot
