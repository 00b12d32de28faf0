// SPDX-License-Identifier: GPL-2.0-or-later
// When devices come, go or change, as the kernel or udevd tells, and owned libudev objects.
#pragma once

#include <libudev.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/wire/result.hpp"

namespace base::io {

struct UdevUnref {
  void operator()(udev* context) const noexcept { ::udev_unref(context); }
  void operator()(udev_monitor* monitor) const noexcept { ::udev_monitor_unref(monitor); }
  void operator()(udev_device* device) const noexcept { ::udev_device_unref(device); }
};
template <class T>
using UdevOwned = std::unique_ptr<T, UdevUnref>;

bool udevd_runs();

// Of a device of `subsystem`; null while udevd has not looked at it, or when it is gone.
UdevOwned<udev_device> looked_at_by_udevd(udev* context, const char* subsystem,
                                          const std::string& name);

// Calls `look` once after start(), and after each burst of events of one subsystem. Only that
// something happened counts: lost or forged events make the owner look at sysfs, and no more.
// `look` runs on the io_context, never from a call here, and not after the destructor; it may
// destroy this object.
class DeviceEvents {
 public:
  using Look = std::function<void()>;
  // The kernel's own events come with and without udevd. udevd's tell that it has looked at a
  // device; where it does not run, the kernel's have to do.
  enum class Source { kernel, udevd };

  // A device comes with a burst of events: `debounce` after its first one we look.
  DeviceEvents(boost::asio::io_context& io, std::chrono::milliseconds debounce, Look look);
  ~DeviceEvents();
  DeviceEvents(const DeviceEvents&) = delete;
  DeviceEvents& operator=(const DeviceEvents&) = delete;

  Status start(const char* subsystem, Source source);
  void look_in(std::chrono::milliseconds delay);  // nothing when a look is due anyway
  udev* context() const;                          // null before start()

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace base::io
