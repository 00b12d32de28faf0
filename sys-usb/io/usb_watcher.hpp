// SPDX-License-Identifier: GPL-2.0-or-later
// Tells which USB devices are plugged into this qube's own controllers, and when that changes.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/wire/result.hpp"
#include "sys-usb/device_record.hpp"

namespace sysusb {

// Leaves out hubs, devices behind vhci_hcd (another qube's), and devices that udev marks with
// QUBES_EXPORT_USB_DEVICE=0. Needs no udevd: it listens to the kernel's own events and reads sysfs.
// Callbacks run on the io_context, never from start() itself; a device is reported once its
// interfaces are there, again only when its record changed. None runs after the destructor.
class UsbWatcher {
 public:
  using OnAdded = std::function<void(const DeviceRecord&)>;
  using OnRemoved = std::function<void(const std::string& port_id)>;
  // Called once, when every device that was there at start() has been reported.
  using OnComplete = std::function<void()>;

  UsbWatcher(boost::asio::io_context& io, OnAdded added, OnRemoved removed,
             OnComplete complete = nullptr);
  ~UsbWatcher();
  UsbWatcher(const UsbWatcher&) = delete;
  UsbWatcher& operator=(const UsbWatcher&) = delete;

  base::Status start();

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace sysusb
