// SPDX-License-Identifier: GPL-2.0-or-later
// The receiver's program: a stream of input events on stdin and stdout, a device through uinput.
#pragma once

#include <string>
#include <vector>

#include "base/wire/result.hpp"
#include "input-proxy/io/uinput_sink.hpp"
#include "input-proxy/receiver_session.hpp"

namespace inputproxy::io {

struct ReceiverOptions {
  ReceiverRules rules;
  std::string uinput = "/dev/uinput";
  std::string board;     // a file that all receivers share (io/chord_board.hpp); empty: none
  std::string remote;    // the qube that sends; shown in the device's name
  std::string argument;  // of the service
  std::string name;      // instead of the sender's
  std::uint16_t vendor = 0xffff;
  std::uint16_t product = 0xffff;
  int status_fd = -1;  // where "pairing" and "paired" are told, a line each; -1: nowhere
  bool help = false;

  // From the command line, and from what a service's environment says: QREXEC_SERVICE_FULL_NAME
  // names the classes if no option does, SALLYPORT_OPTIONS is what policy decided.
  static base::Result<ReceiverOptions> parse(const std::vector<std::string>& arguments);
};
extern const char* const receiver_usage;

// What a receiver's exit code says, beside 0 (the stream ended) and 2 (misuse).
inline constexpr int exit_refused_device = 1;
inline constexpr int exit_unpaired = 3;
inline constexpr int exit_injected = 4;
inline constexpr int exit_panic = 5;
inline constexpr int exit_unwanted = 6;  // a game controller, without games=yes

int run_receiver(const ReceiverOptions& options);

}  // namespace inputproxy::io
