// SPDX-License-Identifier: GPL-2.0-or-later
// The scripted daemon and the running of programs; see the header.
#include "tests/cli/fake_admin.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "base/io/files.hpp"
#include "base/io/unix_socket.hpp"
#include "tests/places.hpp"

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

void send_all(const base::io::Fd& client, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size = ::send(client.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
}

// The process of a program in the build, or of one that is named by its path.
pid_t start(const std::string& name, const std::vector<std::string>& arguments,
            const base::io::Fd& out, const base::io::Fd& err) {
  std::string path = name.starts_with('/') ? name : bin_folder() + "/" + name;
  std::vector<std::string> words = arguments;
  std::vector<char*> argv{path.data()};
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::dup2(out.get(), STDOUT_FILENO);
  ::dup2(err.get(), STDERR_FILENO);
  ::setenv("COLUMNS", "80", 1);
  ::unsetenv("SALLYPORT_ROOT");
  ::alarm(child_limit_s);
  ::execv(path.c_str(), argv.data());
  ::_exit(99);
}

int wait_for(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

std::string bin_folder() { return places::build() + "/bin"; }

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
  base::io::Fd client(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  const auto request = base::io::read_all(client, max_output);
  if (!request) return;
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(*request);
  }
  // A client that hung up is its own test's business, and must not kill this process.
  const std::string reply = script_(*request);
  send_all(client, reply);
  if (!request->starts_with("admin.Events+") || !reply.starts_with('1')) return;
  const std::lock_guard lock(mutex_);
  listeners_.push_back(std::move(client));
}

void FakeAdmin::tell(const std::string& bytes) {
  const std::lock_guard lock(mutex_);
  for (const base::io::Fd& each : listeners_) send_all(each, bytes);
}

void FakeAdmin::hang_up() {
  const std::lock_guard lock(mutex_);
  listeners_.clear();
}

RunningProgram::RunningProgram(const std::string& name, const std::vector<std::string>& arguments) {
  auto stdout_ends = *base::io::pipe_pair();
  auto stderr_ends = *base::io::pipe_pair();
  child_ = start(name, arguments, stdout_ends.second, stderr_ends.second);
  out_ = std::move(stdout_ends.first);
  err_ = std::move(stderr_ends.first);
}

RunningProgram::~RunningProgram() {
  if (child_ <= 0) return;
  ::kill(child_, SIGKILL);
  ::waitpid(child_, nullptr, 0);
}

std::string RunningProgram::read_until(std::string_view text) {
  std::array<char, 4096> buffer{};
  while (result_.out.find(text) == std::string::npos) {
    const ssize_t size = ::read(out_.get(), buffer.data(), buffer.size());
    if (size <= 0) break;
    result_.out.append(buffer.data(), static_cast<std::size_t>(size));
  }
  return result_.out;
}

void RunningProgram::signal(int number) const { ::kill(child_, number); }

ProgramResult RunningProgram::finish() {
  if (out_) read_both(out_, err_, result_);
  result_.code = wait_for(std::exchange(child_, -1));
  return result_;
}

ProgramResult run_program(const std::string& name, const std::vector<std::string>& arguments,
                          Stdout out) {
  // A pipe's first end reads, and so is the terminal's.
  auto stdout_ends = out == Stdout::terminal ? open_terminal() : *base::io::pipe_pair();
  auto stderr_ends = *base::io::pipe_pair();
  const pid_t child = start(name, arguments, stdout_ends.second, stderr_ends.second);
  stdout_ends.second.reset();
  stderr_ends.second.reset();
  ProgramResult result;
  read_both(stdout_ends.first, stderr_ends.first, result);
  result.code = wait_for(child);
  return result;
}

}  // namespace cli::test
