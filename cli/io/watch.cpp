// SPDX-License-Identifier: GPL-2.0-or-later
// Follows events; see the header.
#include "cli/io/watch.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <optional>

#include "cli/io/admin_client.hpp"
#include "cli/io/invocation.hpp"
#include "cli/watch_view.hpp"

namespace cli::io {
namespace {

using Milliseconds = std::chrono::milliseconds;

constexpr Milliseconds first_delay{200};
constexpr Milliseconds longest_delay{5000};
// A daemon tells first that it listens; one that does not is asked for the list all the same.
constexpr Milliseconds greeting_limit{1000};
constexpr Milliseconds for_ever{-1};

std::string now() {
  const std::time_t seconds = std::time(nullptr);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  std::array<char, 32> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &local);
  return {text.data(), size};
}

// Ctrl-C and the like as something to read.
base::io::Fd signals() {
  sigset_t set{};
  ::sigemptyset(&set);
  for (const int each : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&set, each);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  return base::io::Fd(::signalfd(-1, &set, SFD_CLOEXEC));
}

class Watch {
 public:
  Watch(const DeviceCommand& command, const std::filesystem::path& socket)
      : command_(command),
        socket_(socket),
        admin_(connect_admin(socket)),
        view_(command, admin_),
        signals_(signals()) {}

  int run() {
    while (!code_) {
      follow();
      if (!code_) pause();
    }
    return *code_;
  }

 private:
  enum class Woken { by_bytes, by_time, by_end };

  // One connection, to its end. Sets code_ if there is no sense in another.
  void follow() {
    auto fd = begin_call(
        socket_, {.method = "admin.Events", .argument = {}, .target = "dom0", .payload = {}});
    if (!fd) {
      if (!connected_) stop(1, command_.prog + ": error: " + fd.error().text + "\n");
      return;
    }
    EventStream stream;
    bool listed = false;
    for (;;) {
      const Woken woken = wait(*fd, listed ? for_ever : greeting_limit);
      if (woken == Woken::by_end) return;
      const bool open = woken == Woken::by_time || read(*fd, stream);
      if (code_) return;
      if (!listed && (open || stream.failure())) {
        listed = true;
        if (!stream.failure() && !list()) return;
      }
      show(stream);
      if (code_) return;
      if (!open) return end(stream);
    }
  }

  // False at the end of the stream.
  bool read(const base::io::Fd& fd, EventStream& stream) {
    const ssize_t size = ::recv(fd.get(), buffer_.data(), buffer_.size(), 0);
    if (size < 0 && errno == EINTR) return true;
    if (size <= 0) return false;
    return stream.push({buffer_.data(), static_cast<std::size_t>(size)});
  }

  // False: it cannot be had, and without it events mean little.
  bool list() {
    const Outcome outcome = view_.present(now());
    if (outcome.code != 0) {
      if (!connected_) code_ = finish(outcome);
      return false;
    }
    connected_ = true;
    delay_ = first_delay;
    print(outcome);
    return true;
  }

  void show(EventStream& stream) {
    while (auto event = stream.pop()) {
      const std::string line = view_.line_of(*event, now());
      if (!line.empty()) print({.code = 0, .out = line, .err = {}});
      if (code_) return;
    }
  }

  // A restart is waited for; a refusal, or bytes that are no events, will not get better.
  void end(const EventStream& stream) {
    const auto why = stream.ended();
    const bool hopeless = why && (stream.failure() || !connected_);
    if (hopeless && why->kind == AdminFailure::Kind::malformed) {
      return stop(1, command_.prog + ": error: " + why->text + "\n");
    }
    if (hopeless) return stop(1, "Error: " + why->text + "\n");
    print({.code = 0,
           .out = {},
           .err = command_.prog + ": sallyportd ended the connection; waiting for it\n"});
  }

  void pause() {
    const base::io::Fd nothing;
    wait(nothing, delay_);
    delay_ = std::min(delay_ * 2, longest_delay);
  }

  // A reader that goes away ends the watch too, even if nothing happens any more.
  Woken wait(const base::io::Fd& fd, Milliseconds limit) {
    std::array<pollfd, 3> fds{pollfd{.fd = signals_.get(), .events = POLLIN, .revents = 0},
                              pollfd{.fd = STDOUT_FILENO, .events = 0, .revents = 0},
                              pollfd{.fd = fd.get(), .events = POLLIN, .revents = 0}};
    for (;;) {
      const int count = ::poll(fds.data(), fds.size(), static_cast<int>(limit.count()));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 || fds[0].revents != 0 || (fds[1].revents & (POLLERR | POLLNVAL)) != 0) {
        code_ = 0;
        return Woken::by_end;
      }
      return fds[2].revents != 0 ? Woken::by_bytes : Woken::by_time;
    }
  }

  void print(const Outcome& outcome) {
    if (finish(outcome) != 0) code_ = exit_failure;
  }
  void stop(int code, const std::string& text) {
    code_ = finish({.code = code, .out = {}, .err = text});
  }

  const DeviceCommand& command_;
  const std::filesystem::path& socket_;
  const Admin admin_;
  WatchView view_;
  base::io::Fd signals_;
  bool connected_ = false;  // once, and the list was had
  Milliseconds delay_ = first_delay;
  std::optional<int> code_;
  std::array<char, 65536> buffer_{};
};

}  // namespace

int watch(const DeviceCommand& command, const std::filesystem::path& socket) {
  return Watch(command, socket).run();
}

}  // namespace cli::io
