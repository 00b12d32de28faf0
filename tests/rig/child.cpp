// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/rig/child.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

namespace rig {
namespace {

constexpr std::chrono::milliseconds wait_pause{10};
constexpr std::streamoff max_tail = 64L * 1024;
constexpr std::size_t lines_of_reason = 20;

// Between fork and exec, so only calls that are safe there.
[[noreturn]] void become(char* const* argv, int log, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(126);
  const int null = ::open("/dev/null", O_RDONLY);
  ::dup2(null, STDIN_FILENO);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  ::execvp(argv[0], argv);
  ::_exit(127);
}

std::filesystem::path scratch_log() {
  return std::filesystem::temp_directory_path() / ("rig-log." + std::to_string(::getpid()));
}

}  // namespace

base::Result<Child> Child::start(const std::vector<std::string>& argv,
                                 const std::filesystem::path& log) {
  const base::io::Fd file(::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file) return base::io::fail_errno("open " + log.string());
  std::vector<std::string> arguments = argv;
  std::vector<char*> pointers;
  for (auto& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);

  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return base::io::fail_errno("fork");
  if (pid == 0) become(pointers.data(), file.get(), parent);
  return Child(pid);
}

Child& Child::operator=(Child&& other) noexcept {
  if (this != &other) {
    kill();
    pid_ = std::exchange(other.pid_, -1);
  }
  return *this;
}

std::optional<int> Child::wait(Deadline deadline) {
  while (pid_ > 0) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
    if (Clock::now() >= deadline) return std::nullopt;
    std::this_thread::sleep_for(wait_pause);
  }
  return std::nullopt;
}

void Child::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

base::Result<std::string> run_program(const std::vector<std::string>& argv, Deadline deadline) {
  const auto log = scratch_log();
  auto child = Child::start(argv, log);
  if (!child) return base::fail(child.error().text);
  const auto code = child->wait(deadline);
  child->kill();
  std::ifstream file(log);
  const std::string output{std::istreambuf_iterator<char>(file), {}};
  const std::string end = tail(log, lines_of_reason);
  std::error_code ignored;
  std::filesystem::remove(log, ignored);
  if (!code) return base::fail(argv.front() + ": not done in time; it printed:\n" + end);
  if (*code != 0) {
    return base::fail(argv.front() + ": exit code " + std::to_string(*code) + ":\n" + end);
  }
  return output;
}

std::string tail(const std::filesystem::path& file, std::size_t lines) {
  std::ifstream stream(file, std::ios::binary | std::ios::ate);
  if (!stream) return {};
  const std::streamoff size = stream.tellg();
  stream.seekg(size > max_tail ? size - max_tail : 0);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  std::size_t start = text.size();
  for (std::size_t count = 0; start > 0 && count <= lines; ++count) {
    start = text.rfind('\n', start - 1);
    if (start == std::string::npos) return text;
  }
  return text.substr(start == 0 ? 0 : start + 1);
}

}  // namespace rig
