// SPDX-License-Identifier: GPL-2.0-or-later
// The watcher: the kernel's events say when to look, sysfs says what is there.
#include "sys-usb/io/usb_watcher.hpp"

#include <libudev.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "base/io/fd.hpp"
#include "sys-usb/io/usb_sysfs.hpp"

namespace sysusb {
namespace {

// A device comes with a burst of events; one look at the end of it is enough.
constexpr std::chrono::milliseconds debounce{50};
constexpr std::chrono::milliseconds retry{100};
// Then a device is reported as it is: one without a configuration never gets interfaces.
constexpr int max_tries = 20;
constexpr int max_events_per_turn = 256;
constexpr const char* sysfs = "/sys";

struct Unref {
  void operator()(udev* context) const noexcept { ::udev_unref(context); }
  void operator()(udev_monitor* monitor) const noexcept { ::udev_monitor_unref(monitor); }
  void operator()(udev_device* device) const noexcept { ::udev_device_unref(device); }
};
template <class T>
using Owned = std::unique_ptr<T, Unref>;

bool udevd_runs() { return ::access("/run/udev/control", F_OK) == 0; }

enum class Export { yes, no, unknown_yet };

// What udev's rules say; without udevd there are none.
Export export_of(udev* context, const std::string& port_id) {
  if (!udevd_runs()) return Export::yes;
  const Owned<udev_device> device(
      ::udev_device_new_from_subsystem_sysname(context, "usb", port_id.c_str()));
  if (!device || ::udev_device_get_is_initialized(device.get()) <= 0) return Export::unknown_yet;
  const char* value = ::udev_device_get_property_value(device.get(), "QUBES_EXPORT_USB_DEVICE");
  return value != nullptr && std::string_view(value) == "0" ? Export::no : Export::yes;
}

}  // namespace

class UsbWatcher::State : public std::enable_shared_from_this<State> {
 public:
  State(boost::asio::io_context& io, OnAdded added, OnRemoved removed, OnComplete complete)
      : on_added_(std::move(added)),
        on_removed_(std::move(removed)),
        on_complete_(std::move(complete)),
        events_(io),
        timer_(io) {}

  base::Status start();
  void stop();

 private:
  void wait_for_events();
  void after_events(const boost::system::error_code& error);
  void look_in(std::chrono::milliseconds delay);
  void after_timer(const boost::system::error_code& error);
  void look();
  bool settled(const std::string& port_id, const SeenDevice& seen, Export exported);
  void forget_missing(const std::map<std::string, DeviceRecord>& present,
                      const std::set<std::string>& unsettled);
  void report(const std::map<std::string, DeviceRecord>& present);

  OnAdded on_added_;
  OnRemoved on_removed_;
  OnComplete on_complete_;
  Owned<udev> context_;
  Owned<udev_monitor> monitor_;
  boost::asio::posix::stream_descriptor events_;  // the monitor's fd; never closed here
  boost::asio::steady_timer timer_;
  std::map<std::string, DeviceRecord> known_;
  std::map<std::string, int> tries_;
  bool looking_soon_ = false;
  bool stopped_ = false;
};

base::Status UsbWatcher::State::start() {
  context_.reset(::udev_new());
  if (!context_) return base::fail("udev_new: out of memory");
  // The kernel's own events: they come with and without udevd.
  monitor_.reset(::udev_monitor_new_from_netlink(context_.get(), "kernel"));
  if (!monitor_)
    return base::io::fail_errno("listen to the kernel's device events", "is netlink allowed here?");
  if (::udev_monitor_filter_add_match_subsystem_devtype(monitor_.get(), "usb", nullptr) < 0 ||
      ::udev_monitor_enable_receiving(monitor_.get()) < 0)
    return base::io::fail_errno("receive the kernel's device events", "is netlink allowed here?");
  boost::system::error_code error;
  events_.assign(::udev_monitor_get_fd(monitor_.get()), error);
  if (error) return base::fail("watch the kernel's device events: " + error.message());
  wait_for_events();
  look_in(std::chrono::milliseconds(0));
  return base::Ok{};
}

void UsbWatcher::State::stop() {
  stopped_ = true;
  timer_.cancel();
  if (events_.is_open()) (void)events_.release();
}

void UsbWatcher::State::wait_for_events() {
  events_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                     std::bind_front(&State::after_events, shared_from_this()));
}

void UsbWatcher::State::after_events(const boost::system::error_code& error) {
  if (error || stopped_) return;
  // Only that something happened counts: lost or forged events make us look, and no more.
  for (int i = 0; i < max_events_per_turn; ++i) {
    const Owned<udev_device> event(::udev_monitor_receive_device(monitor_.get()));
    if (!event) break;
  }
  look_in(debounce);
  wait_for_events();
}

void UsbWatcher::State::look_in(std::chrono::milliseconds delay) {
  if (std::exchange(looking_soon_, true)) return;
  timer_.expires_after(delay);
  timer_.async_wait(std::bind_front(&State::after_timer, shared_from_this()));
}

void UsbWatcher::State::after_timer(const boost::system::error_code& error) {
  if (error || stopped_) return;
  looking_soon_ = false;
  look();
}

void UsbWatcher::State::look() {
  std::map<std::string, DeviceRecord> present;
  std::set<std::string> unsettled;
  for (const std::string& port_id : list_ports(sysfs)) {
    auto seen = read_device(sysfs, port_id);
    if (!seen) continue;
    const Export exported = export_of(context_.get(), port_id);
    if (exported == Export::no) continue;
    if (settled(port_id, *seen, exported)) {
      present.emplace(port_id, std::move(seen->record));
    } else {
      unsettled.insert(port_id);
    }
  }
  std::erase_if(tries_, [&unsettled, &present](const auto& each) {
    return !unsettled.contains(each.first) && !present.contains(each.first);
  });
  forget_missing(present, unsettled);
  report(present);
  if (stopped_) return;
  if (!unsettled.empty()) return look_in(retry);
  if (auto complete = std::exchange(on_complete_, nullptr)) complete();
}

bool UsbWatcher::State::settled(const std::string& port_id, const SeenDevice& seen,
                                Export exported) {
  if (seen.complete && exported == Export::yes) {
    tries_.erase(port_id);
    return true;
  }
  return ++tries_[port_id] > max_tries;
}

// A known device that is just being set up anew (another configuration) stays known meanwhile.
void UsbWatcher::State::forget_missing(const std::map<std::string, DeviceRecord>& present,
                                       const std::set<std::string>& unsettled) {
  std::vector<std::string> gone;
  for (const auto& [port_id, record] : known_) {
    const auto now = present.find(port_id);
    const bool another = now != present.end() &&
                         (now->second.bus != record.bus || now->second.device != record.device);
    if (another || (now == present.end() && !unsettled.contains(port_id))) gone.push_back(port_id);
  }
  for (const std::string& port_id : gone) {
    if (stopped_) return;
    known_.erase(port_id);
    on_removed_(port_id);
  }
}

void UsbWatcher::State::report(const std::map<std::string, DeviceRecord>& present) {
  for (const auto& [port_id, record] : present) {
    if (stopped_) return;
    const auto known = known_.find(port_id);
    if (known != known_.end() && known->second == record) continue;
    known_.insert_or_assign(port_id, record);
    on_added_(record);
  }
}

UsbWatcher::UsbWatcher(boost::asio::io_context& io, OnAdded added, OnRemoved removed,
                       OnComplete complete)
    : state_(
          std::make_shared<State>(io, std::move(added), std::move(removed), std::move(complete))) {}

UsbWatcher::~UsbWatcher() { state_->stop(); }

base::Status UsbWatcher::start() { return state_->start(); }

}  // namespace sysusb
