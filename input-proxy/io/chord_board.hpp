// SPDX-License-Identifier: GPL-2.0-or-later
// Where the receivers of one machine tell each other which modifiers their keyboards hold.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "base/io/fd.hpp"
#include "input-proxy/key_rules.hpp"

namespace inputproxy::io {

// A small file that all receivers of a user map; each has one byte, which is its own as long as it
// holds the lock on it. With the process the lock goes, and the byte counts no more.
class ChordBoard {
 public:
  static constexpr std::size_t slots = 64;

  static base::Result<ChordBoard> open(const std::filesystem::path& file);

  void tell(const ChordKeys& mine);
  ChordKeys elsewhere() const;

 private:
  struct Unmap {
    void operator()(std::uint8_t* page) const noexcept;
  };
  using Page = std::unique_ptr<std::uint8_t, Unmap>;
  ChordBoard(base::io::Fd file, Page page, std::size_t slot)
      : file_(std::move(file)), page_(std::move(page)), slot_(slot) {}
  bool taken(std::size_t slot) const;

  base::io::Fd file_;
  Page page_;
  std::size_t slot_;
  ChordKeys told_;
};

}  // namespace inputproxy::io
