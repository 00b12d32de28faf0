// SPDX-License-Identifier: GPL-2.0-or-later
// A session that has warmed up serves bulk and isochronous requests without the heap. A program of
// its own: it replaces operator new, and counts.
#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <memory_resource>
#include <new>

#include "tests/usbproxy/iso_rig.hpp"

namespace {

// A global, as what it replaces is.
std::size_t allocations = 0;

void* counted(std::size_t size, std::size_t alignment) {
  ++allocations;
  void* memory = nullptr;
  if (::posix_memalign(&memory, std::max(alignment, sizeof(void*)), size) != 0) std::abort();
  return memory;
}

// Not inlined: g++ would take free() for the wrong partner of the operator new that it replaces.
[[gnu::noinline]] void give_back(void* memory) { std::free(memory); }

}  // namespace

// All forms: a sanitizer's own would not fit the others.
void* operator new(std::size_t size) { return counted(size, alignof(std::max_align_t)); }
void* operator new[](std::size_t size) { return counted(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return counted(size, alignof(std::max_align_t));
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return counted(size, alignof(std::max_align_t));
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return counted(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return counted(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { give_back(memory); }
void operator delete[](void* memory) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t) noexcept { give_back(memory); }
void operator delete[](void* memory, std::size_t) noexcept { give_back(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { give_back(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { give_back(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { give_back(memory); }

namespace usbproxy {
namespace {

using namespace test;

// Enough that a container which allocates once in a hundred requests is noticed.
constexpr std::uint32_t warm_up = 300;
constexpr std::uint32_t measured = 3000;

class Allocations : public ::testing::Test {
 protected:
  void SetUp() override { rig.connect(); }

  // What the session does with the kernel's and the backend's bytes is counted, making them is not.
  void kernel(const usbip::Submit& request, const Bytes& data = {}) {
    Bytes message;
    usbip::append_cmd_submit(message, request, data, {});
    count([&] { rig.session.from_kernel(message, rig.now); });
  }
  void backend(std::uint64_t id, std::uint8_t endpoint, std::uint32_t length) {
    const bool in = (endpoint & 0x80U) != 0;
    Bytes message;
    redir::append_packet(message, redir::cap::frontend, PacketType::bulk_packet, id,
                         redir::BulkPacket{.endpoint = endpoint, .length = length},
                         in ? filled(length) : Bytes{});
    count([&] { rig.session.from_stream(message, rig.now); });
  }
  void count(const std::function<void()>& work) {
    const std::size_t before = allocations;
    work();
    counted_ += allocations - before;
  }
  std::vector<std::uint64_t> sent_ids() {
    std::vector<std::uint64_t> ids;
    for (const SentPacket& one : rig.packets()) ids.push_back(one.id);
    return ids;
  }

  // Runs `round` with numbers that count up by 10; returns what the session allocated once it was
  // warm. Each round has to answer `answers` requests.
  std::size_t in_steady_state(std::size_t answers,
                              const std::function<void(std::uint32_t number)>& round) {
    for (std::uint32_t i = 1; i <= warm_up + measured; ++i) {
      if (i == warm_up + 1) counted_ = 0;
      round(i * 10);
      EXPECT_EQ(rig.replies().size(), answers);
      if (rig.session.end() || HasFailure()) {
        ADD_FAILURE() << "round " << i << ": " << rig.end_text();
        break;
      }
    }
    return counted_;
  }

  Rig rig;

 private:
  std::size_t counted_ = 0;
};

// By a call that no compiler leaves out, as it may a new whose memory is not used.
TEST_F(Allocations, AreCounted) {
  std::pmr::memory_resource& heap = *std::pmr::new_delete_resource();
  const std::size_t before = allocations;
  void* const memory = heap.allocate(100);
  EXPECT_EQ(allocations - before, 1U);
  heap.deallocate(memory, 100);
}

TEST_F(Allocations, NoneForBulkIn) {
  const std::size_t found = in_steady_state(2, [this](std::uint32_t number) {
    kernel(Rig::urb(number, 0x81, 4096));
    kernel(Rig::urb(number + 1, 0x81, 512));
    rig.session.to_stream().clear();
    backend(number, 0x81, 4096);
    backend(number + 1, 0x81, 12);
  });
  EXPECT_EQ(found, 0U);
}

TEST_F(Allocations, NoneForBulkOut) {
  const std::size_t found = in_steady_state(1, [this](std::uint32_t number) {
    kernel(Rig::urb(number, 0x02, 65536), filled(65536));
    rig.session.to_stream().clear();
    backend(number, 0x02, 65536);
  });
  EXPECT_EQ(found, 0U);
}

// More than may be under way: the rest waits in the session.
TEST_F(Allocations, NoneForBulkInThatWaits) {
  constexpr std::uint32_t count_at_once = 2 * Session::max_endpoint_in_flight;
  const std::size_t found = in_steady_state(count_at_once, [this](std::uint32_t number) {
    for (std::uint32_t i = 0; i < count_at_once; ++i) kernel(Rig::urb(number * 10 + i, 0x81, 512));
    for (std::uint32_t i = 0; i < count_at_once; ++i) backend(number * 10 + i, 0x81, 512);
    rig.session.to_stream().clear();
  });
  EXPECT_EQ(found, 0U);
}

TEST_F(Allocations, NoneForReadingAStick) {
  const Bytes block = command_block(0x28, 65536, 0x80);
  const std::size_t found = in_steady_state(3, [&](std::uint32_t number) {
    kernel(Rig::urb(number, 0x02, 31), block);
    const auto ids = sent_ids();
    ASSERT_EQ(ids.size(), 2U);
    kernel(Rig::urb(number + 1, 0x81, 65536));
    backend(ids[0], 0x02, 31);
    backend(ids[1], 0x81, 65536);
    const auto status = sent_ids();
    ASSERT_EQ(status.size(), 1U);
    kernel(Rig::urb(number + 2, 0x81, 13));
    backend(status[0], 0x81, 13);
  });
  EXPECT_EQ(found, 0U);
}

// Data and status come before the target asks for them, so the session keeps them.
TEST_F(Allocations, NoneForReadingAStickThatIsFaster) {
  const Bytes block = command_block(0x28, 65536, 0x80);
  const std::size_t found = in_steady_state(3, [&](std::uint32_t number) {
    kernel(Rig::urb(number, 0x02, 31), block);
    const auto ids = sent_ids();
    ASSERT_EQ(ids.size(), 2U);
    backend(ids[0], 0x02, 31);
    backend(ids[1], 0x81, 65536);
    const auto status = sent_ids();
    ASSERT_EQ(status.size(), 1U);
    backend(status[0], 0x81, 13);
    kernel(Rig::urb(number + 1, 0x81, 65536));
    kernel(Rig::urb(number + 2, 0x81, 13));
  });
  EXPECT_EQ(found, 0U);
}

TEST_F(Allocations, NoneForWritingAStick) {
  const Bytes block = command_block(0x2a, 65536, 0x00);
  const std::size_t found = in_steady_state(3, [&](std::uint32_t number) {
    kernel(Rig::urb(number, 0x02, 31), block);
    const auto commands = sent_ids();
    ASSERT_EQ(commands.size(), 1U);
    kernel(Rig::urb(number + 1, 0x02, 65536), filled(65536));
    rig.session.to_stream().clear();
    backend(commands[0], 0x02, 31);
    backend(number + 1, 0x02, 65536);
    const auto status = sent_ids();
    ASSERT_EQ(status.size(), 1U);
    kernel(Rig::urb(number + 2, 0x81, 13));
    backend(status[0], 0x81, 13);
  });
  EXPECT_EQ(found, 0U);
}

// Eight packets of each direction a round, and the clock.
class IsoAllocations : public ::testing::Test {
 protected:
  void count(const std::function<void()>& work) {
    const std::size_t before = allocations;
    work();
    counted += allocations - before;
  }
  void submit(std::uint32_t number, std::uint8_t address) {
    const auto request = IsoRig::iso_urb(number, address, 8);
    Bytes message;
    usbip::append_cmd_submit(message, request,
                             address == speaker ? filled(request.length) : Bytes{},
                             IsoRig::places_of(request));
    count([&] { rig.session.from_kernel(message, rig.now); });
  }
  void arrive(std::uint64_t first) {
    Bytes message;
    for (std::uint64_t id = first; id < first + 8; ++id) {
      redir::append_packet(
          message, redir::cap::frontend, PacketType::iso_packet, id,
          redir::DataPacket{.endpoint = microphone, .status = 0, .length = microphone_packet},
          filled(microphone_packet));
    }
    count([&] { rig.session.from_stream(message, rig.now); });
  }

  IsoRig rig;
  std::size_t counted = 0;
};

TEST_F(IsoAllocations, NoneForEitherDirection) {
  ASSERT_NO_FATAL_FAILURE(rig.stream());
  submit(1, speaker);
  ASSERT_NO_FATAL_FAILURE(rig.accept_start(speaker));
  rig.session.to_stream().clear();
  submit(2, microphone);
  ASSERT_NO_FATAL_FAILURE(rig.accept_start(microphone));
  std::size_t answered = 0;
  for (std::uint32_t i = 1; i <= warm_up + measured; ++i) {
    if (i == warm_up + 1) counted = 0;
    submit(i * 10, speaker);
    submit(i * 10 + 1, microphone);
    arrive(std::uint64_t{i - 1} * 8);
    rig.now += 8ms;
    count([this] { rig.session.tick(rig.now); });
    rig.session.to_stream().clear();
    answered += rig.replies().size();
    ASSERT_FALSE(rig.session.end()) << rig.end_text();
  }
  EXPECT_EQ(counted, 0U);
  EXPECT_GT(answered, 2 * measured);
  EXPECT_EQ(rig.session.counters().iso.dropped, 0U);
}

}  // namespace
}  // namespace usbproxy
