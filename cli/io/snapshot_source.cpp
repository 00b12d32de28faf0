// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/io/snapshot_source.hpp"

#include <algorithm>

#include "block-proxy/snapshot/request.hpp"

namespace cli::io {
namespace {

using blockproxy::io::NbdMedium;
using blockproxy::snapshot::margin_size;
using scannerqube::volume::ReadError;

constexpr std::chrono::seconds stream_patience{60};

}  // namespace

base::Result<std::unique_ptr<SnapshotSource>> SnapshotSource::connect(base::io::Fd stream,
                                                                      std::uint64_t size) {
  const int fd = stream.get();
  auto medium = NbdMedium::connect(std::move(stream), stream_patience);
  if (!medium) return base::Unexpected{medium.error()};
  const std::uint64_t offered = (*medium)->size();
  if (offered < 2 * margin_size || offered - 2 * margin_size != size) {
    return base::fail("the snapshot's stream has " + std::to_string(offered) +
                      " bytes, which are not the " + std::to_string(size) +
                      " of the report between margins");
  }
  return std::unique_ptr<SnapshotSource>(  // NOLINT: the constructor is private
      new SnapshotSource(*std::move(medium), fd, size));
}

base::Result<std::size_t, ReadError> SnapshotSource::read(std::uint64_t offset,
                                                          std::span<std::byte> out) const {
  if (offset >= size_) return std::size_t{0};
  out = out.first(static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), size_ - offset)));
  for (std::size_t done = 0; done < out.size();) {
    const auto got = medium_->read(margin_size + offset + done, out.subspan(done));
    if (got && *got > 0) {
      done += *got;
      continue;
    }
    const std::string& why = medium_->reason();
    return base::Unexpected{ReadError{
        .offset = offset + done, .text = why.empty() ? "the medium could not be read there" : why}};
  }
  return out.size();
}

}  // namespace cli::io
