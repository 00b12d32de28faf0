// SPDX-License-Identifier: GPL-2.0-or-later
// A backend of our own, to lie with: serves an emulated device as usb-host of a usbredir stream,
// without a kernel that has looked at it before.
#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "base/io/fd.hpp"
#include "tests/attacks/emulator/device.hpp"
#include "tests/attacks/emulator/redir_tables.hpp"
#include "tests/attacks/emulator/walk.hpp"
#include "usbproxy/redir_decoder.hpp"

namespace attacks {

namespace redir = usbproxy::redir;

// One packet on its way out, before it is bytes.
struct Outgoing {
  redir::PacketType type = redir::PacketType::hello;
  std::uint64_t id = 0;
  redir::Body body;
  Memory data;
  Memory raw;  // if not empty: these bytes instead
};

// When something is about to be sent.
enum class Moment {
  header,     // what a backend writes before usbredir begins
  hello,      //
  tables,     // interface_info and ep_info
  connect,    //
  connected,  // nothing by itself: right behind the introduction
  control,    // a reply to a control transfer, or to a change of configuration
  bulk_reply,
  interrupt_data,
  status  // of an interrupt stream
};

// One lie about the stream itself: what is done to the packets of the `from`-th such moment on.
struct Lie {
  Moment at = Moment::connected;
  std::function<void(std::vector<Outgoing>&)> act;
  unsigned from = 0;
  unsigned count = ~0U;
};

// Owns the stream. run() returns when the device leaves, the other side closes or breaks the
// protocol.
class RedirServer {
 public:
  RedirServer(Device device, std::vector<Lie> lies, base::io::Fd stream);
  void run();

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Late {
    Moment moment = Moment::control;
    Outgoing packet;
    Time at;
  };
  struct Pending {  // a bulk IN without an answer yet
    std::uint64_t id = 0;
    redir::BulkPacket asked;
  };

  void introduce();
  void send(Moment moment, std::vector<Outgoing> packets);
  void send_later(Moment moment, Outgoing packet, milliseconds delay);
  bool read_packets();
  void handle(const redir::Packet& packet);
  void on_control(std::uint64_t id, const redir::ControlPacket& asked, Bytes data);
  void on_bulk(std::uint64_t id, const redir::BulkPacket& asked, Bytes data);
  void on_interrupt_out(std::uint64_t id, const redir::DataPacket& asked, Bytes data);
  void on_configuration(const redir::Packet& packet);
  void on_alternate(const redir::Packet& packet);
  void on_stream(const redir::Packet& packet);
  void poll_streams();
  void ask_again();
  void send_due();
  bool write_out();
  int time_to_wait() const;
  std::vector<Outgoing> tables() const;
  // True when the device left with this answer.
  bool leaves(const Answer& answer);
  void leave();

  Device device_;
  std::vector<Lie> lies_;
  base::io::Fd stream_;
  redir::Decoder decoder_;
  Walked walked_;
  Alternates alternates_{};
  std::map<Moment, unsigned> moments_;
  Memory out_;
  std::vector<Late> late_;
  std::vector<Pending> pending_;
  std::map<std::uint8_t, std::uint64_t> streams_;  // interrupt IN endpoints that run: next id
  std::map<std::uint8_t, bool> stream_waits_;      // a packet of it is in late_
  bool introduced_ = false;
  bool left_ = false;
};

}  // namespace attacks
