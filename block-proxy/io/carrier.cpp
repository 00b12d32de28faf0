// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/io/carrier.hpp"

#include <fcntl.h>
#include <sys/socket.h>

namespace blockproxy::io {

using base::io::Fd;
using base::io::SplicePump;

base::Result<std::unique_ptr<Carrier>> Carrier::make(Fd stream, Fd user,
                                                     const agent::devices::Client* helper,
                                                     std::string_view user_ended) {
  for (const Fd* fd : {&stream, &user}) {
    if (auto done = base::io::set_nonblocking(*fd); !done) return base::Unexpected{done.error()};
  }
  auto forth = base::io::pipe_pair();
  if (!forth) return base::Unexpected{forth.error()};
  auto back = base::io::pipe_pair();
  if (!back) return base::Unexpected{back.error()};
  std::unique_ptr<Carrier> carrier(  // NOLINT: the constructor is private
      new Carrier(std::move(stream), std::move(user), user_ended));
  if (helper != nullptr) {
    Fd watched(::fcntl(helper->socket().get(), F_DUPFD_CLOEXEC, 0));
    if (!watched) return base::io::fail_errno("the device helper's socket");
    carrier->watched_.assign(watched.release());
    carrier->helper_ = helper;
  }
  carrier->to_user_ =
      std::make_shared<SplicePump>(carrier->stream_, carrier->user_, *std::move(forth));
  carrier->to_stream_ =
      std::make_shared<SplicePump>(carrier->user_, carrier->stream_, *std::move(back));
  return carrier;
}

Carrier::Carrier(Fd stream, Fd user, std::string_view user_ended)
    : stream_(io_, stream.release()),
      user_(io_, user.release()),
      user_ended_(user_ended),
      watched_(io_) {}

// The pumps' handlers hold the pumps, which refer to the descriptors: they go first.
Carrier::~Carrier() {
  if (to_user_) to_user_->stop();
  if (to_stream_) to_stream_->stop();
}

std::string_view Carrier::run() {
  constexpr std::string_view backend = "the stream to the backend ended";
  const auto after = [this](std::string_view sender, std::string_view receiver) {
    return [this, sender, receiver](SplicePump::End why) {
      end(why == SplicePump::End::receiver_failed ? receiver : sender);
    };
  };
  if (helper_ != nullptr) {
    watched_.async_wait(Descriptor::wait_read, [this](const boost::system::error_code& /*any*/) {
      end(helper_->why_over());
    });
  }
  to_user_->start(after(backend, user_ended_));
  to_stream_->start(after(user_ended_, backend));
  io_.run();
  // Shut down, not only closed: the user and the server hold the other ends.
  ::shutdown(stream_.native_handle(), SHUT_RDWR);
  ::shutdown(user_.native_handle(), SHUT_RDWR);
  return why_;
}

void Carrier::end(std::string_view why) {
  if (why_.empty()) why_ = why;
  io_.stop();
}

}  // namespace blockproxy::io
