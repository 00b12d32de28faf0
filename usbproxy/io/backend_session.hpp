// SPDX-License-Identifier: GPL-2.0-or-later
// The backend's life once device and stream are open: one loop between usbfs and the stream.
#pragma once

#include <poll.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/io/fd.hpp"
#include "base/wire/result.hpp"
#include "usbproxy/backend_gate.hpp"
#include "usbproxy/io/backend_queue.hpp"
#include "usbproxy/io/backend_usb.hpp"
#include "usbproxy/redir_decoder.hpp"

namespace usbproxy {

struct SessionEnd {
  enum class Kind { normal, failure } kind = Kind::normal;
  std::string why;
};

// Reads requests only while answers are taken: above max_queued bytes of unsent answers neither the
// stream nor the device is served, so memory is bounded by that and by the gate's open requests.
class BackendSession {
 public:
  static constexpr std::size_t max_queued = std::size_t{4} * 1024 * 1024;
  // With more than this unsent, isochronous packets are dropped: they would come too late.
  static constexpr std::size_t max_iso_backlog = std::size_t{1} * 1024 * 1024;
  // Requests of one turn; then completions and answers get theirs.
  static constexpr int max_packets_per_turn = 16;

  struct Streams {
    base::io::Fd in;
    base::io::Fd out;
    base::io::Fd signals;  // signalfd: anything readable ends the session
  };

  explicit BackendSession(Streams streams);

  // Opens the device; the header can be written after that and before run().
  std::optional<BackendRefusal> open(const UsbContext& context, base::io::Fd device,
                                     const firewall::Rights& rights);
  // Until the stream, the device or a signal ends it. The device is given back before it returns.
  SessionEnd run();

 private:
  void queue_packet(PacketMemory memory, std::size_t size);
  std::size_t backlog_of_streams() const;
  void turn();
  std::vector<pollfd> interests(bool paused);
  void write_answers();
  void read_requests();
  void feed_requests();
  void feed(const redir::Packet& packet);
  bool is_answered_here(const redir::Packet& packet);
  void check_device();
  void say_goodbye();
  void end(SessionEnd::Kind kind, std::string why);

  Streams streams_;
  bool one_file_ = false;  // in and out
  redir::Decoder decoder_{redir::Sender::guest, backend_caps};
  Gate gate_;
  std::unique_ptr<UsbHost> host_;
  PacketQueue queue_;  // after host_: its packets are given back to the library
  bool requests_left_ = false;
  std::vector<std::byte> reply_;  // of the guard, until it is queued
  std::optional<SessionEnd> end_;
};

}  // namespace usbproxy
