// SPDX-License-Identifier: GPL-2.0-or-later
#include "input-proxy/io/evdev_source.hpp"

#include <linux/input.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>

namespace inputproxy::io {
namespace {

constexpr std::size_t batch = 64;

// The kernel's bitmaps are arrays of long; on the machines we run on that is byte by byte.
static_assert(std::endian::native == std::endian::little);

template <std::size_t bits>
std::bitset<bits> bits_of(std::span<const std::uint8_t> bytes) {
  std::bitset<bits> set;
  for (std::size_t i = 0; i < std::min(bits, bytes.size() * 8); ++i) {
    set[i] = ((unsigned{bytes[i / 8]} >> (i % 8)) & 1U) != 0;
  }
  return set;
}

template <std::size_t bits>
std::bitset<bits> codes_of(const base::io::Fd& device, unsigned type) {
  std::array<std::uint8_t, bits / 8> bytes{};
  if (::ioctl(device.get(), EVIOCGBIT(type, sizeof(bytes)), bytes.data()) < 0) return {};
  return bits_of<bits>(bytes);
}

Capabilities capabilities_of(const base::io::Fd& device) {
  Capabilities all;
  std::array<std::uint8_t, 8> props{};
  if (::ioctl(device.get(), EVIOCGPROP(sizeof(props)), props.data()) >= 0) {
    all.props = bits_of<64>(props);
  }
  all.types = codes_of<64>(device, 0);
  all.keys = codes_of<768>(device, EV_KEY);
  all.rels = codes_of<64>(device, EV_REL);
  all.axes = codes_of<64>(device, EV_ABS);
  all.mscs = codes_of<64>(device, EV_MSC);
  all.leds = codes_of<64>(device, EV_LED);
  all.sounds = codes_of<64>(device, EV_SND);
  all.forces = codes_of<128>(device, EV_FF);
  all.switches = codes_of<64>(device, EV_SW);
  std::array<char, 128> name{};
  if (::ioctl(device.get(), EVIOCGNAME(name.size() - 1), name.data()) >= 0) all.name = name.data();
  // As senders have always done; a receiver refuses the rest.
  std::ranges::replace_if(
      all.name, [](char each) { return each < 0x20 || each > 0x7e; }, '_');
  for (unsigned axis = 0; axis < abs_count; ++axis) {
    input_absinfo info{};
    if (!all.axes[axis] || ::ioctl(device.get(), EVIOCGABS(axis), &info) < 0) continue;
    all.ranges.at(axis) = {info.value, info.minimum, info.maximum,
                           info.fuzz,  info.flat,    info.resolution};
  }
  return all;
}

void mask_lights(const base::io::Fd& device) {
  std::array<std::uint8_t, 8> none{};
  input_mask mask{};
  mask.type = EV_LED;
  mask.codes_size = none.size();
  mask.codes_ptr = std::bit_cast<std::uintptr_t>(none.data());
  // A kernel before 4.4 has no masks; there the receiver's own check ends the circle.
  static_cast<void>(::ioctl(device.get(), EVIOCSMASK, &mask));
}

}  // namespace

base::Result<EvdevSource> EvdevSource::take(base::io::Fd device) {
  int version = 0;
  if (::ioctl(device.get(), EVIOCGVERSION, &version) < 0) {
    return base::io::fail_errno("ask the input device", "is it /dev/input/eventN?");
  }
  if (::ioctl(device.get(), EVIOCGRAB, 1) < 0) {
    return base::io::fail_errno("take the input device for us alone",
                                "another program has taken it: is it forwarded already?");
  }
  mask_lights(device);
  Capabilities all = capabilities_of(device);
  return EvdevSource(std::move(device), std::move(all));
}

base::Result<std::size_t> EvdevSource::read(std::span<Event> events) {
  std::array<input_event, batch> raw{};
  const std::size_t wanted = std::min(events.size(), raw.size());
  const ssize_t size = ::read(device_.get(), raw.data(), wanted * sizeof(input_event));
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return std::size_t{0};
  if (size <= 0) return base::io::fail_errno("read the input device", "it was unplugged");
  const std::size_t count = static_cast<std::size_t>(size) / sizeof(input_event);
  for (std::size_t i = 0; i < count; ++i) {
    events[i] = {.type = raw.at(i).type, .code = raw.at(i).code, .value = raw.at(i).value};
  }
  return count;
}

base::Status EvdevSource::set_lights(std::span<const Event> lights) {
  std::array<input_event, batch> raw{};
  const std::size_t count = std::min(lights.size(), raw.size() - 1);
  if (count == 0) return base::Ok{};
  for (std::size_t i = 0; i < count; ++i) {
    raw.at(i).type = lights[i].type;
    raw.at(i).code = lights[i].code;
    raw.at(i).value = lights[i].value;
  }
  raw.at(count).type = EV_SYN;  // and SYN_REPORT, which is 0
  const std::size_t size = (count + 1) * sizeof(input_event);
  if (::write(device_.get(), raw.data(), size) != static_cast<ssize_t>(size)) {
    return base::io::fail_errno("set the device's lights");
  }
  return base::Ok{};
}

DeviceState EvdevSource::state() const {
  DeviceState now;
  std::array<std::uint8_t, 96> keys{};
  if (::ioctl(device_.get(), EVIOCGKEY(keys.size()), keys.data()) >= 0) {
    now.keys = bits_of<768>(keys);
  }
  for (unsigned axis = 0; axis <= ABS_MT_SLOT; ++axis) {
    input_absinfo info{};
    if (capabilities_.axes[axis] && ::ioctl(device_.get(), EVIOCGABS(axis), &info) >= 0) {
      now.axes.at(axis) = info.value;
    }
  }
  if (!capabilities_.axes[ABS_MT_SLOT]) return now;
  const auto last =
      static_cast<std::size_t>(std::max(0, capabilities_.ranges[ABS_MT_SLOT].maximum));
  now.slots = std::min(last + 1, max_slots);
  for (std::uint32_t axis = ABS_MT_SLOT + 1; axis < abs_count; ++axis) {
    // The kernel's struct input_mt_request_layout: the code, then a value for each slot.
    std::array<std::int32_t, max_slots + 1> request{};
    request[0] = static_cast<std::int32_t>(axis);
    if (!capabilities_.axes[axis] ||
        ::ioctl(device_.get(), EVIOCGMTSLOTS(sizeof(request)), request.data()) < 0) {
      continue;
    }
    for (std::size_t slot = 0; slot < now.slots; ++slot) {
      now.fingers.at(slot).at(axis) = request.at(slot + 1);
    }
  }
  return now;
}

}  // namespace inputproxy::io
