// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/snapshot/server/io/report.hpp"

#include <boost/json.hpp>

#include "base/io/files.hpp"
#include "base/wire/escape.hpp"

namespace blockproxy::snapshot {
namespace {

namespace json = boost::json;

std::string_view name_of(EventKind kind) {
  switch (kind) {
    case EventKind::unreadable:
      return "unreadable";
    case EventKind::changed:
      return "changed";
    case EventKind::lost:
      return "lost";
    case EventKind::resized:
      return "resized";
  }
  return "?";
}

json::object describe(const Event& event) {
  json::object out{{"kind", name_of(event.kind)}, {"time_ms", event.time}};
  if (event.kind == EventKind::resized) {
    out["found_bytes"] = event.block;
    return out;
  }
  out["offset"] = event.block * block_size;
  if (event.kind == EventKind::unreadable) {
    json::array sectors;
    for (std::uint32_t i = 0; i < sectors_per_block; ++i) {
      if ((event.sectors.at(i / 8) >> (i % 8) & std::byte{1}) != std::byte{0}) sectors.push_back(i);
    }
    out["sectors"] = std::move(sectors);
    return out;
  }
  out["recorded"] = base::hash::to_hex(event.first);
  if (event.kind == EventKind::changed) out["later"] = base::hash::to_hex(event.second);
  return out;
}

json::array describe(const ExtentSet& extents, const Geometry& geometry) {
  json::array runs;
  for (const BlockRun& run : extents.runs()) {
    const Range range = geometry.bytes_of(run);
    runs.push_back(json::array{range.offset, range.length});
  }
  return runs;
}

base::Status overlay_of(Store& store, json::object& out) {
  std::uint64_t blocks = 0;
  auto counted = store.diff([&blocks](const Difference&) {
    ++blocks;
    return base::Status(base::Ok{});
  });
  if (!counted) return counted;
  const Journal& journal = store.journal();
  const char* commit = journal.state == CommitState::idle      ? "none"
                       : journal.state == CommitState::running ? "begun"
                                                               : "done";
  out["overlay"] = json::object{{"changed_blocks", blocks}, {"commit", commit}};
  return base::Ok{};
}

}  // namespace

base::Status write_report(Server& server, const std::string& name, const base::io::Fd& out) {
  Store& store = *server.store();
  const Geometry& geometry = store.geometry();
  const auto read = store.extents(max_reported_runs);
  if (!read) return base::Unexpected{read.error()};
  json::object report{{"snapshot", name},
                      {"id", base::hash::to_hex(store.header().id)},
                      {"created_ms", store.header().created},
                      {"size", geometry.medium_size()},
                      {"sector_size", geometry.sector_size()},
                      {"block_size", block_size},
                      {"blocks", geometry.blocks()},
                      {"stored_blocks", store.progress().done},
                      {"complete", store.progress().complete()},
                      {"used_bytes", store.used()},
                      {"read", describe(*read, geometry)},
                      {"read_truncated", read->truncated()},
                      {"readers", server.readers()},
                      {"writers", server.writers()},
                      {"medium", server.has_medium()},
                      {"medium_end", base::wire::escape(server.medium_end(), 512)},
                      {"sample_different", server.different()}};
  if (store.progress().complete()) {
    const auto root = store.root();
    if (!root) return base::Unexpected{root.error()};
    report["root"] = base::hash::to_hex(*root);
  }
  if (const auto& seal = store.sealed()) {
    report["sealed"] = json::object{{"root", base::hash::to_hex(seal->root)},
                                    {"time_ms", seal->time},
                                    {"events", seal->events}};
  }
  json::array events;
  for (const Event& each : store.events().events()) events.push_back(describe(each));
  report["events"] = std::move(events);
  report["events_damaged"] = store.events().damaged();
  if (auto told = overlay_of(store, report); !told) return told;
  return base::io::write_all(out, json::serialize(report) + "\n");
}

base::Status write_diff(Store& store, const base::io::Fd& out) {
  std::string text;
  auto written = store.diff([&](const Difference& difference) {
    text += std::to_string(difference.block * block_size) + " " +
            std::to_string(store.geometry().length_of(difference.block)) + " " +
            (difference.before ? base::hash::to_hex(*difference.before) : "-") + " " +
            base::hash::to_hex(difference.after) + "\n";
    if (text.size() < block_size) return base::Status(base::Ok{});
    auto put = base::io::write_all(out, text);
    text.clear();
    return put;
  });
  return written ? base::io::write_all(out, text) : written;
}

base::Status commit_checked(Store& store, Medium& medium) {
  // A commit that was begun has overwritten some of them already.
  if (store.journal().state != CommitState::running) {
    Sha256 hash;
    std::vector<std::byte> bytes(block_size);
    auto same = store.diff([&](const Difference& difference) -> base::Status {
      if (!difference.before) return base::Ok{};
      const std::uint64_t offset = difference.block * block_size;
      const auto room = std::span(bytes).first(store.geometry().length_of(difference.block));
      for (std::size_t done = 0; done < room.size();) {
        const auto got = medium.read(offset + done, room.subspan(done));
        if (!got || *got == 0) {
          return base::fail("commit: the medium cannot be read at " + std::to_string(offset));
        }
        done += *got;
      }
      if (leaf_hash(hash, room) == *difference.before) return base::Ok{};
      return base::fail("commit: at " + std::to_string(offset) +
                        " the medium is not what the snapshot was taken of; nothing was written");
    });
    if (!same) return same;
  }
  return store.commit(medium);
}

}  // namespace blockproxy::snapshot
