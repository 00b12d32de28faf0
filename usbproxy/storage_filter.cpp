// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/storage_filter.hpp"

#include <algorithm>

#include "usbproxy/storage_commands.hpp"

namespace usbproxy {
namespace {

using base::wire::Bytes;
using Handling = StorageCommand::Handling;

// Bulk-Only Transport 1.0, 5.1 and 5.2.
constexpr std::size_t wrapper_size = 31;
constexpr std::uint32_t wrapper_signature = 0x43425355;
constexpr std::uint32_t status_signature = 0x53425355;
constexpr std::uint8_t to_host = 0x80;

// Sense keys and codes: SPC-4, tables 53 and F.2.
constexpr std::uint8_t illegal_request = 0x05, data_protect = 0x07;
constexpr std::uint8_t invalid_opcode = 0x20, invalid_field = 0x24, write_protected = 0x27;

void put(std::span<std::byte> to, std::size_t at, std::uint8_t value) { to[at] = std::byte{value}; }

void put32(std::span<std::byte> to, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i, value >>= 8U) {
    put(to, at + i, static_cast<std::uint8_t>(value & 0xffU));
  }
}

}  // namespace

struct StorageFilter::Wrapper {
  std::uint32_t tag = 0, length = 0;
  bool in = false;
  std::uint8_t lun = 0;
  std::size_t block_length = 0;
  Bytes block;

  std::uint8_t at(std::size_t index) const { return std::to_integer<std::uint8_t>(block[index]); }
};

// Nothing: the device would stall both of its endpoints at it (6.6.1).
std::optional<StorageFilter::Wrapper> StorageFilter::parse(Bytes untrusted) {
  if (untrusted.size() != wrapper_size) return std::nullopt;
  base::wire::Reader in(untrusted);
  const std::uint32_t signature = in.u32();
  Wrapper wrapper{.tag = in.u32(), .length = in.u32(), .block = {}};
  const std::uint8_t flags = in.u8();
  wrapper.lun = in.u8();
  wrapper.block_length = in.u8();
  wrapper.block = in.rest();
  wrapper.in = flags == to_host;
  if (signature != wrapper_signature || (flags & ~unsigned{to_host}) != 0) return std::nullopt;
  if (wrapper.lun > 15 || wrapper.block_length < 1 || wrapper.block_length > max_command_block) {
    return std::nullopt;
  }
  return wrapper;
}

StorageFilter::Verdict StorageFilter::write(Bytes untrusted) {
  if (stage_ == Stage::data_out) {  // of a command that was refused
    const auto left = announced_ - moved_;
    moved_ += static_cast<std::uint32_t>(std::min<std::size_t>(left, untrusted.size()));
    if (moved_ == announced_) stage_ = Stage::status;
    return Verdict::accept;
  }
  const auto command = parse(untrusted);
  stage_ = Stage::device;
  return command ? begin(*command) : Verdict::stall;
}

StorageFilter::Verdict StorageFilter::begin(const Wrapper& command) {
  const StorageCommand known = judge_command(command.block, command.block_length);
  // A command without data says nothing of a direction; one with data may be given none.
  const bool as_it_should = command.length == 0 || (known.data == DataStage::in && command.in);
  switch (known.handling) {
    case Handling::write_protected:
      refuse(command, {data_protect, write_protected, 0});
      return Verdict::accept;
    case Handling::unknown:
      refuse(command, {illegal_request, invalid_opcode, 0});
      return Verdict::accept;
    case Handling::lies:
      refuse(command, {illegal_request, invalid_field, 0});
      return Verdict::accept;
    case Handling::pass:
    case Handling::request_sense:
    case Handling::mode_header:
    case Handling::nothing_to_do:
      break;
  }
  if (!as_it_should) {
    refuse(command, {illegal_request, invalid_field, 0});
    return Verdict::accept;
  }
  const bool sense_is_ours = sense_lun_ == command.lun;
  const bool is_ours = known.handling == Handling::mode_header ||
                       known.handling == Handling::nothing_to_do ||
                       (known.handling == Handling::request_sense && sense_is_ours);
  data_size_ = 0;
  if (known.handling == Handling::request_sense && sense_is_ours) write_sense(command);
  if (known.handling == Handling::mode_header) write_mode_header(command);
  if (sense_is_ours) sense_lun_.reset();
  if (!is_ours) return Verdict::pass;
  answer(command);
  return Verdict::accept;
}

void StorageFilter::refuse(const Wrapper& command, Sense sense) {
  ++refused_;
  sense_lun_ = command.lun;
  sense_ = sense;
  data_size_ = 0;
  failed_ = true;
  begin_stages(command);
}

void StorageFilter::answer(const Wrapper& command) {
  failed_ = false;
  begin_stages(command);
}

void StorageFilter::begin_stages(const Wrapper& command) {
  tag_ = command.tag;
  announced_ = command.length;
  moved_ = 0;
  if (announced_ == 0) {
    stage_ = Stage::status;
  } else {
    stage_ = command.in ? Stage::data_in : Stage::data_out;
  }
}

// SPC-4, 4.5: fixed format of 18 bytes, or the descriptor format if it was asked for.
void StorageFilter::write_sense(const Wrapper& command) {
  data_.fill(std::byte{0});
  const bool descriptors = (command.at(1) & 1U) != 0;
  const std::size_t size = descriptors ? 8 : data_.size();
  if (descriptors) {
    put(data_, 0, 0x72);
    put(data_, 1, sense_.key);
    put(data_, 2, sense_.code);
    put(data_, 3, sense_.qualifier);
  } else {
    put(data_, 0, 0x70);
    put(data_, 2, sense_.key);
    put(data_, 7, 10);  // bytes behind this one
    put(data_, 12, sense_.code);
    put(data_, 13, sense_.qualifier);
  }
  data_size_ = std::min<std::size_t>(size, command.at(4));
}

// SPC-4, 7.5.5: the header alone, with WP (SBC-3, 6.4.1) set. Devices that have no mode pages would
// be taken for writable.
void StorageFilter::write_mode_header(const Wrapper& command) {
  constexpr std::uint8_t mode_sense_10 = 0x5a;
  constexpr std::uint8_t protect = 0x80;
  data_.fill(std::byte{0});
  if (command.at(0) == mode_sense_10) {
    put(data_, 1, 6);  // bytes behind the length
    put(data_, 3, protect);
    const std::size_t allocated = static_cast<std::size_t>(command.at(7)) << 8U | command.at(8);
    data_size_ = std::min<std::size_t>(8, allocated);
  } else {
    put(data_, 0, 3);
    put(data_, 2, protect);
    data_size_ = std::min<std::size_t>(4, command.at(4));
  }
}

std::optional<Bytes> StorageFilter::read(std::uint32_t length) {
  switch (stage_) {
    case Stage::device:
      return std::nullopt;
    case Stage::data_in:
      return read_data(length);
    case Stage::data_out:  // the target sends no more of it
    case Stage::status:
      return read_status(length);
  }
  return std::nullopt;
}

// A transfer that is shorter than asked ends the stage, as does the last announced byte.
Bytes StorageFilter::read_data(std::uint32_t length) {
  const std::size_t have = std::min<std::size_t>(data_size_, announced_);
  const std::size_t given = std::min<std::size_t>(moved_, have);
  const Bytes part = Bytes(data_).subspan(given, std::min<std::size_t>(have - given, length));
  moved_ += static_cast<std::uint32_t>(part.size());
  if (part.size() < length || moved_ == announced_) stage_ = Stage::status;
  return part;
}

Bytes StorageFilter::read_status(std::uint32_t length) {
  if (length < status_.size()) return {};  // no status fits: the target asks for something else
  put32(status_, 0, status_signature);
  put32(status_, 4, tag_);
  put32(status_, 8, announced_ - moved_);
  put(status_, 12, failed_ ? 1 : 0);
  stage_ = Stage::device;
  return status_;
}

void StorageFilter::reset() {
  stage_ = Stage::device;
  sense_lun_.reset();
}

}  // namespace usbproxy
