// SPDX-License-Identifier: GPL-2.0-or-later
// The Admin API over AF_UNIX; see the header.
#include "cli/io/admin_client.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/io/unix_socket.hpp"

namespace cli::io {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds usual_limit{30};
// A prompt may stay open for an hour (sallyport-prompt --timeout), and the attach comes after it.
constexpr std::chrono::seconds attach_limit{3720};

base::Unexpected<AdminFailure> unreachable(std::string text) {
  return base::Unexpected<AdminFailure>{
      AdminFailure{.kind = AdminFailure::Kind::unreachable, .type = {}, .text = std::move(text)}};
}

std::string remedy(const std::filesystem::path& socket) {
  const bool forbidden = ::access(socket.c_str(), W_OK) != 0 && errno == EACCES;
  if (forbidden) {
    return "; this user may not: run as root, or join group sallyport (adduser USER sallyport; "
           "sallyport-view for looking only) and log in again";
  }
  return "; start it with `systemctl start sallyportd`, or name its folder with --root";
}

std::string about(const std::filesystem::path& socket, std::string_view what) {
  const std::string tried = "connect " + socket.string() + ": ";
  if (what.starts_with(tried)) what.remove_prefix(tried.size());  // the path is named once
  return "cannot reach sallyportd at " + socket.string() + ": " + std::string(what);
}

base::Status send_request(const base::io::Fd& fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size = ::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return base::io::fail_errno("send");
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  if (::shutdown(fd.get(), SHUT_WR) != 0) return base::io::fail_errno("shutdown");
  return base::Ok{};
}

using Until = std::optional<Clock::time_point>;

Clock::time_point deadline_of(const AdminCall& call, Until until) {
  if (until) return *until;
  return Clock::now() + (call.method.ends_with(".Attach") ? attach_limit : usual_limit);
}

// A call that waits for its answer.
struct Pending {
  std::size_t number;
  base::io::Fd fd;
  Clock::time_point deadline;
  std::string reply;
};

// Makes the calls, some at once. An answer is passed on as soon as it is whole: what is done with
// it is done while the daemon works on the next.
class Exchange {
 public:
  Exchange(const std::filesystem::path& socket, const AdminCalls& calls, const TakeAnswer& take,
           Until until)
      : socket_(socket), calls_(calls), take_(take), until_(until) {}

  void run() {
    for (;;) {
      while (next_ < calls_.size() && pending_.size() < max_calls_at_once) begin(next_++);
      if (pending_.empty()) return;
      wait();
    }
  }

 private:
  void begin(std::size_t number) {
    const AdminCall& call = calls_[number];
    auto fd = begin_call(socket_, call);
    if (!fd) return take_(number, unreachable(fd.error().text));
    pending_.push_back({.number = number,
                        .fd = *std::move(fd),
                        .deadline = deadline_of(call, until_),
                        .reply = {}});
  }

  void wait() {
    std::vector<pollfd> fds;
    auto first = Clock::time_point::max();
    for (const Pending& each : pending_) {
      fds.push_back({.fd = each.fd.get(), .events = POLLIN, .revents = 0});
      first = std::min(first, each.deadline);
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(first - Clock::now());
    const auto ms = static_cast<int>(std::max<std::int64_t>(left.count(), 0));
    if (::poll(fds.data(), fds.size(), ms) < 0 && errno != EINTR) return fail_all("poll");
    const auto now = Clock::now();
    for (std::size_t i = 0; i < fds.size(); ++i) {
      if (fds[i].revents != 0) {
        read(pending_[i]);
      } else if (now >= pending_[i].deadline) {
        end(pending_[i], broken("no answer in time"));
      }
    }
    std::erase_if(pending_, [](const Pending& each) { return !each.fd; });
  }

  void read(Pending& call) {
    const ssize_t size = ::recv(call.fd.get(), buffer_.data(), buffer_.size(), 0);
    if (size < 0 && errno == EINTR) return;
    // A daemon that ends the connection without reading everything may still have said why.
    if (size < 0 && (errno != ECONNRESET || call.reply.empty())) {
      return end(call, broken(base::io::system_error("receive", errno).text));
    }
    if (size <= 0) return end(call, parse_reply(call.reply));
    call.reply.append(buffer_.data(), static_cast<std::size_t>(size));
    if (call.reply.size() > max_admin_reply) {
      end(call, broken("its answer is longer than 16 MiB"));
    }
  }

  AdminAnswer broken(std::string_view what) const {
    return unreachable(about(socket_, what) + "; see its journal");
  }

  void end(Pending& call, AdminAnswer answer) {
    call.fd.reset();
    take_(call.number, std::move(answer));
  }

  void fail_all(std::string_view tried) {
    for (Pending& each : pending_) {
      end(each, broken(base::io::system_error(tried, errno).text));
    }
    pending_.clear();
  }

  const std::filesystem::path& socket_;
  const AdminCalls& calls_;
  const TakeAnswer& take_;
  Until until_;
  std::size_t next_ = 0;
  std::vector<Pending> pending_;
  std::array<char, 65536> buffer_{};
};

}  // namespace

base::Result<base::io::Fd> begin_call(const std::filesystem::path& socket, const AdminCall& call) {
  auto fd = base::io::connect_unix(socket);
  if (!fd) return base::fail(about(socket, fd.error().text) + remedy(socket));
  // A daemon that does not want to hear more may still have said why: it is read in any case.
  static_cast<void>(send_request(*fd, encode_call(call)));
  return fd;
}

Admin connect_admin(std::filesystem::path socket, std::optional<std::chrono::milliseconds> limit) {
  const Until until = limit ? Until(Clock::now() + *limit) : std::nullopt;
  const auto many = [path = std::move(socket), until](const AdminCalls& calls,
                                                      const TakeAnswer& take) {
    Exchange(path, calls, take, until).run();
  };
  const auto one = [many](const AdminCall& call) {
    AdminAnswer answer = parse_reply({});
    many({call}, [&answer](std::size_t, AdminAnswer given) { answer = std::move(given); });
    return answer;
  };
  return {one, many};
}

}  // namespace cli::io
