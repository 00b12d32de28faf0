// SPDX-License-Identifier: GPL-2.0-or-later
// Carries an attachment's bytes between the stream and what uses the device: the kernel's nbd,
// which takes the replies of a backend only from a socket of a family it trusts, or a QEMU.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <memory>
#include <string_view>

#include "agent/devices/client.hpp"
#include "base/io/fd.hpp"
#include "base/io/splice_pump.hpp"

namespace blockproxy::io {

class Carrier {
 public:
  // `user`: our end of the socket pair whose other end nbd, or QEMU, has. `helper`, if there is
  // one, outlives it, and says when the attachment cannot go on. `user_ended`: why it ended, if the
  // user let go. May run inside the sandbox: event loop, splice.
  static base::Result<std::unique_ptr<Carrier>> make(base::io::Fd stream, base::io::Fd user,
                                                     const agent::devices::Client* helper,
                                                     std::string_view user_ended);
  ~Carrier();
  Carrier(const Carrier&) = delete;
  Carrier& operator=(const Carrier&) = delete;

  // Blocks until one of them ends, and ends the others. Why it ended, for people.
  std::string_view run();

 private:
  using Descriptor = boost::asio::posix::stream_descriptor;
  Carrier(base::io::Fd stream, base::io::Fd user, std::string_view user_ended);
  void end(std::string_view why);

  boost::asio::io_context io_{1};
  Descriptor stream_;
  Descriptor user_;
  std::string_view user_ended_;
  Descriptor watched_;  // a second descriptor of the helper's socket
  const agent::devices::Client* helper_ = nullptr;
  std::shared_ptr<base::io::SplicePump> to_user_;
  std::shared_ptr<base::io::SplicePump> to_stream_;
  std::string_view why_;
};

}  // namespace blockproxy::io
