// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/io/relay_client.hpp"

#include <fcntl.h>

#include "base/io/pass_fd.hpp"
#include "base/io/unix_socket.hpp"

namespace dom0::io {

RelayClient::RelayClient(boost::asio::io_context& io, std::filesystem::path socket,
                         const base::io::Log& log)
    : io_(io), path_(std::move(socket)), log_(log), retry_(io) {}

void RelayClient::start(Handlers handlers) {
  handlers_ = std::move(handlers);
  connect();
}

void RelayClient::connect() {
  auto socket = base::io::connect_unix(path_, base::io::SocketType::seqpacket);
  const int copy = socket ? ::fcntl(socket->get(), F_DUPFD_CLOEXEC, 0) : -1;
  if (!socket || copy < 0 || !base::io::set_nonblocking(*socket)) {
    retry_.expires_after(std::chrono::seconds(1));
    retry_.async_wait([this](const boost::system::error_code& error) {
      if (!error) connect();
    });
    return;
  }
  socket_ = *std::move(socket);
  readable_ = std::make_unique<boost::asio::posix::stream_descriptor>(io_, copy);
  if (auto sent = send({.type = RelayRequest::Type::list}, {}); !sent)
    return lost(sent.error().text);
  read();
}

void RelayClient::read() {
  readable_->async_wait(boost::asio::posix::stream_descriptor::wait_read,
                        [this](const boost::system::error_code& error) { after_read(error); });
}

void RelayClient::after_read(const boost::system::error_code& error) {
  if (error || !socket_) return;
  auto message = base::io::receive_message(socket_, max_relay_message);
  if (message && message->would_block) return read();
  if (!message || message->data.empty()) {
    return lost(message ? "connection closed" : message.error().text);
  }
  const auto report = parse_relay_report(message->data);
  if (!report) return lost("malformed report");
  switch (report->type) {
    case RelayReport::Type::entry:
      handlers_.on_entry(*report);
      break;
    case RelayReport::Type::list_end:
      ready_ = true;
      log_.info("relay_ready");
      handlers_.on_ready();
      break;
    case RelayReport::Type::ended:
      handlers_.on_ended(*report);
      break;
  }
  if (readable_) read();
}

base::Status RelayClient::send(const RelayRequest& request,
                               const std::vector<const base::io::Fd*>& fds) {
  if (!socket_) return base::fail("the relay is not running; start sallyport-relay");
  return base::io::send_message(socket_, encode(request), fds);
}

base::Status RelayClient::add(CallId call, HalfClose half_close, StreamSocket caller,
                              StreamSocket service, std::vector<std::byte> record) {
  if (!ready_) return base::fail("the relay is not running; start sallyport-relay");
  const base::io::Fd caller_fd(caller.release());
  const base::io::Fd service_fd(service.release());
  return send({.type = RelayRequest::Type::add,
               .call = call,
               .half_close = half_close,
               .record = std::move(record)},
              {&caller_fd, &service_fd});
}

void RelayClient::set_record(CallId call, std::vector<std::byte> record) {
  if (auto sent = send(
          {.type = RelayRequest::Type::set_record, .call = call, .record = std::move(record)}, {});
      !sent) {
    log_.error("relay_send", {{"reason", sent.error().text}});
  }
}

void RelayClient::end(CallId call) {
  if (auto sent = send({.type = RelayRequest::Type::end, .call = call}, {}); !sent) {
    log_.error("relay_send", {{"reason", sent.error().text}});
  }
}

void RelayClient::lost(const std::string& reason) {
  log_.error("relay_lost", {{"reason", reason}});
  socket_.reset();
  readable_.reset();
  const bool was_ready = ready_;
  ready_ = false;
  if (was_ready) handlers_.on_lost();
  connect();
}

}  // namespace dom0::io
