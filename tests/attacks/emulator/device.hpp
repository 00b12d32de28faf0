// SPDX-License-Identifier: GPL-2.0-or-later
// An emulated USB device: what it says of itself, what its endpoints do, and where it deviates.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/attacks/emulator/descriptors.hpp"
#include "usbproxy/usb_values.hpp"
#include "usbproxy/usbip.hpp"

namespace attacks {

using std::chrono::milliseconds;
using usbproxy::Speed;
using usbproxy::usbip::Setup;

// What becomes of one request.
struct Answer {
  enum class Kind {
    ok,
    stall,   //
    nak,     // nothing yet: asked again after the next other request
    silent,  // never
    unplug   // the device leaves the bus
  } kind = Kind::ok;
  Memory data;  // IN
  milliseconds delay{0};
};
Answer give(Memory data);
Answer stalled();

// Which request it is. The device descriptor, for example, is read several times.
enum class Step {
  device,         // GET_DESCRIPTOR of the device
  configuration,  // of a configuration: the header or all of it
  configuration_whole,
  string,
  bos,
  report,  // of HID
  set_configuration,
  set_interface,
  other_control,  // class, vendor and what is left
  data_out,       // an OUT transfer of any endpoint
  data_in
};

// One deviation: what is done to the answer from the `from`-th request of its step on (0: the
// first), `count` times.
struct Fault {
  Step at = Step::device;
  std::function<void(Answer&)> act;
  unsigned from = 0;
  unsigned count = ~0U;
};

// Deviations.
std::function<void(Answer&)> stall();
std::function<void(Answer&)> fall_silent();
std::function<void(Answer&)> unplug();
std::function<void(Answer&)> late(milliseconds delay);
std::function<void(Answer&)> cut_to(std::size_t size);
std::function<void(Answer&)> lengthen_by(std::size_t count);
std::function<void(Answer&)> instead(Memory data);
std::function<void(Answer&)> spoil(std::size_t offset, std::initializer_list<unsigned> values);

// A description with behaviour. Copies share what their endpoints remember.
class Device {
 public:
  using OnControl = std::function<std::optional<Answer>(const Setup&, Bytes out)>;
  using OnOut = std::function<Answer(Bytes)>;
  using OnIn = std::function<Answer(std::uint32_t asked)>;

  Speed speed = Speed::full;
  Memory descriptor;
  std::vector<Memory> configurations;
  std::map<std::uint8_t, Memory> strings;  // whole descriptors, by index
  Memory bos;                              // empty: stalled
  std::map<std::uint8_t, Memory> reports;  // HID report descriptors, by interface
  OnControl on_control;                    // class and vendor requests; nothing: stalled
  std::map<std::uint8_t, OnOut> out;       // by address
  std::map<std::uint8_t, OnIn> in;
  // One call for each packet of an isochronous endpoint, at this pace (served to a kernel).
  std::chrono::microseconds iso_interval{1000};
  std::vector<Fault> faults;
  std::function<Device()> reborn;  // what is plugged in when this one has left

  // Answers as asked, at most setup.length bytes, before its faults act.
  Answer control(const Setup& setup, Bytes data);
  Answer transfer_out(std::uint8_t address, Bytes data);
  Answer transfer_in(std::uint8_t address, std::uint32_t asked);

  Device with(Fault fault) const;

 private:
  Answer standard(const Setup& setup, Bytes data);
  Answer get_descriptor(const Setup& setup) const;
  void spoil_answer(Step step, Answer& answer);

  std::map<Step, unsigned> seen_;
  std::uint8_t configured_ = 0;
};

// What dom0 would have approved: "VVVV:PPPP:SERIAL:", of any interfaces.
std::string approval_of(const Device& device);

// Which step a control request is.
Step step_of(const Setup& setup);

}  // namespace attacks
