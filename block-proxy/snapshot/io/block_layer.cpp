// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/snapshot/io/block_layer.hpp"

namespace blockproxy::snapshot {

BlockLayer::BlockLayer(Layer kind, const Header& header, Cipher& cipher, StoreFile data,
                       RecordFile index)
    : kind_(kind),
      geometry_(header.geometry),
      id_(header.id),
      cipher_(cipher),
      data_(std::move(data)),
      index_(std::move(index)) {}

base::Result<Record> BlockLayer::record(std::uint64_t block) {
  const auto bytes = index_.get(block);
  if (!bytes) return base::Unexpected{bytes.error()};
  const auto parsed = parse_record(*bytes);
  if (!parsed) {
    return base::fail("block " + std::to_string(block) + ": its record in the snapshot's index " +
                      std::string(describe(parsed.error())) + "; make a new snapshot");
  }
  return *parsed;
}

base::Result<Authentic> BlockLayer::load(std::uint64_t block, const Record& record,
                                         std::span<std::byte> out) {
  const auto context = block_context(id_, kind_, block, record);
  if (!has_data(record.state)) {
    std::ranges::fill(out, std::byte{0});
    return cipher_.open(context, record.auth, {}, {});
  }
  sealed_.resize(std::max<std::size_t>(sealed_.size(), block_size));
  const auto sealed = std::span(sealed_).first(out.size());
  const std::uint64_t slot = kind_ == Layer::base ? block : record.slot;
  if (auto read = data_.read(slot * block_size, sealed); !read) {
    return base::Unexpected{read.error()};
  }
  return cipher_.open(context, record.auth, sealed, out);
}

base::Status BlockLayer::put(std::uint64_t first, std::span<Record> records,
                             base::wire::Bytes plain) {
  sealed_.resize(std::max(sealed_.size(), plain.size()));
  std::uint64_t run_slot = 0;  // where the bytes that wait to be written go
  std::size_t run_from = 0;
  std::size_t run_size = 0;
  const auto write_run = [&]() -> base::Status {
    if (run_size == 0) return base::Ok{};
    const auto bytes = std::span(sealed_).subspan(run_from, run_size);
    run_size = 0;
    auto written = data_.write(run_slot * block_size, bytes);
    if (written) data_.start_writeback(run_slot * block_size, bytes.size());
    return written;
  };
  std::size_t at = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    Record& record = records[i];
    const std::uint64_t block = first + i;
    const std::size_t length = geometry_.length_of(block);
    const auto context = block_context(id_, kind_, block, record);
    if (!has_data(record.state)) {
      record.auth = cipher_.seal(context, {}, {});
    } else {
      record.auth =
          cipher_.seal(context, plain.subspan(at, length), std::span(sealed_).subspan(at, length));
      const std::uint64_t slot = kind_ == Layer::base ? block : record.slot;
      const bool follows =
          run_size != 0 && run_from + run_size == at && slot == run_slot + run_size / block_size;
      if (!follows) {
        if (auto written = write_run(); !written) return written;
        run_slot = slot;
        run_from = at;
      }
      run_size += length;
    }
    at += length;
  }
  if (auto written = write_run(); !written) return written;
  for (std::size_t i = 0; i < records.size(); ++i) index_.set(first + i, encode(records[i]));
  return base::Ok{};
}

base::Status BlockLayer::sync_data() {
  if (index_.waiting() == 0) return base::Ok{};
  return data_.sync();
}

base::Status BlockLayer::scan(const Each& each) const {
  return index_.scan([&](std::uint64_t block, const RecordBytes& bytes) {
    const auto parsed = parse_record(bytes);
    return each(block, parsed ? std::optional(*parsed) : std::nullopt);
  });
}

base::Status BlockLayer::clear() {
  if (auto cleared = index_.clear(); !cleared) return cleared;
  return data_.truncate(0);
}

}  // namespace blockproxy::snapshot
