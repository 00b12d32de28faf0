// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/unlock/io/opener.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/io/files.hpp"
#include "base/io/forked.hpp"
#include "base/wire/escape.hpp"
#include "scanner-qube/unlock/io/opener_child.hpp"

namespace scannerqube::unlock {
namespace {

using base::io::Fd;
using Clock = std::chrono::steady_clock;

// All that the child says, wiped: a key may be in it.
class Answer {
 public:
  ~Answer() { ::explicit_bzero(bytes_.data(), bytes_.size()); }
  Answer() = default;
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;

  // False: it was not over in time, or is too long.
  bool read(const Fd& from, Clock::time_point until) {
    while (size_ < bytes_.size()) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
      pollfd waited{.fd = from.get(), .events = POLLIN, .revents = 0};
      const int ready = left.count() <= 0 ? 0 : ::poll(&waited, 1, static_cast<int>(left.count()));
      if (ready < 0 && errno == EINTR) continue;
      if (ready <= 0) return false;
      const ssize_t got = ::read(from.get(), bytes_.data() + size_, bytes_.size() - size_);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return false;
      if (got == 0) return true;
      size_ += static_cast<std::size_t>(got);
    }
    return false;
  }
  base::wire::Bytes bytes() const { return std::span(bytes_).first(size_); }

 private:
  std::array<std::byte, max_opener_answer + 1> bytes_{};
  std::size_t size_ = 0;
};

base::Result<Unlocked> understand(base::wire::Bytes untrusted, std::uint64_t volume_size) {
  const auto body = untrusted.subspan(1);
  if (untrusted[0] == std::byte{opener_opened}) return parse_unlocked(body, volume_size);
  return base::fail(base::wire::escape(base::wire::as_text(body), max_opener_answer));
}

std::string how_it_ended(int code) {
  return code >= 128 ? "what should open it ended by signal " + std::to_string(code - 128)
                     : "what should open it ended with status " + std::to_string(code);
}

}  // namespace

OpenerLimits limits_here() {
  // And for the copy of a header (opener_child.cpp).
  constexpr std::uint64_t left_for_others = std::uint64_t{272} << 20U;
  OpenerLimits limits;
  limits.memory = 0;
  const auto facts = base::io::read_file("/proc/meminfo", std::size_t{16} * 1024);
  constexpr std::string_view name = "MemAvailable:";
  const std::size_t found = facts ? facts->find(name) : std::string::npos;
  if (found == std::string::npos) return limits;
  const std::uint64_t available = std::strtoull(facts->c_str() + found + name.size(), nullptr, 10);
  const std::uint64_t bytes = available * 1024;
  if (bytes > left_for_others) limits.memory = bytes - left_for_others;
  return limits;
}

base::Result<Unlocked> open_volume(const volume::ForkableSource& medium, volume::Range place,
                                   volume::FileSystem kind, const base::io::Fd& passphrase,
                                   const OpenerLimits& limits) {
  auto answers = base::io::pipe_pair();
  if (!answers) return base::Unexpected{answers.error()};
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return base::io::fail_errno("fork");
  if (child == 0) {
    answers->first.reset();
    run_opener({.medium = medium,
                .place = place,
                .kind = kind,
                .passphrase = passphrase,
                .limits = limits,
                .parent = parent,
                .answer = answers->second});
  }
  answers->second.reset();
  Answer answer;
  const bool whole = answer.read(answers->first, Clock::now() + limits.time);
  if (!whole) ::kill(child, SIGKILL);  // our own child, not waited for yet
  const int code = base::io::wait_or_kill(child, std::chrono::seconds(5));
  if (!whole) return base::fail("what should open it took too long and was stopped");
  if (code != 0 || answer.bytes().empty()) return base::fail(how_it_ended(code));
  return understand(answer.bytes(), place.length);
}

}  // namespace scannerqube::unlock
