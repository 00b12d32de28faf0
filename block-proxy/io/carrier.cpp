// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/io/carrier.hpp"

#include <fcntl.h>
#include <sys/socket.h>

namespace blockproxy::io {

using base::io::Fd;
using base::io::SplicePump;

base::Result<std::unique_ptr<Carrier>> Carrier::make(Fd stream, Fd kernel,
                                                     const agent::devices::Client& helper) {
  for (const Fd* fd : {&stream, &kernel}) {
    if (auto done = base::io::set_nonblocking(*fd); !done) return base::Unexpected{done.error()};
  }
  Fd watched(::fcntl(helper.socket().get(), F_DUPFD_CLOEXEC, 0));
  if (!watched) return base::io::fail_errno("the device helper's socket");
  auto forth = base::io::pipe_pair();
  if (!forth) return base::Unexpected{forth.error()};
  auto back = base::io::pipe_pair();
  if (!back) return base::Unexpected{back.error()};
  std::unique_ptr<Carrier> carrier(  // NOLINT: the constructor is private
      new Carrier(std::move(stream), std::move(kernel), std::move(watched), helper));
  carrier->to_kernel_ =
      std::make_shared<SplicePump>(carrier->stream_, carrier->kernel_, *std::move(forth));
  carrier->to_stream_ =
      std::make_shared<SplicePump>(carrier->kernel_, carrier->stream_, *std::move(back));
  return carrier;
}

Carrier::Carrier(Fd stream, Fd kernel, Fd watched, const agent::devices::Client& helper)
    : stream_(io_, stream.release()),
      kernel_(io_, kernel.release()),
      watched_(io_, watched.release()),
      helper_(helper) {}

// The pumps' handlers hold the pumps, which refer to the descriptors: they go first.
Carrier::~Carrier() {
  to_kernel_->stop();
  to_stream_->stop();
}

std::string_view Carrier::run() {
  constexpr std::string_view backend = "the stream to the backend ended";
  constexpr std::string_view device = "the kernel let go of the device";
  const auto after = [this](std::string_view sender, std::string_view receiver) {
    return [this, sender, receiver](SplicePump::End why) {
      end(why == SplicePump::End::receiver_failed ? receiver : sender);
    };
  };
  watched_.async_wait(Descriptor::wait_read, [this](const boost::system::error_code& /*any*/) {
    end(helper_.why_over());
  });
  to_kernel_->start(after(backend, device));
  to_stream_->start(after(device, backend));
  io_.run();
  // Shut down, not only closed: the kernel and the server hold the other ends.
  ::shutdown(stream_.native_handle(), SHUT_RDWR);
  ::shutdown(kernel_.native_handle(), SHUT_RDWR);
  return why_;
}

void Carrier::end(std::string_view why) {
  if (why_.empty()) why_ = why;
  io_.stop();
}

}  // namespace blockproxy::io
