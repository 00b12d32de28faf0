// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/io/channel.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/write.hpp>

namespace base::io {

const char* describe(ChannelEnd end) {
  switch (end) {
    case ChannelEnd::peer_closed:
      return "peer closed the connection";
    case ChannelEnd::broken_framing:
      return "peer sent a frame that is too long";
    case ChannelEnd::peer_too_slow:
      return "peer does not read what it is sent";
    case ChannelEnd::io_error:
      return "connection failed";
  }
  return "unknown";
}

void Channel::start(OnFrame on_frame, OnClosed on_closed, wire::Bytes already_read) {
  on_frame_ = std::move(on_frame);
  on_closed_ = std::move(on_closed);
  decoder_.push(already_read);
  if (deliver()) read();
}

void Channel::resume() {
  if (!paused_) return;
  paused_ = false;
  if (open_ && !closing_ && deliver()) read();
}

void Channel::send(wire::Bytes payload) {
  if (!open_ || closing_) return;
  if (queued_.size() + payload.size() > max_queued) return end(ChannelEnd::peer_too_slow);
  wire::append_frame(queued_, payload);
  if (writing_.empty()) write();
}

void Channel::close() {
  open_ = false;
  on_closed_ = {};
  boost::system::error_code ignored;
  socket_.close(ignored);  // nothing to do about a failing close
}

void Channel::close_after_writing() {
  closing_ = true;
  if (writing_.empty() && queued_.empty()) close();
}

void Channel::read() {
  if (paused_ || reading_) return;
  reading_ = true;
  socket_.async_read_some(boost::asio::buffer(buffer_),
                          std::bind_front(&Channel::after_read, shared_from_this()));
}

void Channel::after_read(const boost::system::error_code& error, std::size_t size) {
  reading_ = false;
  if (!open_ || closing_) return;
  if (error) {
    return end(error == boost::asio::error::eof ? ChannelEnd::peer_closed : ChannelEnd::io_error);
  }
  decoder_.push(std::span(buffer_).first(size));
  if (deliver()) read();
}

// False when the channel ended: by the peer's fault or because a handler closed it.
bool Channel::deliver() {
  while (!paused_) {
    auto frame = decoder_.next();
    if (!frame) {
      end(ChannelEnd::broken_framing);
      return false;
    }
    if (!frame->has_value()) return true;
    on_frame_(**frame);
    if (!open_ || closing_) return false;
  }
  return true;
}

void Channel::write() {
  writing_.swap(queued_);
  boost::asio::async_write(socket_, boost::asio::buffer(writing_),
                           std::bind_front(&Channel::after_write, shared_from_this()));
}

void Channel::after_write(const boost::system::error_code& error, std::size_t /*size*/) {
  writing_.clear();
  if (!open_) return;
  if (error) return end(ChannelEnd::io_error);
  if (!queued_.empty()) return write();
  if (closing_) close();
}

void Channel::end(ChannelEnd why) {
  if (!open_) return;
  const auto self = shared_from_this();  // on_closed may drop the last other owner
  const OnClosed on_closed = std::move(on_closed_);
  open_ = false;
  boost::system::error_code ignored;
  socket_.close(ignored);  // nothing to do about a failing close
  if (on_closed) on_closed(why);
}

}  // namespace base::io
