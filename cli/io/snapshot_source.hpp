// SPDX-License-Identifier: GPL-2.0-or-later
// A snapshot's bytes, from a stream between margins as sallyport-snapshots gives it.
#pragma once

#include <memory>

#include "block-proxy/io/nbd_medium.hpp"
#include "scanner-qube/volume/io/file_source.hpp"

namespace cli::io {

// Unreadable sectors of the medium are errors here, not zeros. Nothing is proven: whoever needs to
// know wraps it (scanner-qube/release/proven_source.hpp).
class SnapshotSource final : public scannerqube::volume::ForkableSource {
 public:
  // Shakes hands with the server. An error where its export is not `size` and two margins.
  static base::Result<std::unique_ptr<SnapshotSource>> connect(base::io::Fd stream,
                                                               std::uint64_t size);

  std::uint64_t size() const override { return size_; }
  base::Result<std::size_t, scannerqube::volume::ReadError> read(
      std::uint64_t offset, std::span<std::byte> out) const override;
  std::vector<int> fds() const override { return {fd_}; }
  std::vector<std::string> syscalls() const override { return {"poll", "sendto"}; }

 private:
  SnapshotSource(std::unique_ptr<blockproxy::io::NbdMedium> medium, int fd, std::uint64_t size)
      : medium_(std::move(medium)), fd_(fd), size_(size) {}

  std::unique_ptr<blockproxy::io::NbdMedium> medium_;
  int fd_;  // of medium_
  std::uint64_t size_;
};

}  // namespace cli::io
