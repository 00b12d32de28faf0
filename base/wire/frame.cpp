// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/wire/frame.hpp"

#include <cstdlib>
#include <cstring>

#include "base/wire/writer.hpp"

namespace base::wire {

void FrameDecoder::push(Bytes untrusted) {
  pending_.insert(pending_.end(), untrusted.begin(), untrusted.end());
}

Result<std::optional<FrameDecoder::Payload>, FrameError> FrameDecoder::next() {
  Reader in(pending_);
  const std::size_t size = in.u32();
  if (!in.ok()) return std::optional<Payload>{};
  if (size > max_frame_payload) return Unexpected{FrameError::too_long};

  const Bytes payload = in.take(size);
  if (!in.ok()) return std::optional<Payload>{};

  Payload frame(payload.begin(), payload.end());
  pending_.erase(pending_.begin(),
                 pending_.begin() + static_cast<std::ptrdiff_t>(frame_header_size + size));
  return std::optional{std::move(frame)};
}

void FrameDecoder::wipe() {
  pending_.resize(pending_.capacity());
  if (!pending_.empty()) ::explicit_bzero(pending_.data(), pending_.size());
  pending_.clear();
}

void append_frame(std::vector<std::byte>& out, Bytes payload) {
  if (payload.size() > max_frame_payload) std::abort();
  Writer(out).u32(static_cast<std::uint32_t>(payload.size())).bytes(payload);
}

}  // namespace base::wire
