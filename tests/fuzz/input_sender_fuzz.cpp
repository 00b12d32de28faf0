// SPDX-License-Identifier: GPL-2.0-or-later
// A sender between a device that does anything and a receiver that answers anything: only lights
// that the device has are set, and the queue keeps its bound.
#include <linux/input-event-codes.h>

#include <algorithm>
#include <cstdlib>

#include "base/wire/reader.hpp"
#include "input-proxy/sender_session.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  inputproxy::Capabilities device;
  device.leds.set(LED_CAPSL).set(LED_NUML);
  device.axes.set(ABS_X).set(ABS_MT_SLOT).set(ABS_MT_TRACKING_ID);
  inputproxy::SenderSession session(device);
  base::wire::Reader in(std::as_bytes(std::span(data, size)));
  std::vector<inputproxy::Event> lights;
  while (!in.rest().empty()) {
    switch (in.u8() % 4) {
      case 0: {
        const std::uint16_t type = in.u8();
        const std::uint16_t code = in.u16();
        if (session.wants_events())
          session.event({type, code, static_cast<std::int32_t>(in.u32())});
        break;
      }
      case 1: {
        const auto bytes = in.take(std::min<std::size_t>(in.u8(), in.rest().size()));
        const auto space = session.space();
        const std::size_t length = std::min(bytes.size(), space.size());
        std::copy_n(bytes.begin(), length, space.begin());
        session.filled(length, lights);
        break;
      }
      case 2:
        session.written(std::min<std::size_t>(in.u8(), session.offer().size()));
        break;
      default:
        if (session.wants_state() && session.wants_events()) {
          inputproxy::DeviceState state;
          state.slots = in.u8();
          state.keys.set(in.u8());
          state.fingers[in.u8() % inputproxy::max_slots][ABS_MT_TRACKING_ID] = in.u8();
          session.state(state);
        }
        break;
    }
    for (const auto& light : lights) {
      if (light.type != EV_LED || light.code > LED_CAPSL || light.value < 0 || light.value > 1)
        std::abort();
    }
    lights.clear();
  }
  return 0;
}
