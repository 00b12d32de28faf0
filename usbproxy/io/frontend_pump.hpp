// SPDX-License-Identifier: GPL-2.0-or-later
// Moves bytes between the backend's stream, the session and the target's socket.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <optional>

#include "base/io/fd.hpp"
#include "usbproxy/source.hpp"
#include "usbproxy/target.hpp"

namespace usbproxy::io {

// Owns its fds. Reads straight into the source's and the target's buffers; answers leave in one
// write per turn, large payloads from where they were read. The stream is always read: the session
// bounds what can wait.
class Pump {
 public:
  // What is between the two; all of it lives longer.
  struct Middle {
    Source& source;
    Session& session;
    Target& target;
  };
  // What a side writes to and reads from.
  struct Ends {
    base::io::Fd in;
    base::io::Fd out = {};  // empty: `in` is a socket, for both ways
  };
  // Called once, when the device is known; its answer leads to the target.
  using Attach = std::function<base::Result<Ends>(const DeviceTable&)>;
  struct Outcome {
    bool attached = false;
    End end;
    // The service's (docs/protocol.md 4): 0 somebody ended the attachment, 1 anything else.
    int exit_code() const;
  };

  // Before the sandbox: everything that needs more than reading and writing is done here.
  Pump(boost::asio::io_context& context, Ends stream, const Middle& middle, Attach attach);
  // Runs until the end of either side or SIGTERM; what is queued is written within a bound.
  Outcome run();

 private:
  // One direction's socket and its state.
  struct Side {
    explicit Side(boost::asio::io_context& context) : socket(context), own_out(context) {}
    boost::asio::posix::stream_descriptor socket;
    boost::asio::posix::stream_descriptor own_out;  // open: it is written to, not `socket`
    boost::asio::posix::stream_descriptor& out() { return own_out.is_open() ? own_out : socket; }
    bool writing = false;  // waits until it takes more
    bool broken = false;   // a write failed: the reader will see the end
  };

  void wait_stream();
  void wait_target();
  void stream_readable(const boost::system::error_code& error);
  void target_readable(const boost::system::error_code& error);
  void attach_if_ready();
  void turn();
  void flush(Side& side, OutQueue& queue);
  void open(Side& side, Ends ends, OutQueue& queue);
  void arm_timer();
  void timer_expired(const boost::system::error_code& error);
  void signalled(const boost::system::error_code& error, int number);
  void drain(Side& side, OutQueue& queue);
  static std::size_t write_parts(Side& side, std::span<const base::wire::Bytes> parts);

  boost::asio::io_context& context_;
  boost::asio::steady_timer timer_;
  boost::asio::signal_set signals_;
  Source& source_;
  Session& session_;
  Target& target_;
  Side stream_;
  Side target_side_;
  Attach attach_;
  Time timer_at_ = Time::max();
  bool attached_ = false;
  bool waiting_target_ = false;  // for it to send something
};

}  // namespace usbproxy::io
