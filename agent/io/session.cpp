// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/io/session.hpp"

#include <sys/random.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <cstdlib>
#include <utility>

namespace agent::io {
namespace {

constexpr std::chrono::milliseconds first_wait{200};
constexpr std::chrono::milliseconds longest_wait{5000};
constexpr std::chrono::seconds hello_limit{5};

// Known to nobody else, so that no two agents have the same.
base::wire::Token random_life() {
  base::wire::Token life{};
  const ssize_t size = ::getrandom(life.data(), life.size(), 0);
  if (std::cmp_not_equal(size, life.size())) std::abort();  // never for so few bytes
  return life;
}

}  // namespace

Session::Session(boost::asio::io_context& io, Dialer dialer, const base::io::Log& log)
    : dialer_(std::move(dialer)), log_(log), life_(random_life()), timer_(io) {}

void Session::start(Handlers handlers) {
  handlers_ = std::move(handlers);
  connect();
}

void Session::send(const FromAgent& message) {
  if (channel_) channel_->send(encode(message));
}

void Session::connect() {
  dialer_.dial({.kind = base::wire::StreamKind::control,
                .features = base::wire::feature_usb_rights,
                .token = life_},
               [this](base::Result<StreamSocket> stream) { after_dial(std::move(stream)); });
}

void Session::after_dial(base::Result<StreamSocket> stream) {
  if (!stream) return lost(stream.error().text);
  socket_ = std::make_unique<StreamSocket>(*std::move(stream));
  timer_.expires_after(hello_limit);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error && socket_) socket_->cancel();
  });
  boost::asio::async_read(*socket_, boost::asio::buffer(hello_),
                          [this](const boost::system::error_code& error, std::size_t size) {
                            after_hello(error, size);
                          });
}

void Session::after_hello(const boost::system::error_code& error, std::size_t /*size*/) {
  timer_.cancel();
  if (error) return lost("no hello from dom0: " + error.message());
  const auto hello = base::wire::parse_hello(hello_);
  if (!hello) return lost(describe(hello.error()));
  channel_ = std::make_shared<base::io::Channel>(std::move(*socket_));
  socket_.reset();
  wait_ = first_wait;
  log_.info("connected", {{"dom0", dialer_.where()}});
  channel_->start([this](base::wire::Bytes frame) { after_frame(frame); },
                  [this](base::io::ChannelEnd end) { lost(base::io::describe(end)); });
  handlers_.on_up();
}

void Session::after_frame(base::wire::Bytes frame) {
  const auto message = parse_from_dom0(frame);
  if (!message) {
    channel_->close();
    return lost(std::string("malformed message: ") + describe(message.error()));
  }
  if (const auto* ping = std::get_if<Ping>(&*message)) return send(Pong{.number = ping->number});
  handlers_.on_message(*message);
}

void Session::lost(const std::string& reason) {
  log_.warning("disconnected", {{"reason", reason}, {"retry_ms", std::to_string(wait_.count())}});
  const bool was_up = up();
  channel_.reset();
  socket_.reset();
  timer_.expires_after(wait_);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) connect();
  });
  wait_ = std::min(wait_ * 2, longest_wait);
  if (was_up) handlers_.on_down();
}

}  // namespace agent::io
