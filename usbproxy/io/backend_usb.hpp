// SPDX-License-Identifier: GPL-2.0-or-later
// One USB device held through libusb, spoken to in usbredir packets through libusbredirhost.
#pragma once

#include <libusb.h>
#include <poll.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/io/fd.hpp"
#include "base/wire/reader.hpp"
#include "base/wire/result.hpp"
#include "usbproxy/device_guard.hpp"
#include "usbproxy/io/backend_device.hpp"
#include "usbproxy/io/backend_queue.hpp"

struct usbredirhost;

namespace usbproxy {

// libusb without device discovery. Made before the sandbox is entered.
class UsbContext {
 public:
  static base::Result<UsbContext> create();
  libusb_context* get() const { return context_.get(); }

 private:
  struct Exit {
    void operator()(libusb_context* context) const noexcept { ::libusb_exit(context); }
  };
  explicit UsbContext(libusb_context* context) : context_(context) {}
  std::unique_ptr<libusb_context, Exit> context_;
};

// Holds the device from open() to its end, which gives it back to the kernel's own drivers.
// Single-threaded. The context outlives it.
class UsbHost {
 public:
  enum class Fed { ok, rejected, device_lost, failed };
  using OnPacket = std::function<void(PacketMemory, std::size_t)>;
  using QueuedBytes = std::function<std::size_t()>;

  // Claims all interfaces, given or not, so that no driver of this qube has one, and resets the
  // device. `on_packet` gets each packet for the guest, from
  // within feed(), handle_events(), give_up_device() and collect().
  static base::Result<std::unique_ptr<UsbHost>, BackendRefusal> open(const UsbContext& context,
                                                                     base::io::Fd device,
                                                                     const firewall::Rights& rights,
                                                                     OnPacket on_packet,
                                                                     QueuedBytes queued);
  ~UsbHost();
  UsbHost(const UsbHost&) = delete;
  UsbHost& operator=(const UsbHost&) = delete;

  // One whole packet that the gate let through.
  Fed feed(base::wire::Bytes packet);
  // Reaps what has completed; does not wait.
  void handle_events();
  // Passes on what the library has made so far.
  void collect();
  // The device is gone: tells the guest so (unless it was told).
  void give_up_device();

  // What to poll for, and for how long at most (-1: no limit).
  const std::vector<pollfd>& poll_fds();
  int poll_timeout() const;
  // usbfs reports that the device is unplugged.
  bool unplugged() const { return unplugged_; }
  // The last thing the library complained of.
  const std::string& complaint() const { return complaint_; }
  // What of the device the target may use; to be asked before feed(), and told what is sent.
  DeviceGuard& guard() { return *guard_; }

 private:
  UsbHost(const UsbContext& context, base::io::Fd device, OnPacket on_packet, QueuedBytes queued);
  std::optional<BackendRefusal> start(const firewall::Rights& rights);

  static void log(void* self, int level, const char* text);
  static int read(void* self, std::uint8_t* data, int count);
  static int write(void* self, std::uint8_t* data, int count);
  static void flush(void* self);
  static std::uint64_t queued(void* self);
  static void fd_added(int fd, short events, void* self);
  static void fd_removed(int fd, void* self);

  libusb_context* context_;
  base::io::Fd device_;
  OnPacket on_packet_;
  QueuedBytes queued_;
  usbredirhost* host_ = nullptr;
  std::optional<DeviceGuard> guard_;  // from start() on
  base::wire::Bytes feeding_;
  std::vector<pollfd> poll_fds_;
  bool poll_fds_changed_ = true;
  bool unplugged_ = false;
  std::string complaint_;
};

}  // namespace usbproxy
