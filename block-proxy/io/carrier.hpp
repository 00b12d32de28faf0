// SPDX-License-Identifier: GPL-2.0-or-later
// Carries an attachment's bytes between the stream and the kernel's nbd, which takes the replies of
// a backend only from a socket of a family it trusts.
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
  // `kernel`: our end of the socket pair whose other end nbd has. `helper` outlives it, and says
  // when the attachment cannot go on. May run inside the sandbox: event loop, splice.
  static base::Result<std::unique_ptr<Carrier>> make(base::io::Fd stream, base::io::Fd kernel,
                                                     const agent::devices::Client& helper);
  ~Carrier();
  Carrier(const Carrier&) = delete;
  Carrier& operator=(const Carrier&) = delete;

  // Blocks until one of the three ends, and ends the other two. Why it ended, for people.
  std::string_view run();

 private:
  using Descriptor = boost::asio::posix::stream_descriptor;
  Carrier(base::io::Fd stream, base::io::Fd kernel, base::io::Fd watched,
          const agent::devices::Client& helper);
  void end(std::string_view why);

  boost::asio::io_context io_{1};
  Descriptor stream_;
  Descriptor kernel_;
  Descriptor watched_;  // a second descriptor of the helper's socket
  const agent::devices::Client& helper_;
  std::shared_ptr<base::io::SplicePump> to_kernel_;
  std::shared_ptr<base::io::SplicePump> to_stream_;
  std::string_view why_;
};

}  // namespace blockproxy::io
