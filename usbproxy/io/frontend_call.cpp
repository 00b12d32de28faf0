// SPDX-License-Identifier: GPL-2.0-or-later
// Request, call and header; see the header file.
#include "usbproxy/io/frontend_call.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace usbproxy::io {
namespace {

using base::fail;
using base::io::fail_errno;
using base::io::Fd;
using std::chrono::steady_clock;

// Waits until `fd` is readable or ended; false: not within the time.
bool readable(int fd, steady_clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now());
    pollfd one{.fd = fd, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&one, 1, static_cast<int>(std::max<long>(left.count(), 0)));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

// Exactly data.size() bytes, of `what` the backend begins with.
base::Status read_exactly(const Fd& stream, std::span<std::byte> data,
                          steady_clock::time_point deadline, const char* what) {
  while (!data.empty()) {
    if (!readable(stream.get(), deadline)) return fail("the backend does not answer");
    const ssize_t count = ::read(stream.get(), data.data(), data.size());
    if (count == 0) return fail(std::string("the backend closed the stream before its ") + what);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count < 0) return fail_errno("read from the backend");
    data = data.subspan(static_cast<std::size_t>(count));
  }
  return base::Ok{};
}

}  // namespace

base::Result<AttachRequest> read_request() {
  std::string text;
  std::array<char, max_request> buffer{};
  for (;;) {
    using Whole = AttachRequest::Whole;
    const Whole whole = AttachRequest::whole(text);
    if (whole == Whole::yes) break;
    const auto wait =
        whole == Whole::maybe ? std::chrono::milliseconds(second_line_wait) : request_wait;
    // The first line alone is asked for without haste, by hand for instance.
    if (!text.empty() && !readable(STDIN_FILENO, steady_clock::now() + wait)) {
      if (whole == Whole::maybe) break;
      return fail("request: no empty line ends it on stdin");
    }
    const ssize_t count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno("read the request from stdin");
    if (count == 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(count));
    if (text.size() > max_request) return fail("request: too long");
  }
  return AttachRequest::parse(text);
}

base::Result<Fd, base::io::CallRefused> call_backend(const std::string& agent_socket,
                                                     const AttachRequest& request) {
  return base::io::call_service(agent_socket, request.backend, "qubes.USB+" + request.port);
}

base::Status read_backend_header(const Fd& stream, std::chrono::seconds deadline) {
  const auto until = steady_clock::now() + deadline;
  std::array<std::byte, backend_header_size> bytes{};
  if (auto done = read_exactly(stream, bytes, until, "header"); !done) return done;
  const auto header = parse_backend_header(bytes);
  if (!header) return base::Unexpected{header.error()};
  if (header->status == 0) return base::Ok{};
  std::string reason(header->reason_size, '\0');
  const auto place = std::as_writable_bytes(std::span(reason));
  if (auto done = read_exactly(stream, place, until, "header"); !done) return done;
  return fail(describe_refusal(*header, reason));
}

// One byte at a time: it is short, and the next one is the kernel's.
base::Result<DeviceLine> read_device_line(const Fd& stream, std::chrono::seconds deadline) {
  const auto until = steady_clock::now() + deadline;
  std::string line;
  for (;;) {
    std::array<std::byte, 1> next{};
    if (auto done = read_exactly(stream, next, until, "line: see the journal of sys-usb"); !done) {
      return base::Unexpected{done.error()};
    }
    if (next.front() == std::byte{'\n'}) return DeviceLine::parse(line);
    line += std::to_integer<char>(next.front());
    if (line.size() >= max_device_line) return DeviceLine::parse(line);  // says what is wrong
  }
}

}  // namespace usbproxy::io
