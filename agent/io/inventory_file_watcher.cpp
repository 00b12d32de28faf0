// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/io/inventory_file_watcher.hpp"

#include "agent/inventory_file.hpp"
#include "base/io/files.hpp"

namespace agent::io {
namespace {

constexpr std::size_t max_file = std::size_t{64} * 1024;
constexpr std::chrono::milliseconds poll_every{200};

}  // namespace

InventoryFileWatcher::InventoryFileWatcher(boost::asio::io_context& io, std::filesystem::path file,
                                           OnAdded added, OnRemoved removed,
                                           const base::io::Log& log)
    : file_(std::move(file)),
      added_(std::move(added)),
      removed_(std::move(removed)),
      log_(log),
      timer_(io) {}

base::Status InventoryFileWatcher::start() {
  auto done = read();
  if (done) poll();
  return done;
}

base::Status InventoryFileWatcher::read() {
  auto text = base::io::read_file(file_, max_file);
  if (!text) return base::fail(text.error().text);
  if (*text == last_text_) return base::Ok{};
  last_text_ = *text;
  const auto records = parse_inventory_file(*text, file_.string());
  if (!records) return base::fail(records.error().text);
  std::map<std::string, sysusb::InventoryRecord> now;
  for (const auto& record : *records) now.insert_or_assign(sysusb::port_id_of(record), record);
  for (const auto& [port_id, record] : known_) {
    if (!now.contains(port_id)) removed_(port_id);
  }
  for (const auto& [port_id, record] : now) {
    const auto old = known_.find(port_id);
    if (old == known_.end() || !(old->second == record)) added_(record);
  }
  known_ = std::move(now);
  return base::Ok{};
}

void InventoryFileWatcher::poll() {
  timer_.expires_after(poll_every);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    if (auto done = read(); !done) log_.warning("inventory_file", {{"reason", done.error().text}});
    poll();
  });
}

}  // namespace agent::io
