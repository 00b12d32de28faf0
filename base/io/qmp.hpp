// SPDX-License-Identifier: GPL-2.0-or-later
// A small client of QEMU's monitor protocol; every call has a deadline and a bound. A monitor's
// socket serves one client at a time: others wait until this object is gone.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/io/fd.hpp"

namespace base::io {

// A text in one of QEMU's objects; empty if there is none of that name.
std::string text_of(const boost::json::object& object, std::string_view key);

class Qmp {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  static constexpr std::size_t max_line = std::size_t{1024} * 1024;
  static constexpr std::chrono::seconds usual_time{10};
  static constexpr std::size_t max_events = 64;  // older ones are forgotten

  // Connects, reads the greeting, negotiates.
  static Result<Qmp> connect(const std::filesystem::path& socket, Deadline deadline);

  // The command's "return", or an error with QEMU's own description. `passed`: for getfd.
  Result<boost::json::value> execute(std::string_view command, const boost::json::object& arguments,
                                     Deadline deadline, const Fd* passed = nullptr);
  // The same in two steps, for a command that QEMU ends only after this program has done its part.
  Status begin(std::string_view command, const boost::json::object& arguments, Deadline deadline,
               const Fd* passed = nullptr);
  Result<boost::json::value> finish(std::string_view command, Deadline deadline);
  // Waits until the device is gone (DEVICE_DELETED), if it is not already.
  Status wait_deleted(std::string_view device, Deadline deadline);

 private:
  explicit Qmp(Fd socket) : socket_(std::move(socket)) {}

  Result<boost::json::object> read_object(Deadline deadline);
  Status send(std::string_view text, Deadline deadline);
  void keep_event(boost::json::object event);

  Fd socket_;
  std::string received_;
  std::vector<boost::json::object> events_;
};

}  // namespace base::io
