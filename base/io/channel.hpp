// SPDX-License-Identifier: GPL-2.0-or-later
// Carries frames over a connected stream socket, both ways, with a bounded queue.
#pragma once

#include <array>
#include <boost/asio/generic/stream_protocol.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "base/wire/frame.hpp"

namespace base::io {

enum class ChannelEnd { peer_closed, broken_framing, peer_too_slow, io_error };
const char* describe(ChannelEnd end);

// Owns the socket. Single-threaded. After on_closed no callback runs any more, and none runs after
// close(). Incoming frames are handed over one by one; reading goes on when the handler returned.
// The handlers live as long as the channel, so they must not own it.
class Channel : public std::enable_shared_from_this<Channel> {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;
  using OnFrame = std::function<void(wire::Bytes)>;
  using OnClosed = std::function<void(ChannelEnd)>;

  // A peer that lets this much pile up unread is cut off: there is no unbounded queue.
  static constexpr std::size_t max_queued = std::size_t{256} * 1024;

  explicit Channel(Socket socket) : socket_(std::move(socket)) {}

  // `already_read`: bytes that came behind the hello.
  void start(OnFrame on_frame, OnClosed on_closed, wire::Bytes already_read = {});
  void send(wire::Bytes payload);
  // Ends the channel without calling on_closed. Queued frames are dropped.
  void close();
  // Stops reading, writes what is queued, then closes without calling on_closed.
  void close_after_writing();
  // From a frame's handler or outside of one: no more frames, and nothing is read, until resume().
  void pause() { paused_ = true; }
  void resume();
  bool open() const noexcept { return open_; }

 private:
  void read();
  void after_read(const boost::system::error_code& error, std::size_t size);
  bool deliver();
  void write();
  void after_write(const boost::system::error_code& error, std::size_t size);
  void end(ChannelEnd why);

  Socket socket_;
  OnFrame on_frame_;
  OnClosed on_closed_;
  wire::FrameDecoder decoder_;
  std::array<std::byte, std::size_t{16} * 1024> buffer_{};
  std::vector<std::byte> queued_;
  std::vector<std::byte> writing_;
  bool open_ = true;
  bool closing_ = false;
  bool paused_ = false;
  bool reading_ = false;
};

}  // namespace base::io
