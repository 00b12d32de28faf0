// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/io/qmp.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>

#include "base/io/pass_fd.hpp"
#include "base/io/unix_socket.hpp"
#include "base/wire/escape.hpp"

namespace base::io {
namespace {

Status wait_for(const Fd& fd, short events, Qmp::Deadline deadline) {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return fail("QEMU's monitor did not answer in time");
    pollfd entry{.fd = fd.get(), .events = events, .revents = 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(std::min<long>(left.count(), 60'000)));
    if (ready > 0) return Ok{};
    if (ready < 0 && errno != EINTR) return fail_errno("poll");
  }
}

bool deleted(const boost::json::object& event, std::string_view device) {
  if (text_of(event, "event") != "DEVICE_DELETED") return false;
  const auto* data = event.if_contains("data");
  return data != nullptr && data->is_object() && text_of(data->get_object(), "device") == device;
}

}  // namespace

std::string text_of(const boost::json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

Result<Qmp> Qmp::connect(const std::filesystem::path& socket, Deadline deadline) {
  auto fd = connect_unix(socket);
  if (!fd) return fail(fd.error().text);
  if (auto set = set_nonblocking(*fd); !set) return fail(set.error().text);
  Qmp qmp(std::move(*fd));
  if (auto greeting = qmp.read_object(deadline); !greeting) {
    return fail(greeting.error().text + "; is another program connected to it?");
  }
  if (auto ready = qmp.execute("qmp_capabilities", {}, deadline); !ready) {
    return fail(ready.error().text);
  }
  return qmp;
}

Status Qmp::send(std::string_view text, Deadline deadline) {
  while (!text.empty()) {
    const ssize_t put = ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (put >= 0) {
      text.remove_prefix(static_cast<std::size_t>(put));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return fail_errno("write to QEMU's monitor");
    if (auto ready = wait_for(socket_, POLLOUT, deadline); !ready) return ready;
  }
  return Ok{};
}

Result<boost::json::object> Qmp::read_object(Deadline deadline) {
  std::size_t end = 0;
  while ((end = received_.find('\n')) == std::string::npos) {
    if (received_.size() > max_line) return fail("QEMU's monitor sent too long a line");
    if (auto ready = wait_for(socket_, POLLIN, deadline); !ready) {
      return fail(ready.error().text);
    }
    std::array<char, 4096> chunk{};
    const ssize_t got = ::recv(socket_.get(), chunk.data(), chunk.size(), 0);
    if (got == 0) return fail("QEMU's monitor closed the connection");
    if (got < 0 && errno != EINTR && errno != EAGAIN) {
      return fail_errno("read from QEMU's monitor");
    }
    if (got > 0) received_.append(chunk.data(), static_cast<std::size_t>(got));
  }
  boost::system::error_code error;
  auto value = boost::json::parse(std::string_view(received_).substr(0, end), error);
  received_.erase(0, end + 1);
  if (error || !value.is_object()) return fail("QEMU's monitor sent no JSON object");
  return std::move(value.get_object());
}

void Qmp::keep_event(boost::json::object event) {
  if (events_.size() == max_events) events_.erase(events_.begin());
  events_.push_back(std::move(event));
}

Status Qmp::begin(std::string_view command, const boost::json::object& arguments, Deadline deadline,
                  const Fd* passed) {
  boost::json::object request{{"execute", boost::json::string(command)}};
  if (!arguments.empty()) request["arguments"] = arguments;
  const std::string text = boost::json::serialize(request) + "\n";
  if (passed == nullptr) return send(text, deadline);
  // The descriptor travels with the first byte.
  if (auto ready = wait_for(socket_, POLLOUT, deadline); !ready) return ready;
  const std::string_view all(text);
  if (auto sent = send_message(socket_, wire::as_bytes(all.substr(0, 1)), {passed}); !sent) {
    return sent;
  }
  return send(all.substr(1), deadline);
}

Result<boost::json::value> Qmp::finish(std::string_view command, Deadline deadline) {
  for (;;) {
    auto answer = read_object(deadline);
    if (!answer) return fail(std::string(command) + ": " + answer.error().text);
    if (auto* value = answer->if_contains("return")) return std::move(*value);
    if (const auto* error = answer->if_contains("error"); error != nullptr && error->is_object()) {
      return fail(std::string(command) + ": " +
                  wire::escape(text_of(error->get_object(), "desc"), 500));
    }
    if (answer->contains("event")) keep_event(std::move(*answer));
  }
}

Result<boost::json::value> Qmp::execute(std::string_view command,
                                        const boost::json::object& arguments, Deadline deadline,
                                        const Fd* passed) {
  if (auto sent = begin(command, arguments, deadline, passed); !sent) {
    return fail(sent.error().text);
  }
  return finish(command, deadline);
}

Status Qmp::wait_deleted(std::string_view device, Deadline deadline) {
  const auto is_it = [device](const auto& event) { return deleted(event, device); };
  if (std::ranges::any_of(events_, is_it)) return Ok{};
  for (;;) {
    auto next = read_object(deadline);
    if (!next) return fail("wait for the device to leave: " + next.error().text);
    if (is_it(*next)) return Ok{};
  }
}

}  // namespace base::io
