// SPDX-License-Identifier: GPL-2.0-or-later
// Feeds an agent from an inventory file, and again whenever the file changes: plugging on paper.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "base/io/log.hpp"
#include "base/wire/result.hpp"
#include "sys-usb/inventory_record.hpp"

namespace agent::io {

class InventoryFileWatcher {
 public:
  using OnAdded = std::function<void(const sysusb::InventoryRecord&)>;
  using OnRemoved = std::function<void(const std::string& port_id)>;

  InventoryFileWatcher(boost::asio::io_context& io, std::filesystem::path file, OnAdded added,
                       OnRemoved removed, const base::io::Log& log);
  // The first reading must succeed; a later one that does not keeps what was known, and says so.
  base::Status start();

 private:
  base::Status read();
  void poll();

  std::filesystem::path file_;
  OnAdded added_;
  OnRemoved removed_;
  const base::io::Log& log_;
  boost::asio::steady_timer timer_;
  std::string last_text_;
  std::map<std::string, sysusb::InventoryRecord> known_;
};

}  // namespace agent::io
