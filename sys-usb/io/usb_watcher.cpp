// SPDX-License-Identifier: GPL-2.0-or-later
// The watcher: the kernel's events say when to look, sysfs says what is there.
#include "sys-usb/io/usb_watcher.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/io/device_events.hpp"
#include "sys-usb/io/usb_sysfs.hpp"

namespace sysusb {
namespace {

constexpr std::chrono::milliseconds debounce{50};
constexpr std::chrono::milliseconds retry{100};
// Then a device is reported as it is: one without a configuration never gets interfaces.
constexpr int max_tries = 20;
constexpr const char* sysfs = "/sys";

enum class Export { yes, no, unknown_yet };

// What udev's rules say; without udevd there are none.
Export export_of(udev* context, const std::string& port_id) {
  if (!base::io::udevd_runs()) return Export::yes;
  const auto device = base::io::looked_at_by_udevd(context, "usb", port_id);
  if (!device) return Export::unknown_yet;
  const char* value = ::udev_device_get_property_value(device.get(), "QUBES_EXPORT_USB_DEVICE");
  return value != nullptr && std::string_view(value) == "0" ? Export::no : Export::yes;
}

}  // namespace

class UsbWatcher::State : public std::enable_shared_from_this<State> {
 public:
  State(boost::asio::io_context& io, OnAdded added, OnRemoved removed, OnComplete complete)
      : io_(io),
        on_added_(std::move(added)),
        on_removed_(std::move(removed)),
        on_complete_(std::move(complete)) {}

  base::Status start();
  void stop();

 private:
  void look();
  bool settled(const std::string& port_id, const SeenDevice& seen, Export exported);
  void forget_missing(const std::map<std::string, DeviceRecord>& present,
                      const std::set<std::string>& unsettled);
  void report(const std::map<std::string, DeviceRecord>& present);

  boost::asio::io_context& io_;
  OnAdded on_added_;
  OnRemoved on_removed_;
  OnComplete on_complete_;
  std::optional<base::io::DeviceEvents> events_;
  std::map<std::string, DeviceRecord> known_;
  std::map<std::string, int> tries_;
  bool stopped_ = false;
};

base::Status UsbWatcher::State::start() {
  events_.emplace(io_, debounce, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->look();
  });
  return events_->start("usb", base::io::DeviceEvents::Source::kernel);
}

void UsbWatcher::State::stop() {
  stopped_ = true;
  events_.reset();
}

void UsbWatcher::State::look() {
  std::map<std::string, DeviceRecord> present;
  std::set<std::string> unsettled;
  for (const std::string& port_id : list_ports(sysfs)) {
    auto seen = read_device(sysfs, port_id);
    if (!seen) continue;
    const Export exported = export_of(events_->context(), port_id);
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
  if (!unsettled.empty()) return events_->look_in(retry);
  if (auto complete = std::exchange(on_complete_, nullptr)) complete();
}

bool UsbWatcher::State::settled(const std::string& port_id, const SeenDevice& seen,
                                Export exported) {
  // The kernel ends every reset, so there is nothing to be counted.
  if (seen.in_reset) return false;
  if (seen.complete && exported == Export::yes) {
    tries_.erase(port_id);
    return true;
  }
  return ++tries_[port_id] > max_tries;
}

// A known device that is just being set up anew (another configuration, a reset) stays known
// meanwhile.
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
