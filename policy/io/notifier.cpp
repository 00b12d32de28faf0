// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/io/notifier.hpp"

#include <sys/un.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <string>

#include "policy/io/ask_message.hpp"

namespace policy::io {
namespace {

using Protocol = boost::asio::local::stream_protocol;
constexpr std::chrono::seconds limit{2};

}  // namespace

// One notice on its way; its handlers hold it.
class Notifier::Sending : public std::enable_shared_from_this<Sending> {
 public:
  Sending(boost::asio::io_context& context, std::shared_ptr<std::size_t> count, std::string bytes)
      : socket_(context), timer_(context), count_(std::move(count)), bytes_(std::move(bytes)) {
    ++*count_;
  }
  ~Sending() { --*count_; }
  Sending(const Sending&) = delete;
  Sending& operator=(const Sending&) = delete;
  Sending(Sending&&) = delete;
  Sending& operator=(Sending&&) = delete;

  void start(const std::filesystem::path& path) {
    timer_.expires_after(limit);
    timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (!error && self) self->close();
    });
    socket_.async_connect(Protocol::endpoint(path.native()),
                          std::bind_front(&Sending::after_connect, shared_from_this()));
  }

 private:
  void after_connect(const boost::system::error_code& error) {
    if (error) return close();  // no agent: there is nobody to tell
    boost::asio::async_write(socket_, boost::asio::buffer(bytes_),
                             std::bind_front(&Sending::after_write, shared_from_this()));
  }
  void after_write(const boost::system::error_code& /*error*/, std::size_t /*size*/) { close(); }
  void close() {
    timer_.cancel();
    boost::system::error_code ignored;  // it ends here in any case
    socket_.close(ignored);
  }

  Protocol::socket socket_;
  boost::asio::steady_timer timer_;
  std::shared_ptr<std::size_t> count_;
  std::string bytes_;
};

void Notifier::tell(const Notice& notice) {
  // Asio's endpoint throws on a longer path.
  if (*sending_ >= max_sending || prompt_socket_.native().size() >= sizeof(sockaddr_un::sun_path)) {
    return;
  }
  std::make_shared<Sending>(context_, sending_, encode_notice(notice))->start(prompt_socket_);
}

}  // namespace policy::io
