// SPDX-License-Identifier: GPL-2.0-or-later
// The backend's loop; see the header.
#include "usbproxy/io/backend_session.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <utility>

namespace usbproxy {
namespace {

// How long the guest may take to read that the device is gone.
constexpr std::chrono::milliseconds goodbye_limit{1000};

// Also if it was opened twice, or is a copy of the other.
bool same_file(const base::io::Fd& one, const base::io::Fd& other) {
  struct stat first {};
  struct stat second {};
  if (::fstat(one.get(), &first) != 0 || ::fstat(other.get(), &second) != 0) return false;
  return first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

}  // namespace

BackendSession::BackendSession(Streams streams)
    : streams_(std::move(streams)), one_file_(same_file(streams_.in, streams_.out)) {}

std::optional<BackendRefusal> BackendSession::open(const UsbContext& context, base::io::Fd device,
                                                   const firewall::Rights& rights) {
  auto host = UsbHost::open(
      context, std::move(device), rights,
      [this](PacketMemory memory, std::size_t size) { queue_packet(std::move(memory), size); },
      [this] { return backlog_of_streams(); });
  if (!host) return host.error();
  host_ = std::move(*host);
  host_->collect();
  return std::nullopt;
}

SessionEnd BackendSession::run() {
  while (!end_) turn();
  if (const auto refused = host_->guard().refused_commands(); refused > 0) {
    end_->why += "; read-only: " + std::to_string(refused) + " commands were refused";
  }
  if (gate_.device_disconnected()) say_goodbye();
  queue_ = PacketQueue{};
  host_.reset();
  return *end_;
}

void BackendSession::queue_packet(PacketMemory memory, std::size_t size) {
  const auto packet = std::as_writable_bytes(std::span(memory.get(), size));
  gate_.note_sent(packet, decoder_.caps());
  if (host_) host_->guard().note_sent(packet, decoder_.caps().value_or(0));
  queue_.push(std::move(memory), size);
}

// The library drops isochronous packets by what is queued, but against a bound that it makes from
// the stream that was started last: one of 3-byte packets would starve all the others.
std::size_t BackendSession::backlog_of_streams() const {
  return queue_.bytes() < max_iso_backlog ? 0 : max_queued;
}

void BackendSession::turn() {
  write_answers();
  if (end_) return;
  const bool paused = queue_.bytes() > max_queued;
  auto fds = interests(paused);
  int timeout = paused ? -1 : host_->poll_timeout();
  if (requests_left_ && !paused) timeout = 0;
  const int ready = ::poll(fds.data(), fds.size(), timeout);
  if (ready < 0 && errno != EINTR)
    return end(SessionEnd::Kind::failure, base::io::system_error("poll", errno).text);

  if (fds[0].revents != 0) return end(SessionEnd::Kind::normal, "stopped by a signal");
  bool usb_ready = ready == 0 && !requests_left_;  // a time limit of libusb's
  for (std::size_t i = 3; i < fds.size(); ++i) usb_ready = usb_ready || fds[i].revents != 0;
  if (usb_ready && !paused) {
    host_->handle_events();
    check_device();
    if (end_) return;
  }
  constexpr short gone = POLLHUP | POLLERR | POLLNVAL;
  const bool deaf = (fds[2].revents & gone) != 0 && fds[1].revents == 0;  // what came is read first
  if (deaf || (paused && (fds[1].revents & gone) != 0))
    return end(SessionEnd::Kind::normal, "frontend closed the stream");
  if (!paused && !requests_left_ && (fds[1].revents & (POLLIN | gone)) != 0) read_requests();
  if (!paused && !end_) feed_requests();
}

std::vector<pollfd> BackendSession::interests(bool paused) {
  const auto reads = static_cast<short>(paused || requests_left_ ? 0 : POLLIN);
  const auto writes = static_cast<short>(queue_.empty() ? 0 : POLLOUT);
  // Each file once: a port of virtio-serial that is asked twice gives its data to the second
  // question (port_has_data in drivers/char/virtio_console.c), and nothing ever wakes the first.
  std::vector<pollfd> fds{
      {.fd = streams_.signals.get(), .events = POLLIN, .revents = 0},
      {.fd = streams_.in.get(), .events = reads, .revents = 0},
      {.fd = streams_.out.get(), .events = writes, .revents = 0},
  };
  if (one_file_) {
    fds[1].events = static_cast<short>(reads | writes);
    fds[2].fd = -1;
  }
  if (!paused) {
    const auto& usb = host_->poll_fds();
    fds.insert(fds.end(), usb.begin(), usb.end());
  }
  return fds;
}

void BackendSession::write_answers() {
  switch (queue_.write_to(streams_.out)) {
    case PacketQueue::Written::all:
    case PacketQueue::Written::some:
      return;
    case PacketQueue::Written::closed:
      return end(SessionEnd::Kind::normal, "frontend closed the stream");
    case PacketQueue::Written::failed:
      return end(SessionEnd::Kind::failure,
                 base::io::system_error("write to the stream", errno).text);
  }
}

void BackendSession::read_requests() {
  const auto room = decoder_.prepare();
  const ssize_t got = ::read(streams_.in.get(), room.data(), room.size());
  if (got > 0) {
    decoder_.commit(static_cast<std::size_t>(got));
    requests_left_ = true;
    return;
  }
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got == 0 || errno == ECONNRESET) {
    if (decoder_.inside_packet())
      return end(SessionEnd::Kind::failure, "frontend closed the stream within a packet");
    return end(SessionEnd::Kind::normal, "frontend closed the stream");
  }
  end(SessionEnd::Kind::failure, base::io::system_error("read from the stream", errno).text);
}

void BackendSession::feed_requests() {
  for (int i = 0; requests_left_ && i < max_packets_per_turn; ++i) {
    const auto packet = decoder_.next();
    if (!packet) {
      return end(SessionEnd::Kind::failure,
                 std::string("frontend broke the protocol: ") + redir::describe(packet.error()));
    }
    if (*packet == nullptr) {
      requests_left_ = false;
      return;
    }
    feed(**packet);
    if (end_) return;
  }
}

void BackendSession::feed(const redir::Packet& packet) {
  const auto verdict = gate_.check(packet);
  if (!verdict) {
    return end(SessionEnd::Kind::failure,
               std::string("frontend broke the protocol: ") + describe(verdict.error()));
  }
  if (*verdict == Gate::Verdict::ignore || is_answered_here(packet) || end_) return;
  UsbHost::Fed fed = UsbHost::Fed::ok;
  if (packet.type == redir::PacketType::hello) {
    fed = host_->feed(Gate::hello_for_library(decoder_.caps().value_or(0)));
  } else {
    fed = host_->feed(packet.raw);
  }
  switch (fed) {
    case UsbHost::Fed::ok:
      return check_device();
    case UsbHost::Fed::rejected:
      return end(SessionEnd::Kind::normal, "frontend rejected the device");
    case UsbHost::Fed::device_lost:
      host_->give_up_device();
      return end(
          SessionEnd::Kind::failure,
          "device lost: " + (host_->complaint().empty() ? "it does not come back from a reset"
                                                        : host_->complaint()));
    case UsbHost::Fed::failed:
      return end(SessionEnd::Kind::failure, "libusbredirhost gave up: " + host_->complaint());
  }
}

// What the target has no right to. The gate learns that the request is not open.
bool BackendSession::is_answered_here(const redir::Packet& packet) {
  reply_.clear();
  const auto verdict = host_->guard().check(packet, decoder_.caps().value_or(0), reply_);
  if (!verdict) {
    end(SessionEnd::Kind::failure,
        std::string("frontend asked for what it may not have: ") + describe(verdict.error()));
    return true;
  }
  if (*verdict == DeviceGuard::Verdict::pass) return false;
  gate_.note_sent(reply_, decoder_.caps());
  queue_.push(reply_);
  return true;
}

void BackendSession::check_device() {
  if (!host_->unplugged() && !gate_.device_disconnected()) return;
  host_->give_up_device();
  end(SessionEnd::Kind::normal, "device unplugged");
}

// device_disconnect and what is queued before it, for a guest that still reads.
void BackendSession::say_goodbye() {
  const auto deadline = std::chrono::steady_clock::now() + goodbye_limit;
  while (queue_.write_to(streams_.out) == PacketQueue::Written::some) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return;
    pollfd writable{.fd = streams_.out.get(), .events = POLLOUT, .revents = 0};
    ::poll(&writable, 1, static_cast<int>(left.count()));
  }
}

void BackendSession::end(SessionEnd::Kind kind, std::string why) {
  if (!end_) end_ = SessionEnd{.kind = kind, .why = std::move(why)};
}

}  // namespace usbproxy
