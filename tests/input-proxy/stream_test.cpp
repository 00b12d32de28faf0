// SPDX-License-Identifier: GPL-2.0-or-later
// The bytes of the stream: greeting, extension, events; whole, cut and surplus.
#include <gtest/gtest.h>
#include <linux/input-event-codes.h>

#include "base/wire/writer.hpp"
#include "input-proxy/stream_decoder.hpp"

namespace inputproxy {
namespace {

using Bytes = std::vector<std::byte>;
using Message = StreamDecoder::Message;

Capabilities pen() {
  Capabilities device;
  device.name = "A pen";
  device.types.set(EV_KEY).set(EV_ABS).set(EV_MSC);
  device.keys.set(BTN_TOUCH).set(BTN_TOOL_PEN).set(767);
  device.axes.set(ABS_X).set(ABS_PRESSURE);
  device.mscs.set(MSC_SCAN);
  device.props.set(INPUT_PROP_DIRECT);
  device.ranges[ABS_X] = {
      .value = 7, .minimum = -1, .maximum = 4095, .fuzz = 1, .flat = 2, .resolution = 40};
  return device;
}

// Everything that comes of `wire` when it is read in pieces of `step` bytes.
std::vector<Message> decode(const Bytes& wire, std::size_t step,
                            std::optional<StreamError>* error = nullptr) {
  StreamDecoder decoder;
  std::vector<Message> all;
  for (std::size_t at = 0; at < wire.size();) {
    const auto space = decoder.space();
    const std::size_t size = std::min({step, wire.size() - at, space.size()});
    std::copy_n(wire.begin() + static_cast<std::ptrdiff_t>(at), size, space.begin());
    decoder.filled(size);
    at += size;
    for (;;) {
      auto message = decoder.next();
      if (!message) {
        if (error != nullptr) *error = message.error();
        return all;
      }
      if (!message->has_value()) break;
      all.push_back(**message);
    }
  }
  return all;
}

void append(Bytes& wire, const Event& event) {
  wire.resize(wire.size() + event_size);
  encode_event(event, wire.data() + wire.size() - event_size);
}

TEST(InputStream, WritesAnEventAsQubesDoes) {
  Bytes wire;
  append(wire, {.type = EV_REL, .code = REL_X, .value = -5});
  const std::string expected = std::string(16, '\0') + std::string("\x02\0\0\0\xfb\xff\xff\xff", 8);
  EXPECT_EQ(base::wire::as_text(wire), expected);
  EXPECT_EQ(parse_event(wire), (Event{.type = EV_REL, .code = REL_X, .value = -5}));
}

TEST(InputStream, GreetsAsProtocolVersionOneDoes) {
  const Bytes wire = encode_greeting(pen(), 0);
  ASSERT_EQ(wire.size(), 8U + 1840);
  EXPECT_EQ(base::wire::as_text(wire).substr(0, 8), std::string_view("\x01\0\0\0\x30\x07\0\0", 8));
  // The places of reference 2.2, from the start of the capabilities.
  const auto at = [&wire](std::size_t place) { return std::to_integer<int>(wire.at(8 + place)); };
  EXPECT_EQ(at(0), 1 << INPUT_PROP_DIRECT);
  EXPECT_EQ(at(8), (1 << EV_KEY) | (1 << EV_ABS) | (1 << EV_MSC));
  EXPECT_EQ(at(16 + BTN_TOUCH / 8), 1 << (BTN_TOUCH % 8));
  EXPECT_EQ(at(16 + BTN_TOOL_PEN / 8), 1 << (BTN_TOOL_PEN % 8));
  EXPECT_EQ(at(16 + 95), 0x80);
  EXPECT_EQ(at(120), 1 << ABS_X);
  EXPECT_EQ(at(120 + ABS_PRESSURE / 8), 1 << (ABS_PRESSURE % 8));
  EXPECT_EQ(at(128), 1 << MSC_SCAN);
  EXPECT_EQ(base::wire::as_text(wire).substr(8 + 176, 6), std::string_view("A pen\0", 6));
  EXPECT_EQ(at(304), 7);
  EXPECT_EQ(at(308), 0xff);
  EXPECT_EQ(at(312), 0xff);
  EXPECT_EQ(at(313), 0x0f);
  EXPECT_EQ(at(324), 40);
}

TEST(InputStream, RoundTripsAtEveryPieceSize) {
  Bytes wire = encode_greeting(pen(), all_features);
  EXPECT_EQ(wire.size(), 8U + 1840 + 12);
  append(wire, {.type = EV_KEY, .code = BTN_TOUCH, .value = 1});
  append(wire, {.type = EV_SYN, .code = SYN_REPORT, .value = 0});
  for (const std::size_t step : {1U, 7U, 24U, 1000U, 9000U}) {
    const auto all = decode(wire, step);
    ASSERT_EQ(all.size(), 3U) << step;
    const Offer& offer = std::get<Offer>(all[0]);
    EXPECT_EQ(offer.capabilities, pen());
    EXPECT_EQ(offer.features, all_features);
    EXPECT_EQ(std::get<Event>(all[1]).code, BTN_TOUCH);
  }
}

TEST(InputStream, ASenderOfVersionOneOffersNothing) {
  const auto all = decode(encode_greeting(pen(), 0), 4096);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_FALSE(std::get<Offer>(all[0]).features);
}

TEST(InputStream, TakesTheShorterCapabilitiesOfOldSenders) {
  const Bytes whole = encode_greeting(pen(), 0);
  for (const std::uint32_t size : {1U, 176U, 304U, 1839U}) {
    Bytes wire;
    base::wire::Writer(wire).u32(1).u32(size).bytes(base::wire::Bytes(whole).subspan(8, size));
    append(wire, {.type = EV_SYN, .code = SYN_REPORT, .value = 0});
    const auto all = decode(wire, 100);
    ASSERT_EQ(all.size(), 2U) << size;
    const Capabilities& got = std::get<Offer>(all[0]).capabilities;
    EXPECT_EQ(got.name, size < 304 ? "" : "A pen");
    EXPECT_EQ(got.keys.any(), size >= 176);
    EXPECT_EQ(got.ranges[ABS_X].maximum, size > 324 ? 4095 : 0);
  }
}

TEST(InputStream, SkipsWhatALaterVersionSendsMore) {
  Bytes wire = encode_greeting(pen(), 0);
  const Bytes body(wire.begin() + 8, wire.end());
  wire.clear();
  base::wire::Writer(wire).u32(1).u32(2140).bytes(body).zeros(300);
  append(wire, {.type = EV_KEY, .code = BTN_TOUCH, .value = 1});
  for (const std::size_t step : {1U, 128U, 5000U}) {
    const auto all = decode(wire, step);
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(std::get<Event>(all[1]).code, BTN_TOUCH);
  }
}

TEST(InputStream, EveryShorterStreamWaitsForMore) {
  const Bytes wire = encode_greeting(pen(), all_features);
  for (std::size_t size = 0; size < wire.size(); size += 13) {
    std::optional<StreamError> error;
    EXPECT_TRUE(
        decode(Bytes(wire.begin(), wire.begin() + static_cast<std::ptrdiff_t>(size)), 512, &error)
            .empty());
    EXPECT_FALSE(error);
  }
}

TEST(InputStream, RefusesAnotherVersionAndAbsurdLengths) {
  std::optional<StreamError> error;
  Bytes wire;
  base::wire::Writer(wire).u32(2).u32(1840);
  EXPECT_TRUE(decode(wire, 8, &error).empty());
  EXPECT_EQ(error, StreamError::unknown_version);
  wire.clear();
  base::wire::Writer(wire).u32(1).u32(65537);
  EXPECT_TRUE(decode(wire, 8, &error).empty());
  EXPECT_EQ(error, StreamError::capabilities_too_long);
}

TEST(InputStream, NoCapabilitiesAreNoDevice) {
  std::optional<StreamError> error;
  Bytes wire;
  base::wire::Writer(wire).u32(1).u32(0);
  append(wire, {.type = EV_SYN, .code = SYN_REPORT, .value = 0});
  EXPECT_TRUE(decode(wire, 8, &error).empty());
  EXPECT_EQ(error, StreamError::no_capabilities);
}

}  // namespace
}  // namespace inputproxy
