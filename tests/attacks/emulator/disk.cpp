// SPDX-License-Identifier: GPL-2.0-or-later
// The honest stick: bulk-only transport 1.0, and of SCSI what Linux's disk driver asks for.
#include <algorithm>
#include <memory>

#include "base/wire/reader.hpp"
#include "tests/attacks/emulator/honest.hpp"

namespace attacks {
namespace {

enum : std::uint8_t {
  test_unit_ready = 0x00,
  request_sense = 0x03,
  inquiry = 0x12,
  mode_sense_6 = 0x1a,
  start_stop = 0x1b,
  allow_removal = 0x1e,
  read_capacity = 0x25,
  read_10 = 0x28,
  write_10 = 0x2a,
  synchronize = 0x35
};
constexpr std::size_t command_size = 31;
constexpr std::size_t block_at = 15;  // of the command block in its wrapper

// One command at a time: the wrapper, its data, its status.
class BulkOnly {
 public:
  explicit BulkOnly(DiskLies lies) : lies_(std::move(lies)) {}

  Answer out(Bytes data) {
    if (to_come_ > 0) {  // what is written is not kept: the pattern stays
      to_come_ -= std::min<std::size_t>(to_come_, data.size());
      if (to_come_ == 0) finish();
      return {};
    }
    if (data.size() != command_size) return stalled();
    base::wire::Reader in(data);
    in.take(4);
    tag_ = in.u32();
    length_ = in.u32();
    const bool towards_host = (in.u8() & 0x80U) != 0;
    const Bytes block = data.subspan(block_at);
    reply_ = execute(block);
    reply_.resize(std::min<std::size_t>(reply_.size(), length_));
    if (lies_.data) lies_.data(std::to_integer<std::uint8_t>(block[0]), reply_);
    given_ = 0;
    without_data_ = towards_host && length_ > 0 && reply_.empty();
    writes_ = !towards_host;
    if (writes_ && length_ > 0) {
      to_come_ = length_;
      reply_.clear();
      return {};
    }
    if (length_ == 0 || reply_.empty()) finish();
    return {};
  }

  Answer in(std::uint32_t asked) {
    if (given_ < reply_.size()) {
      const std::size_t size = std::min<std::size_t>(asked, reply_.size() - given_);
      const Bytes part = Bytes(reply_).subspan(given_, size);
      given_ += size;
      if (given_ == reply_.size()) finish();
      return give(Memory(part.begin(), part.end()));
    }
    if (std::exchange(without_data_, false)) return stalled();
    if (!status_.empty()) return give(std::exchange(status_, {}));
    Answer nothing;
    nothing.kind = Answer::Kind::nak;
    return nothing;
  }

 private:
  void finish() {
    const std::size_t moved = writes_ ? length_ : given_;
    const auto left = static_cast<unsigned>(length_ - std::min<std::size_t>(length_, moved));
    status_ = bytes({'U', 'S', 'B', 'S', tag_, tag_ >> 8U, tag_ >> 16U, tag_ >> 24U, left,
                     left >> 8U, left >> 16U, left >> 24U, failed_ ? 1U : 0U});
    if (lies_.status) lies_.status(status_);
  }

  Memory execute(Bytes block) {
    failed_ = false;
    switch (std::to_integer<std::uint8_t>(block[0])) {
      case inquiry: {
        Memory data = bytes({0, 0x80, 4, 2, 31, 0, 0, 0});
        for (const char c : std::string_view("Sally   Emulated stick  1.0 "))
          data.push_back(static_cast<std::byte>(c));
        return data;
      }
      case request_sense:
        return bytes({0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0});
      case mode_sense_6:
        return bytes({3, 0, 0, 0});
      case read_capacity: {
        constexpr unsigned last = disk_sectors - 1;
        return bytes({last >> 24U, last >> 16U, last >> 8U, last, 0, 0, sector_size >> 8U, 0});
      }
      case read_10:
        return read(block);
      case test_unit_ready:
      case write_10:
      case start_stop:
      case allow_removal:
      case synchronize:
        return {};
      default:
        failed_ = true;
        return {};
    }
  }

  static Memory read(Bytes block) {
    base::wire::BigReader in(block);
    in.take(2);
    const std::uint32_t first = in.u32();
    in.u8();
    const std::uint32_t count = in.u16();
    Memory data;
    for (std::uint32_t i = 0; i < count; ++i)
      data = std::move(data) + filled(sector_size, pattern_of(first + i));
    return data;
  }

  DiskLies lies_;
  std::uint32_t tag_ = 0;
  std::uint32_t length_ = 0;
  std::size_t to_come_ = 0;
  Memory reply_;
  std::size_t given_ = 0;
  Memory status_;
  bool failed_ = false;
  bool writes_ = false;
  bool without_data_ = false;  // a command that should have returned some: stalled once
};

}  // namespace

std::uint8_t pattern_of(std::uint32_t sector) {
  return static_cast<std::uint8_t>((sector * 37U + 11U) & 0xffU);
}

Interface disk_interface(std::uint8_t number) {
  Interface one;
  one.number = number;
  one.code = 8;
  one.subclass = 6;
  one.protocol = 0x50;
  one.endpoints = {{0x01, bulk, 512, 0, {}}, {0x81, bulk, 512, 0, {}}};
  return one;
}

Device disk(DiskLies lies) {
  Identity identity;
  identity.product = 0x0003;
  Device device = device_of(identity, configuration({disk_interface()}), Speed::high);
  const auto transport = std::make_shared<BulkOnly>(std::move(lies));
  device.out[0x01] = [transport](Bytes data) { return transport->out(data); };
  device.in[0x81] = [transport](std::uint32_t asked) { return transport->in(asked); };
  device.on_control = [](const Setup& setup, Bytes) -> std::optional<Answer> {
    if (setup.request_type == 0xa1 && setup.request == 0xfe) return give(bytes({0}));
    if (setup.request_type == 0x21 && setup.request == 0xff) return Answer{};
    return std::nullopt;
  };
  return device;
}

}  // namespace attacks
