// SPDX-License-Identifier: GPL-2.0-or-later
// A program on a pseudo terminal, as a person has it in front of them.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/io/fd.hpp"

namespace tests {

class Terminal {
 public:
  Terminal() = default;
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal() {
    if (child_ <= 0) return;
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }

  void start(std::vector<std::string> command) {
    std::vector<char*> argv;
    for (auto& word : command) argv.push_back(word.data());
    argv.push_back(nullptr);
    int master = -1;
    child_ = ::forkpty(&master, nullptr, nullptr, nullptr);
    if (child_ == 0) {
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
    ASSERT_GT(child_, 0);
    master_.reset(master);
  }
  // What comes onto the screen within that time, or the first of it.
  void look(std::chrono::milliseconds most) {
    pollfd entry{.fd = master_.get(), .events = POLLIN, .revents = 0};
    if (!master_ || ::poll(&entry, 1, static_cast<int>(most.count())) <= 0) return;
    std::array<char, 4096> chunk{};
    const ssize_t got = ::read(master_.get(), chunk.data(), chunk.size());
    if (got > 0) screen_.append(chunk.data(), static_cast<std::size_t>(got));
  }
  bool shows(const std::string& text) const { return screen_.find(text) != std::string::npos; }
  // Forgets all up to it.
  void forget(const std::string& text) {
    if (shows(text)) screen_.erase(0, screen_.find(text) + text.size());
  }
  void type(const std::string& keys) {
    ASSERT_EQ(::write(master_.get(), keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
  }
  void hang_up() { master_.reset(); }
  // The program's wait status once it has ended.
  std::optional<int> ended() {
    int status = -1;
    if (::waitpid(child_, &status, WNOHANG) != child_) return std::nullopt;
    child_ = -1;
    return status;
  }

  const std::string& screen() const { return screen_; }
  const base::io::Fd& master() const { return master_; }
  pid_t child() const { return child_; }

 private:
  base::io::Fd master_;
  pid_t child_ = -1;
  std::string screen_;
};

}  // namespace tests
