// SPDX-License-Identifier: GPL-2.0-or-later
#include "input-proxy/io/uinput_sink.hpp"

#include <linux/uinput.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

namespace inputproxy::io {
namespace {

constexpr std::size_t batch = 128;
// Too many of these would be passed one by one; the request's number says which set is meant.
using Request = unsigned long;

class Setup {
 public:
  explicit Setup(const base::io::Fd& uinput) : fd_(uinput.get()) {}

  void set(Request request, std::size_t code) {
    good_ = good_ && ::ioctl(fd_, request, static_cast<int>(code)) == 0;
  }
  template <class Argument>
  void give(Request request, const Argument* argument) {
    good_ = good_ && ::ioctl(fd_, request, argument) == 0;
  }
  template <std::size_t bits>
  void set_all(Request request, const std::bitset<bits>& codes) {
    for (std::size_t code = 0; code < bits; ++code) {
      if (codes[code]) set(request, code);
    }
  }
  bool good() const { return good_; }

 private:
  int fd_;
  bool good_ = true;
};

void set_axes(Setup& setup, const Capabilities& device) {
  for (std::size_t axis = 0; axis < abs_count; ++axis) {
    if (!device.axes[axis]) continue;
    const AbsRange& range = device.ranges.at(axis);
    uinput_abs_setup wanted{};
    wanted.code = static_cast<std::uint16_t>(axis);
    wanted.absinfo = {range.value, range.minimum, range.maximum,
                      range.fuzz,  range.flat,    range.resolution};
    setup.give(UI_ABS_SETUP, &wanted);
  }
}

}  // namespace

base::Result<UinputSink> UinputSink::make(base::io::Fd uinput, const Capabilities& device,
                                          const Appearance& appearance) {
  Setup setup(uinput);
  setup.set_all(UI_SET_EVBIT, device.types);
  setup.set_all(UI_SET_KEYBIT, device.keys);
  setup.set_all(UI_SET_RELBIT, device.rels);
  setup.set_all(UI_SET_ABSBIT, device.axes);
  setup.set_all(UI_SET_MSCBIT, device.mscs);
  setup.set_all(UI_SET_LEDBIT, device.leds);
  setup.set_all(UI_SET_PROPBIT, device.props);
  setup.give(UI_SET_PHYS, appearance.phys.c_str());
  set_axes(setup, device);
  uinput_setup description{};
  description.id = {BUS_USB, appearance.vendor, appearance.product, 1};
  const std::size_t size = std::min(appearance.name.size(), sizeof(description.name) - 1);
  std::copy_n(appearance.name.begin(), size, std::begin(description.name));
  setup.give(UI_DEV_SETUP, &description);
  setup.set(UI_DEV_CREATE, 0);
  if (!setup.good()) return base::io::fail_errno("make an input device through uinput");
  return UinputSink(std::move(uinput));
}

base::Status UinputSink::write(std::span<const Event> events) {
  std::array<input_event, batch> raw{};
  while (!events.empty()) {
    const std::size_t count = std::min(events.size(), raw.size());
    for (std::size_t i = 0; i < count; ++i) {
      raw.at(i).type = events[i].type;
      raw.at(i).code = events[i].code;
      raw.at(i).value = events[i].value;
    }
    const std::size_t size = count * sizeof(input_event);
    if (::write(uinput_.get(), raw.data(), size) != static_cast<ssize_t>(size)) {
      return base::io::fail_errno("write to uinput");
    }
    events = events.subspan(count);
  }
  return base::Ok{};
}

base::Result<std::size_t> UinputSink::read(std::span<Event> feedback) {
  std::array<input_event, 16> raw{};
  const std::size_t wanted = std::min(feedback.size(), raw.size());
  const ssize_t size = ::read(uinput_.get(), raw.data(), wanted * sizeof(input_event));
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return std::size_t{0};
  if (size <= 0) return base::io::fail_errno("read from uinput");
  const std::size_t count = static_cast<std::size_t>(size) / sizeof(input_event);
  for (std::size_t i = 0; i < count; ++i) {
    feedback[i] = {.type = raw.at(i).type, .code = raw.at(i).code, .value = raw.at(i).value};
  }
  return count;
}

}  // namespace inputproxy::io
