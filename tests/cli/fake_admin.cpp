// SPDX-License-Identifier: GPL-2.0-or-later
// The scripted daemon and the running of programs; see the header.
#include "tests/cli/fake_admin.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "base/io/files.hpp"
#include "base/io/unix_socket.hpp"

namespace cli::test {
namespace {

constexpr std::size_t max_output = std::size_t{1024} * 1024;
constexpr unsigned child_limit_s = 30;  // a program that hangs is killed

// A terminal that does not turn "\n" into "\r\n".
base::io::FdPair open_terminal() {
  int ours = -1;
  int theirs = -1;
  termios settings{};
  settings.c_cflag = CS8 | CREAD;
  if (::openpty(&ours, &theirs, nullptr, &settings, nullptr) != 0) return {};
  return {base::io::Fd(ours), base::io::Fd(theirs)};
}

// Reads both to their ends; a terminal ends with EIO.
void read_both(const base::io::Fd& out, const base::io::Fd& err, ProgramResult& result) {
  std::array<pollfd, 2> fds{pollfd{.fd = out.get(), .events = POLLIN, .revents = 0},
                            pollfd{.fd = err.get(), .events = POLLIN, .revents = 0}};
  const std::array<std::string*, 2> texts{&result.out, &result.err};
  while (fds[0].fd >= 0 || fds[1].fd >= 0) {
    if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) return;
    for (std::size_t i = 0; i < fds.size(); ++i) {
      if (fds[i].fd < 0 || fds[i].revents == 0) continue;
      std::array<char, 4096> buffer{};
      const ssize_t size = ::read(fds[i].fd, buffer.data(), buffer.size());
      if (size > 0) texts[i]->append(buffer.data(), static_cast<std::size_t>(size));
      if (size <= 0 || texts[i]->size() > max_output) fds[i].fd = -1;
    }
  }
}

}  // namespace

TemporaryRoot::TemporaryRoot() {
  std::string pattern = (std::filesystem::temp_directory_path() / "sallyport-XXXXXX").string();
  path_ = ::mkdtemp(pattern.data());
  std::filesystem::create_directories(paths().run());
}
TemporaryRoot::~TemporaryRoot() { std::filesystem::remove_all(path_); }

FakeAdmin::FakeAdmin(const base::io::Paths& paths, Script script) : script_(std::move(script)) {
  auto listening = base::io::listen_unix(paths.admin_socket(), 0600);
  EXPECT_TRUE(listening.has_value()) << (listening ? "" : listening.error().text);
  listening_ = std::move(*listening);
  stop_ = *base::io::pipe_pair();
  thread_ = std::thread(&FakeAdmin::serve, this);
}

FakeAdmin::~FakeAdmin() {
  stop_.second.reset();
  thread_.join();
}

std::vector<std::string> FakeAdmin::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void FakeAdmin::serve() {
  for (;;) {
    std::array<pollfd, 2> fds{pollfd{.fd = listening_.get(), .events = POLLIN, .revents = 0},
                              pollfd{.fd = stop_.first.get(), .events = POLLIN, .revents = 0}};
    if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) return;
    if (fds[1].revents != 0) return;
    if (fds[0].revents != 0) answer_one();
  }
}

void FakeAdmin::answer_one() {
  const base::io::Fd client(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  const auto request = base::io::read_all(client, max_output);
  if (!request) return;
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(*request);
  }
  // A client that hung up is its own test's business, and must not kill this process.
  const std::string reply = script_(*request);
  for (std::size_t sent = 0; sent < reply.size();) {
    const ssize_t size =
        ::send(client.get(), reply.data() + sent, reply.size() - sent, MSG_NOSIGNAL);
    if (size <= 0) return;
    sent += static_cast<std::size_t>(size);
  }
}

ProgramResult run_program(const std::string& name, const std::vector<std::string>& arguments,
                          Stdout out) {
  auto stdout_ends = out == Stdout::terminal ? open_terminal() : *base::io::pipe_pair();
  auto stderr_ends = *base::io::pipe_pair();
  // A pipe's first end reads, and so is the terminal's.
  std::string path = std::string(SALLYPORT_BINARY_DIR) + "/bin/" + name;
  std::vector<std::string> words = arguments;
  std::vector<char*> argv{path.data()};
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(stdout_ends.second.get(), STDOUT_FILENO);
    ::dup2(stderr_ends.second.get(), STDERR_FILENO);
    ::setenv("COLUMNS", "80", 1);
    ::unsetenv("SALLYPORT_ROOT");
    ::alarm(child_limit_s);
    ::execv(path.c_str(), argv.data());
    ::_exit(99);
  }
  stdout_ends.second.reset();
  stderr_ends.second.reset();
  ProgramResult result;
  read_both(stdout_ends.first, stderr_ends.first, result);
  int status = 0;
  ::waitpid(child, &status, 0);
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

}  // namespace cli::test
