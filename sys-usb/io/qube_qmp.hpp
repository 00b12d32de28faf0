// SPDX-License-Identifier: GPL-2.0-or-later
// A small client of QEMU's monitor protocol; every call has a deadline and a bound.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/io/fd.hpp"

namespace sysusb::io {

using Deadline = std::chrono::steady_clock::time_point;

class Qmp {
 public:
  static constexpr std::size_t max_line = std::size_t{1024} * 1024;
  static constexpr std::chrono::seconds usual_time{10};
  static constexpr std::size_t max_events = 64;  // older ones are forgotten

  // Connects, reads the greeting, negotiates.
  static base::Result<Qmp> connect(const std::filesystem::path& socket, Deadline deadline);

  // The command's "return", or an error with QEMU's own description.
  base::Result<boost::json::value> execute(std::string_view command,
                                           const boost::json::object& arguments, Deadline deadline);
  // Waits until the device is gone (DEVICE_DELETED), if it is not already.
  base::Status wait_deleted(std::string_view device, Deadline deadline);

 private:
  explicit Qmp(base::io::Fd socket) : socket_(std::move(socket)) {}

  base::Result<boost::json::object> read_object(Deadline deadline);
  base::Status send(std::string_view text, Deadline deadline);
  void keep_event(boost::json::object event);

  base::io::Fd socket_;
  std::string received_;
  std::vector<boost::json::object> events_;
};

}  // namespace sysusb::io
