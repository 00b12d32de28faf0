// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <chrono>

#include "base/wire/writer.hpp"
#include "usbproxy/iso_buffer.hpp"
#include "usbproxy/iso_clock.hpp"
#include "usbproxy/iso_queue.hpp"
#include "usbproxy/iso_shape.hpp"
#include "usbproxy/usbip.hpp"

namespace usbproxy {
namespace {

using namespace std::chrono_literals;
using Memory = std::vector<std::byte>;

Memory one(unsigned value) { return {static_cast<std::byte>(value)}; }

TEST(IsoBuffer, GivesPacketsInOrder) {
  IsoBuffer buffer(4);
  for (unsigned i = 0; i < 5; ++i) {
    const auto arrival = buffer.arrive(i, {.status = 0, .data = one(i)}, 3, 12);
    EXPECT_EQ(arrival.lost + arrival.dropped, 0U);
  }
  for (unsigned i = 0; i < 5; ++i) EXPECT_EQ(buffer.pop().data[0], static_cast<std::byte>(i));
  EXPECT_TRUE(buffer.empty());
}

TEST(IsoBuffer, AGapInTheIdsIsLostPackets) {
  IsoBuffer buffer(4);
  buffer.arrive(0, {.status = 0, .data = one(0)}, 8, 32);
  EXPECT_EQ(buffer.arrive(3, {.status = 0, .data = one(3)}, 8, 32).lost, 2U);
  EXPECT_EQ(buffer.pop().status, 0);
  EXPECT_EQ(buffer.pop().status, -EXDEV);
  EXPECT_EQ(buffer.pop().status, -EXDEV);
  EXPECT_EQ(buffer.pop().data[0], std::byte{3});
}

TEST(IsoBuffer, ALieAboutIdsTakesNoMemoryAndLittleTime) {
  IsoBuffer buffer(4);
  const auto arrival = buffer.arrive(0xffffffffffffffffU, {.status = 0, .data = one(1)}, 8, 32);
  EXPECT_EQ(arrival.lost, IsoBuffer::max_packets);
  EXPECT_EQ(buffer.size(), 9U);
  EXPECT_EQ(buffer.arrive(0, {.status = 0, .data = one(2)}, 8, 32).lost, 0U);  // it begins anew
  EXPECT_EQ(buffer.arrive(1, {.status = 0, .data = one(3)}, 8, 32).lost, 0U);
}

TEST(IsoBuffer, TooManyAreGivenUpFromTheOldestOn) {
  IsoBuffer buffer(4);
  std::size_t dropped = 0;
  for (unsigned i = 0; i < 13; ++i) {
    dropped += buffer.arrive(i, {.status = 0, .data = one(i)}, 3, 12).dropped;
  }
  EXPECT_EQ(dropped, 10U);
  EXPECT_EQ(buffer.size(), 3U);
  EXPECT_EQ(buffer.pop().data[0], std::byte{10});
}

TEST(IsoBuffer, HoldsNoMoreThanItsMemory) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{3072}, std::size_t{65535}}) {
    IsoBuffer buffer(size);
    const Memory data(size, std::byte{7});
    for (unsigned i = 0; i < 3000; ++i) {
      buffer.arrive(i, {.status = 0, .data = data}, 100000, 400000);
    }
    EXPECT_EQ(buffer.size(), IsoBuffer::capacity_of(size));
    while (!buffer.empty()) EXPECT_EQ(buffer.pop().data.size(), size);
  }
}

TEST(IsoClock, IsNeverFasterThanTheBus) {
  const IsoClock::Time begin{1h};
  IsoClock clock(1ms);
  EXPECT_FALSE(clock.running());
  clock.start(begin);
  EXPECT_EQ(clock.due(8), begin + 8ms);
  clock.advance(8, IsoClock::Lean::none, begin + 20ms);  // late: the next one catches up
  EXPECT_EQ(clock.due(8), begin + 16ms);
  clock.advance(8, IsoClock::Lean::none, begin + 2s);  // far too late: it does not
  EXPECT_EQ(clock.due(8), begin + 2008ms);
  clock.resume(begin + 3s);
  EXPECT_EQ(clock.due(1), begin + 3001ms);
}

TEST(IsoClock, LeansALittle) {
  const IsoClock::Time begin{1h};
  IsoClock clock(1ms);
  clock.start(begin);
  clock.advance(64, IsoClock::Lean::sooner, begin);
  EXPECT_EQ(clock.due(0), begin + 63ms);
  clock.advance(64, IsoClock::Lean::later, begin);
  EXPECT_EQ(clock.due(0), begin + 128ms);
}

TEST(IsoQueue, KeepsTheOrderWhenOneIsTakenOut) {
  IsoQueue queue;
  const std::vector<usbip::IsoPlace> places(3);
  for (std::uint32_t i = 0; i < IsoQueue::max_requests; ++i) {
    ASSERT_TRUE(queue.has_room(3, 10));
    queue.push_back(i, places, Memory(10));
  }
  EXPECT_FALSE(queue.has_room(1, 0));
  queue.erase(0);
  queue.erase(5);
  queue.erase(5);  // nothing happens
  queue.push_back(100, places, {});
  queue.push_back(101, places, {});
  EXPECT_FALSE(queue.has_room(1, 0));
  std::vector<std::uint32_t> order;
  for (std::size_t i = 0; i < queue.size(); ++i) order.push_back(queue.at(i).seqnum);
  std::vector<std::uint32_t> wanted;
  for (std::uint32_t i = 1; i < IsoQueue::max_requests; ++i) {
    if (i != 5) wanted.push_back(i);
  }
  wanted.push_back(100);
  wanted.push_back(101);
  EXPECT_EQ(order, wanted);
}

TEST(IsoQueue, BoundsPacketsAndBytes) {
  IsoQueue queue;
  const std::vector<usbip::IsoPlace> places(1024);
  for (std::uint32_t i = 0; i < 8; ++i) queue.push_back(i, places, {});
  EXPECT_FALSE(queue.has_room(1, 0));
  queue.erase(3);
  EXPECT_TRUE(queue.has_room(1024, 0));
  EXPECT_FALSE(queue.has_room(1, IsoQueue::max_bytes + 1));
  queue.push_back(9, std::vector<usbip::IsoPlace>(1), Memory(IsoQueue::max_bytes));
  EXPECT_FALSE(queue.has_room(1, 1));
  queue.mark_sent(queue.at(queue.size() - 1));
  EXPECT_TRUE(queue.has_room(1, 1));
}

Endpoint endpoint(std::uint16_t size, std::uint8_t interval) {
  return {.type = redir::endpoint_type::isochronous,
          .interface_number = 1,
          .interval = interval,
          .max_packet_size = size};
}

TEST(IsoShape, FollowsTheDescriptor) {
  const auto speaker = iso_shape(endpoint(192, 1), Speed::full, usbip::Direction::out);
  EXPECT_EQ(speaker.interval, 1ms);
  EXPECT_EQ(speaker.packets_per_urb, 10);
  EXPECT_EQ(speaker.urbs, 8);
  EXPECT_EQ(speaker.ahead, 40U);
  const auto microphone = iso_shape(endpoint(96, 4), Speed::high, usbip::Direction::in);
  EXPECT_EQ(microphone.interval, 1ms);
  EXPECT_EQ(microphone.urbs, 4);
  EXPECT_EQ(microphone.ahead, 50U);
  const auto camera = iso_shape(endpoint(3072, 1), Speed::high, usbip::Direction::in);
  EXPECT_EQ(camera.interval, 125us);
  EXPECT_EQ(camera.packets_per_urb, 32);
  EXPECT_EQ(camera.urbs, 10);
  EXPECT_EQ(camera.ahead, 341U);  // half of what fits in 2 MiB
}

// Whatever a device describes, the library's bounds hold and nothing is 0.
TEST(IsoShape, StaysWithinTheLibrarysBounds) {
  for (const Speed speed : {Speed::full, Speed::high, Speed::super}) {
    for (const auto direction : {usbip::Direction::in, usbip::Direction::out}) {
      for (unsigned interval = 0; interval < 256; ++interval) {
        for (const std::uint16_t size : std::array<std::uint16_t, 4>{1, 192, 3072, 65535}) {
          const auto shape =
              iso_shape(endpoint(size, static_cast<std::uint8_t>(interval)), speed, direction);
          EXPECT_GE(shape.interval, 125us);
          EXPECT_LE(shape.interval, 1024ms);
          EXPECT_GE(shape.packets_per_urb, 1);
          EXPECT_LE(shape.packets_per_urb, 32);
          EXPECT_GE(shape.urbs, 2);
          EXPECT_LE(shape.urbs, 16);
          EXPECT_GE(shape.ahead, 1U);
        }
      }
    }
  }
}

usbip::Command with_places(usbip::Submit& submit, Memory& memory,
                           std::initializer_list<usbip::IsoPlace> places) {
  memory.clear();
  for (const auto& place : places) {
    base::wire::BigWriter(memory).u32(place.offset).u32(place.length).u32(77).u32(88);
  }
  submit.iso_packets = static_cast<std::uint32_t>(places.size());
  usbip::Command command;
  command.submit = submit;
  command.iso = memory;
  return command;
}

TEST(UsbipIso, PlacesLieWithinTheTransfer) {
  usbip::Submit submit;
  submit.length = 300;
  Memory memory;
  std::vector<usbip::IsoPlace> found;
  const auto good = [&](std::initializer_list<usbip::IsoPlace> places, std::uint32_t longest) {
    return usbip::read_iso_places(with_places(submit, memory, places), longest, found);
  };
  EXPECT_TRUE(good({{0, 100}, {100, 100}, {200, 100}}, 100));
  EXPECT_EQ(found.size(), 3U);
  EXPECT_TRUE(good({{200, 100}, {0, 100}}, 100));
  EXPECT_FALSE(good({{0, 101}}, 100));                 // too long a packet
  EXPECT_FALSE(good({{201, 100}}, 100));               // beyond the end
  EXPECT_FALSE(good({{0xffffffff, 2}}, 100));          // a sum that wraps
  EXPECT_FALSE(good({{301, 0}}, 100));                 //
  EXPECT_FALSE(good({{0, 200}, {50, 200}}, 300));      // together more than there is
  EXPECT_FALSE(good({{0, 0xffffffff}, {0, 2}}, ~0U));  //
}

TEST(UsbipIso, AReplyIsMadeOfItsPackets) {
  usbip::Submit submit;
  submit.seqnum = 7;
  submit.devid = 9;
  submit.direction = usbip::Direction::in;
  submit.endpoint = 2;
  submit.length = 200;
  submit.iso_packets = 2;
  const Memory data(150, std::byte{3});
  const Memory short_one = one(4);
  const std::array packets{
      usbip::IsoPacket{.place = {0, 100}, .status = -75, .in_data = data},
      usbip::IsoPacket{.place = {100, 100}, .status = 0, .in_data = short_one}};
  Memory out;
  usbip::append_iso_ret_submit(out, submit, packets, 0, 1234);
  base::wire::BigReader in(out);
  for (const std::uint32_t field : {3U, 7U, 9U, 1U, 2U, 0U, 101U, 1234U, 2U, 1U, 0U, 0U}) {
    EXPECT_EQ(in.u32(), field);
  }
  in.take(100);
  EXPECT_EQ(in.u8(), 4);
  constexpr std::uint32_t overflow = 0U - 75U;
  for (const std::uint32_t field : {0U, 100U, 100U, overflow, 100U, 100U, 1U, 0U}) {
    EXPECT_EQ(in.u32(), field);
  }
  EXPECT_TRUE(in.done());
}

}  // namespace
}  // namespace usbproxy
