// SPDX-License-Identifier: GPL-2.0-or-later
// Read-only mass storage: which commands of a target reach a bulk-only device, and what it is told
// about the others.
//
// Pure. What holds whatever a target sends: the device's bulk OUT endpoint gets nothing but whole
// transfers of 31 bytes, each a command wrapper (Bulk-Only Transport 1.0, 5.1) with one of the
// commands of `storage_commands` that read, in its own length and direction. No data ever goes out,
// so no state that target and device disagree about can turn data into a command or the reverse.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/wire/reader.hpp"

namespace usbproxy {

// The state of one interface: who answers the transfer that comes next. A command that is refused,
// or that is answered here, never reaches the device; its data stage and its status are answered
// here as the transport wants them.
class StorageFilter {
 public:
  enum class Verdict {
    pass,    // to the device
    accept,  // not to the device: the target is told that all of it arrived
    stall    // not to the device: no command wrapper where one was due
  };
  // A transfer on the bulk OUT endpoint.
  Verdict write(base::wire::Bytes untrusted);
  // A request on the bulk IN endpoint for at most `length` bytes: the answer, which may be empty,
  // or nothing if the device is to answer. Valid until the next call.
  std::optional<base::wire::Bytes> read(std::uint32_t length);
  // The device starts anew: its own reset, that of the class, another setting.
  void reset();

  std::uint64_t refused() const { return refused_; }

 private:
  enum class Stage { device, data_out, data_in, status };
  struct Sense {
    std::uint8_t key = 0, code = 0, qualifier = 0;
  };
  struct Wrapper;

  static std::optional<Wrapper> parse(base::wire::Bytes untrusted);
  Verdict begin(const Wrapper& command);
  void refuse(const Wrapper& command, Sense sense);
  void answer(const Wrapper& command);
  void write_sense(const Wrapper& command);
  void write_mode_header(const Wrapper& command);
  void begin_stages(const Wrapper& command);
  base::wire::Bytes read_data(std::uint32_t length);
  base::wire::Bytes read_status(std::uint32_t length);

  Stage stage_ = Stage::device;
  // Of the command that is answered here:
  std::uint32_t tag_ = 0;
  std::uint32_t announced_ = 0;  // bytes of its data stage
  std::uint32_t moved_ = 0;      // of those
  bool failed_ = false;
  std::array<std::byte, 18> data_{};
  std::size_t data_size_ = 0;
  std::array<std::byte, 13> status_{};
  // What REQUEST SENSE of this unit is told until another command of its comes.
  std::optional<std::uint8_t> sense_lun_;
  Sense sense_;
  std::uint64_t refused_ = 0;
};

}  // namespace usbproxy
