// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/volume/record.hpp"

namespace scannerqube::volume {

using base::wire::Bytes;
using base::wire::Reader;

void RecordStream::push(Bytes untrusted) {
  if (failed_) return;
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(used_));
  used_ = 0;
  buffer_.insert(buffer_.end(), untrusted.begin(), untrusted.end());
}

base::Result<std::optional<Record>, RecordError> RecordStream::next() {
  if (failed_) return base::Unexpected{*failed_};
  const Bytes rest = Bytes(buffer_).subspan(used_);
  if (rest.size() < 4) return std::optional<Record>();
  Reader in(rest);
  const std::uint32_t length = in.u32();
  if (length > max_record) {
    failed_ = RecordError::too_long;
    return base::Unexpected{*failed_};
  }
  if (in.rest().size() < length) return std::optional<Record>();
  auto record = parse_record(in.take(length));
  if (!record) {
    failed_ = record.error();
    return base::Unexpected{*failed_};
  }
  used_ += 4 + std::size_t{length};
  return std::optional<Record>(*std::move(record));
}

}  // namespace scannerqube::volume
