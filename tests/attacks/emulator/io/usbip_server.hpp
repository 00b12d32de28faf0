// SPDX-License-Identifier: GPL-2.0-or-later
// Serves an emulated device to a kernel: the far end of vhci_hcd's socket.
#pragma once

#include <chrono>
#include <vector>

#include "base/io/fd.hpp"
#include "tests/attacks/emulator/device.hpp"

namespace attacks {

// Owns the socket. One thread; run() returns when the device leaves or the kernel lets it go.
class UsbipServer {
 public:
  enum class End { unplugged, closed };

  UsbipServer(Device device, base::io::Fd socket);
  End run();

 private:
  using Time = std::chrono::steady_clock::time_point;
  // A request that is not answered yet.
  struct Waiting {
    usbproxy::usbip::Submit submit;
    Answer answer;  // kind nak: to be asked again; silent: never; else due at `at`
    Time at;
  };

  // An isochronous request, and when its intervals are over.
  struct Streaming {
    usbproxy::usbip::Submit submit;
    std::vector<usbproxy::usbip::IsoPlace> places;
    Memory data;  // OUT
    Time at;
  };

  void submit(const usbproxy::usbip::Command& command);
  void stream(const usbproxy::usbip::Command& command);
  void answer(const Streaming& request);
  void unlink(const usbproxy::usbip::Command& command);
  void take(const usbproxy::usbip::Submit& request, Answer answer);
  void answer(const usbproxy::usbip::Submit& request, const Answer& answer);
  void ask_again();
  void answer_due();
  bool read_commands();
  int time_to_wait() const;

  Device device_;
  base::io::Fd socket_;
  usbproxy::usbip::Parser parser_;
  Memory out_;
  std::vector<Waiting> waiting_;
  std::vector<Streaming> streaming_;
  std::map<std::uint8_t, Time> stream_ends_;  // by address: of the last such request
  bool left_ = false;
};

// The same for who is no kernel: first the line of Qubes' own usb-export.
void serve_usbip(const Device& device, base::io::Fd stream);

}  // namespace attacks
