// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/io/qube_link.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

namespace dom0::io {

QubeLink::QubeLink(std::string qube, std::uint64_t features, StreamSocket socket,
                   const base::io::Log& log)
    : qube_(std::move(qube)),
      features_(features),
      log_(log),
      timer_(socket.get_executor()),
      socket_(std::move(socket)),
      hello_(base::wire::encode_hello({.kind = base::wire::StreamKind::control})),
      pause_(timer_.get_executor()) {}

void QubeLink::start(OnMessage on_message, OnDown on_down) {
  on_message_ = std::move(on_message);
  on_down_ = std::move(on_down);
  boost::system::error_code error;
  // 32 bytes into an empty socket buffer: never blocks; a socket that cannot take them is broken.
  const std::size_t written = boost::asio::write(socket_, boost::asio::buffer(hello_), error);
  channel_ = std::make_shared<base::io::Channel>(std::move(socket_));
  if (error || written != hello_.size()) return down("cannot answer the hello: " + error.message());
  const std::weak_ptr<QubeLink> weak = weak_from_this();
  channel_->start(
      [weak](base::wire::Bytes frame) {
        if (const auto self = weak.lock()) self->after_frame(frame);
      },
      [weak](base::io::ChannelEnd end) {
        if (const auto self = weak.lock()) self->down(base::io::describe(end));
      });
  ping();
}

void QubeLink::send(const agent::FromDom0& message) {
  if (channel_) channel_->send(agent::encode(message));
}

void QubeLink::close() {
  on_message_ = {};
  on_down_ = {};
  timer_.cancel();
  if (channel_) channel_->close();
}

void QubeLink::after_frame(base::wire::Bytes untrusted) {
  const auto self = shared_from_this();  // a handler may drop the last other owner
  pace();
  const auto message = agent::parse_from_agent(untrusted);
  if (!message) return down(std::string("malformed message: ") + describe(message.error()));
  if (const auto* pong = std::get_if<agent::Pong>(&*message)) {
    if (pong->number != pings_ || pongs_ == pings_) return down("answer to a ping never sent");
    pongs_ = pong->number;
    if (silent()) log_.notice("qube_answers_again", {{"qube", qube_}});
    silent_for_ = {};
    return;
  }
  if (on_message_) on_message_(qube_, *message);
}

void QubeLink::pace() {
  const auto now = std::chrono::steady_clock::now();
  if (now - second_ >= std::chrono::seconds(1)) {
    second_ = now;
    frames_ = 0;
  }
  if (++frames_ < max_frames_per_second) return;
  channel_->pause();
  pause_.expires_at(second_ + std::chrono::seconds(1));
  pause_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (!error && self && self->channel_) self->channel_->resume();
  });
}

// One ping is outstanding at a time.
void QubeLink::ping() {
  if (pings_ == pongs_) {
    send(agent::Ping{.number = ++pings_});
  } else {
    if (silent_for_ >= longest_silence) return down("no answer to a ping");
    if (!silent()) {
      log_.warning("qube_silent", {{"qube", qube_}, {"remedy", "is it paused, or does it hang?"}});
    }
    silent_for_ += ping_every;
  }
  timer_.expires_after(ping_every);
  timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (!error && self && self->on_message_) self->ping();
  });
}

void QubeLink::down(const std::string& reason) {
  const OnDown on_down = std::move(on_down_);
  log_.warning("qube_link_down", {{"qube", qube_}, {"reason", reason}});
  on_down_ = {};
  timer_.cancel();
  channel_->close();
  if (on_down) on_down(qube_, reason);
}

}  // namespace dom0::io
