// SPDX-License-Identifier: GPL-2.0-or-later
// QEMU's monitor protocol: commands, answers and events, each with a deadline.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <deque>
#include <string_view>

#include "tests/rig/line_socket.hpp"

namespace rig {

class Qmp {
 public:
  // Connects, reads the greeting, negotiates.
  static base::Result<Qmp> connect(const std::filesystem::path& path, Deadline deadline);

  // The command's "return" value; QEMU's own error text if it refuses.
  base::Result<boost::json::value> execute(std::string_view command,
                                           const boost::json::object& arguments, Deadline deadline);
  // The "data" of the next event of this name, one that came already or one that will.
  base::Result<boost::json::object> wait_event(std::string_view name, Deadline deadline);

 private:
  explicit Qmp(LineSocket socket) : socket_(std::move(socket)) {}

  base::Result<boost::json::object> read_object(Deadline deadline);
  void keep_event(boost::json::object event);

  LineSocket socket_;
  std::deque<boost::json::object> events_;
};

}  // namespace rig
