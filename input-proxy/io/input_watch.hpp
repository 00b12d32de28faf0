// SPDX-License-Identifier: GPL-2.0-or-later
// Forwards every input device of this qube, as long as it is plugged in and dom0 lets it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/io/log.hpp"
#include "base/wire/result.hpp"

namespace inputproxy::io {

struct WatchOptions {
  std::string target = "dom0";                   // which qube gets them
  std::string call = "/usr/bin/sallyport-call";  // with the agent's socket
  std::string sender = "/usr/lib/sallyport/sallyport-input-sender";
  std::string agent_socket = "/run/sallyport/agent.sock";
  std::string devices_socket;  // empty: the sender opens the device by itself
  std::filesystem::path sysfs = "/sys";
  // Qubes' switches for this qube: input-proxy-exclude-port, input-proxy-exclude-serial.
  std::filesystem::path switches = "/run/qubes-service";
  std::vector<std::string> only_phys;  // prefixes; empty: all
  bool help = false;

  static base::Result<WatchOptions> parse(const std::vector<std::string>& arguments);
};
extern const char* const watch_usage;

// For each event node one call with one sender. The nodes of a device that digits can be typed on
// go first. A call that is refused is not made again until the device is plugged in anew; of a
// keyboard that is a mouse as well the mouse is tried then. A stream that ends otherwise is tried
// again after 1, 2, 4, ... s, `max_tries` times in a row; one that nobody could be asked about
// without end, at least each `longest_unasked`.
class InputWatch {
 public:
  static constexpr int max_tries = 10;
  static constexpr std::chrono::seconds longest_pause{64};
  static constexpr std::chrono::seconds longest_unasked{16};

  InputWatch(boost::asio::io_context& io, WatchOptions options, const base::io::Log& log);
  ~InputWatch();
  InputWatch(const InputWatch&) = delete;
  InputWatch& operator=(const InputWatch&) = delete;
  base::Status start();

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace inputproxy::io
