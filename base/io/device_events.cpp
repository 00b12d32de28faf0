// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/io/device_events.hpp"

#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>

#include "base/io/fd.hpp"

namespace base::io {
namespace {

constexpr int max_events_per_turn = 256;

}  // namespace

bool udevd_runs() { return ::access("/run/udev/control", F_OK) == 0; }

UdevOwned<udev_device> looked_at_by_udevd(udev* context, const char* subsystem,
                                          const std::string& name) {
  UdevOwned<udev_device> device(
      ::udev_device_new_from_subsystem_sysname(context, subsystem, name.c_str()));
  if (device && ::udev_device_get_is_initialized(device.get()) <= 0) device.reset();
  return device;
}

class DeviceEvents::State : public std::enable_shared_from_this<State> {
 public:
  State(boost::asio::io_context& io, std::chrono::milliseconds debounce, Look look)
      : debounce_(debounce), look_(std::move(look)), events_(io), timer_(io) {}

  Status start(const char* subsystem, Source source);
  void stop();
  void look_in(std::chrono::milliseconds delay);
  udev* context() const { return context_.get(); }

 private:
  void wait_for_events();
  void take_events();

  std::chrono::milliseconds debounce_;
  Look look_;
  UdevOwned<udev> context_;
  UdevOwned<udev_monitor> monitor_;
  boost::asio::posix::stream_descriptor events_;  // the monitor's fd; never closed here
  boost::asio::steady_timer timer_;
  bool looking_soon_ = false;
  bool stopped_ = false;
};

Status DeviceEvents::State::start(const char* subsystem, Source source) {
  context_.reset(::udev_new());
  if (!context_) return fail("udev_new: out of memory");
  const bool udevd = source == Source::udevd && udevd_runs();
  monitor_.reset(::udev_monitor_new_from_netlink(context_.get(), udevd ? "udev" : "kernel"));
  if (!monitor_ ||
      ::udev_monitor_filter_add_match_subsystem_devtype(monitor_.get(), subsystem, nullptr) < 0 ||
      ::udev_monitor_enable_receiving(monitor_.get()) < 0) {
    return fail_errno("listen to events of " + std::string(subsystem) + " devices",
                      "is netlink allowed here?");
  }
  boost::system::error_code error;
  events_.assign(::udev_monitor_get_fd(monitor_.get()), error);
  if (error) return fail("watch events of devices: " + error.message());
  wait_for_events();
  look_in(debounce_);
  return Ok{};
}

void DeviceEvents::State::stop() {
  stopped_ = true;
  timer_.cancel();
  if (events_.is_open()) static_cast<void>(events_.release());
}

void DeviceEvents::State::wait_for_events() {
  events_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       if (!error && !self->stopped_) self->take_events();
                     });
}

void DeviceEvents::State::take_events() {
  for (int i = 0; i < max_events_per_turn; ++i) {
    const UdevOwned<udev_device> event(::udev_monitor_receive_device(monitor_.get()));
    if (!event) break;
  }
  look_in(debounce_);
  wait_for_events();
}

void DeviceEvents::State::look_in(std::chrono::milliseconds delay) {
  if (std::exchange(looking_soon_, true)) return;
  timer_.expires_after(delay);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (error || self->stopped_) return;
    self->looking_soon_ = false;
    self->look_();
  });
}

DeviceEvents::DeviceEvents(boost::asio::io_context& io, std::chrono::milliseconds debounce,
                           Look look)
    : state_(std::make_shared<State>(io, debounce, std::move(look))) {}

DeviceEvents::~DeviceEvents() { state_->stop(); }

Status DeviceEvents::start(const char* subsystem, Source source) {
  return state_->start(subsystem, source);
}

void DeviceEvents::look_in(std::chrono::milliseconds delay) { state_->look_in(delay); }

udev* DeviceEvents::context() const { return state_->context(); }

}  // namespace base::io
