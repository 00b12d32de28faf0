// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/io/service.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace agent::io {
namespace {

constexpr std::chrono::seconds kill_after{2};
constexpr std::chrono::milliseconds last_words{200};
constexpr int status_fd = STDERR_FILENO + 1;

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> out;
  out.reserve(strings.size() + 1);
  for (std::string& text : strings) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

// In the child, between fork and exec: only calls that are safe there. Never returns.
[[noreturn]] void become(const char* program, char* const* arguments, char* const* environment,
                         int stream, int errors, int statuses) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setsid();
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  struct sigaction ordinary {};
  ordinary.sa_handler = SIG_DFL;
  ::sigaction(SIGPIPE, &ordinary, nullptr);
  // The programs of a service expect ordinary, blocking descriptors.
  ::fcntl(stream, F_SETFL, ::fcntl(stream, F_GETFL) & ~O_NONBLOCK);
  if (::dup2(stream, STDIN_FILENO) >= 0 && ::dup2(stream, STDOUT_FILENO) >= 0 &&
      ::dup2(errors, STDERR_FILENO) >= 0 && ::dup2(statuses, status_fd) >= 0) {
    ::fcntl(status_fd, F_SETFD, 0);        // dup2 does not, if it is there already
    ::close_range(status_fd + 1, ~0U, 0);  // whatever else the agent has is not the service's
    ::execve(program, arguments, environment);
  }
  constexpr char failed[] = "the service's program cannot be started\n";
  [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, failed, sizeof(failed) - 1);
  ::_exit(exit_problem);
}

}  // namespace

std::optional<std::filesystem::path> find_service(const std::vector<std::filesystem::path>& folders,
                                                  const std::string& service) {
  // A slash would leave the folder; qrexec has no services with one.
  if (service.empty() || service.find('/') != std::string::npos || service[0] == '.') {
    return std::nullopt;
  }
  const std::string name = service.substr(0, service.find('+'));
  for (const auto& folder : folders) {
    for (const std::string& candidate : {service, name}) {
      const std::filesystem::path path = folder / candidate;
      std::error_code error;
      if (!candidate.empty() && std::filesystem::is_regular_file(path, error) &&
          ::access(path.c_str(), X_OK) == 0) {
        return path;
      }
    }
  }
  return std::nullopt;
}

std::vector<std::string> service_environment(const CallStart& call, pid_t agent,
                                             const std::filesystem::path& agent_socket) {
  const std::size_t plus = call.service.find('+');
  const std::string argument = plus == std::string::npos ? "" : call.service.substr(plus + 1);
  std::vector<std::string> environment{
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      "QREXEC_REMOTE_DOMAIN=" + call.source,
      "QREXEC_SERVICE_FULL_NAME=" + call.service,
      "QREXEC_AGENT_PID=" + std::to_string(agent),
      "SALLYPORT_STATUS_FD=" + std::to_string(status_fd),
      "SALLYPORT_AGENT_SOCKET=" + agent_socket.string(),
  };
  if (!call.options.empty()) environment.push_back("SALLYPORT_OPTIONS=" + call.options);
  if (plus != std::string::npos) environment.push_back("QREXEC_SERVICE_ARGUMENT=" + argument);
  if (call.requested_target.starts_with('@')) {
    environment.push_back("QREXEC_REQUESTED_TARGET_TYPE=keyword");
    environment.push_back("QREXEC_REQUESTED_TARGET_KEYWORD=" + call.requested_target.substr(1));
  } else {
    environment.push_back("QREXEC_REQUESTED_TARGET_TYPE=name");
    environment.push_back("QREXEC_REQUESTED_TARGET=" + call.requested_target);
  }
  return environment;
}

base::Result<std::shared_ptr<Service>> Service::start(boost::asio::io_context& io,
                                                      const CallStart& call,
                                                      const ServiceProgram& program,
                                                      base::io::Fd stream, OnEnd on_end,
                                                      OnStatus on_status) {
  auto errors = base::io::pipe_pair();
  auto statuses = base::io::pipe_pair();
  if (!errors || !statuses) return base::fail((errors ? statuses : errors).error().text);
  std::vector<std::string> arguments{program.file.string()};
  if (const std::size_t plus = call.service.find('+'); plus != std::string::npos) {
    arguments.push_back(call.service.substr(plus + 1));
  }
  std::vector<std::string> environment =
      service_environment(call, ::getpid(), program.agent_socket);
  const std::vector<char*> argument_list = pointers(arguments);
  const std::vector<char*> environment_list = pointers(environment);
  const pid_t child = ::fork();
  if (child < 0) return base::io::fail_errno("fork");
  if (child == 0) {
    become(program.file.c_str(), argument_list.data(), environment_list.data(), stream.get(),
           errors->second.get(), statuses->second.get());
  }
  base::io::Fd process(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  if (!process) {
    const auto failed = base::io::fail_errno("pidfd_open");
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    return failed;
  }
  auto service = std::make_shared<Service>(io, call.call, child, std::move(process),
                                           std::move(errors->first), std::move(statuses->first),
                                           std::move(on_end), std::move(on_status));
  service->watch();
  return service;
}

Service::Service(boost::asio::io_context& io, CallId call, pid_t child, base::io::Fd process,
                 base::io::Fd errors, base::io::Fd statuses, OnEnd on_end, OnStatus on_status)
    : call_(call),
      child_(child),
      process_(io, process.release()),
      errors_(io, errors.release()),
      statuses_(io, statuses.release()),
      timer_(io),
      on_end_(std::move(on_end)),
      on_status_(std::move(on_status)) {}

Service::~Service() {
  if (exit_code_) return;
  ::kill(child_, SIGKILL);
  ::waitpid(child_, nullptr, 0);
}

void Service::watch() {
  wait_for_exit();
  read_errors();
  read_statuses();
}

void Service::wait_for_exit() {
  process_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                      std::bind_front(&Service::after_exit, shared_from_this()));
}

void Service::read_errors() {
  errors_.async_read_some(boost::asio::buffer(buffer_),
                          std::bind_front(&Service::after_errors, shared_from_this()));
}

void Service::after_errors(const boost::system::error_code& error, std::size_t size) {
  if (error) {
    errors_closed_ = true;
    if (exit_code_) finish();
    return;
  }
  // To the qube's own log as it is, and the end of it is kept as the reason.
  [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, buffer_.data(), size);
  said_.append(buffer_.data(), size);
  if (said_.size() > max_reason) said_.erase(0, said_.size() - max_reason);
  read_errors();
}

void Service::read_statuses() {
  statuses_.async_read_some(boost::asio::buffer(status_buffer_),
                            std::bind_front(&Service::after_statuses, shared_from_this()));
}

void Service::after_statuses(const boost::system::error_code& error, std::size_t size) {
  if (error) return;
  for (const char each : std::string_view(status_buffer_.data(), size)) {
    if (each != '\n') {
      if (status_.size() < max_status) status_ += each;
      continue;
    }
    const bool word = std::ranges::all_of(status_, [](char c) { return c > ' ' && c < 0x7f; });
    if (word && !status_.empty() && told_++ < max_statuses) on_status_(call_, status_);
    status_.clear();
  }
  read_statuses();
}

void Service::cancel() {
  if (exit_code_) return;
  ::kill(child_, SIGTERM);  // not yet reaped, so the number is still its own
  timer_.expires_after(kill_after);
  timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (!error && self && !self->exit_code_) ::kill(self->child_, SIGKILL);
  });
}

void Service::after_exit(const boost::system::error_code& error) {
  if (error || exit_code_) return;
  int status = 0;
  // Readiness is a hint: the kernel may wake a pidfd's waiters before the end.
  if (::waitpid(child_, &status, WNOHANG) == 0) return wait_for_exit();
  exit_code_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  if (errors_closed_) return finish();
  // Its last words are still in the pipe; a grandchild may hold that open for ever.
  timer_.expires_after(last_words);
  timer_.async_wait(
      [self = shared_from_this()](const boost::system::error_code&) { self->finish(); });
}

void Service::finish() {
  const OnEnd on_end = std::exchange(on_end_, nullptr);
  if (!on_end) return;
  boost::system::error_code ignored;
  timer_.cancel();
  errors_.cancel(ignored);
  statuses_.cancel(ignored);
  on_end(call_, {.exit_code = *exit_code_, .reason = last_line()});
}

std::string Service::last_line() const {
  if (*exit_code_ > 128) {
    // Its last words were about something else: a signal leaves no time to say why.
    return "killed by signal " + std::to_string(*exit_code_ - 128);
  }
  std::string_view text = said_;
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  const std::size_t newline = text.rfind('\n');
  if (newline != std::string_view::npos) text.remove_prefix(newline + 1);
  return std::string(text);
}

}  // namespace agent::io
