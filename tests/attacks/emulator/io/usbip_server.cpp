// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/attacks/emulator/io/usbip_server.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/io/files.hpp"
#include "usbproxy/device_line.hpp"

namespace attacks {

using std::chrono::steady_clock;
using usbproxy::usbip::Direction;
namespace usbip = usbproxy::usbip;

UsbipServer::UsbipServer(Device device, base::io::Fd socket)
    : device_(std::move(device)), socket_(std::move(socket)) {}

UsbipServer::End UsbipServer::run() {
  while (!left_) {
    pollfd one{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&one, 1, time_to_wait()) < 0 && errno != EINTR) return End::closed;
    if (one.revents != 0 && !read_commands()) return End::closed;
    answer_due();
    if (!out_.empty() && !base::io::write_all(socket_, base::wire::as_text(out_)))
      return End::closed;
    out_.clear();
  }
  return End::unplugged;
}

int UsbipServer::time_to_wait() const {
  constexpr int no_limit = -1;
  int shortest = no_limit;
  const auto consider = [&shortest](Time at) {
    const auto left = std::chrono::ceil<milliseconds>(at - steady_clock::now()).count();
    const int bounded = static_cast<int>(std::clamp<long>(left, 0, 60000));
    if (shortest == no_limit || bounded < shortest) shortest = bounded;
  };
  for (const Waiting& each : waiting_) {
    if (each.answer.kind == Answer::Kind::nak || each.answer.kind == Answer::Kind::silent) continue;
    consider(each.at);
  }
  for (const Streaming& each : streaming_) consider(each.at);
  return shortest;
}

bool UsbipServer::read_commands() {
  const auto room = parser_.prepare();
  const ssize_t got = ::read(socket_.get(), room.data(), room.size());
  if (got <= 0) return got < 0 && errno == EINTR;
  parser_.commit(static_cast<std::size_t>(got));
  while (!left_) {
    const auto command = parser_.next();
    if (!command) return false;
    if (*command == nullptr) return true;
    if ((*command)->kind == usbip::CommandKind::submit) {
      submit(**command);
    } else {
      unlink(**command);
    }
  }
  return true;
}

void UsbipServer::submit(const usbip::Command& command) {
  const usbip::Submit& request = command.submit;
  if (request.iso_packets > 0) return stream(command);
  if (request.endpoint == 0) {
    take(request, device_.control(request.setup, command.data));
    return ask_again();
  }
  if (request.direction == Direction::in) {
    return take(request, device_.transfer_in(request.address(), request.length));
  }
  take(request, device_.transfer_out(request.address(), command.data));
  ask_again();
}

void UsbipServer::unlink(const usbip::Command& command) {
  const auto found = std::find_if(waiting_.begin(), waiting_.end(), [&](const Waiting& each) {
    return each.submit.seqnum == command.victim;
  });
  const bool waits = found != waiting_.end();
  if (waits) waiting_.erase(found);
  const bool streams = std::erase_if(streaming_, [&](const Streaming& each) {
                         return each.submit.seqnum == command.victim;
                       }) > 0;
  const bool pending = waits || streams;
  usbip::append_ret_unlink(out_, command.seqnum, pending ? -ECONNRESET : 0);
}

// A bus serves one packet in each interval; vhci has none, so its time is kept here.
void UsbipServer::stream(const usbip::Command& command) {
  Streaming one{.submit = command.submit,
                .places = {},
                .data = Memory(command.data.begin(), command.data.end()),
                .at = {}};
  if (!usbip::read_iso_places(command, command.submit.length, one.places)) {
    return usbip::append_iso_failure(out_, command.submit, command.iso, -EINVAL);
  }
  Time& end = stream_ends_[command.submit.address()];
  const bool others = std::any_of(streaming_.begin(), streaming_.end(), [&](const Streaming& each) {
    return each.submit.address() == command.submit.address();
  });
  if (!others) end = std::max(end, steady_clock::now());
  end += device_.iso_interval * static_cast<int>(one.places.size());
  one.at = end;
  streaming_.push_back(std::move(one));
}

void UsbipServer::answer(const Streaming& request) {
  const std::uint8_t address = request.submit.address();
  std::vector<Answer> answers;
  for (const usbip::IsoPlace& place : request.places) {
    answers.push_back(request.submit.direction == Direction::in
                          ? device_.transfer_in(address, place.length)
                          : device_.transfer_out(
                                address, Bytes(request.data).subspan(place.offset, place.length)));
  }
  std::vector<usbip::IsoPacket> packets;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const Answer& given = answers[i];
    if (given.kind == Answer::Kind::unplug) left_ = true;
    std::int32_t status = given.kind == Answer::Kind::stall ? -EPROTO : 0;
    if (given.data.size() > request.places[i].length) status = -EOVERFLOW;
    packets.push_back({.place = request.places[i], .status = status, .in_data = given.data});
  }
  if (left_) return;
  usbip::append_iso_ret_submit(out_, request.submit, packets, 0, 0);
}

// Answers now, later or never.
void UsbipServer::take(const usbip::Submit& request, Answer given) {
  switch (given.kind) {
    case Answer::Kind::unplug:
      left_ = true;
      return;
    case Answer::Kind::ok:
    case Answer::Kind::stall:
      if (given.delay == milliseconds(0)) return answer(request, given);
      break;
    case Answer::Kind::nak:
    case Answer::Kind::silent:
      break;
  }
  const Time at = steady_clock::now() + given.delay;
  waiting_.push_back({.submit = request, .answer = std::move(given), .at = at});
}

// More than was asked for is what a host controller calls babble.
void UsbipServer::answer(const usbip::Submit& request, const Answer& given) {
  usbip::Completion done;
  done.out_length = request.length;
  if (given.kind == Answer::Kind::stall) {
    done.status = -EPIPE;
    done.out_length = 0;
  } else if (given.data.size() > request.length) {
    done.status = -EOVERFLOW;
  }
  if (done.status != -EPIPE) done.in_data = given.data;
  const Bytes data = usbip::append_ret_submit(out_, request, done);
  out_.insert(out_.end(), data.begin(), data.end());
}

// What had nothing to give may have now.
void UsbipServer::ask_again() {
  std::vector<Waiting> waiting = std::exchange(waiting_, {});
  for (Waiting& each : waiting) {
    if (each.answer.kind != Answer::Kind::nak || left_) {
      waiting_.push_back(std::move(each));
      continue;
    }
    take(each.submit, device_.transfer_in(each.submit.address(), each.submit.length));
  }
}

void UsbipServer::answer_due() {
  const Time now = steady_clock::now();
  for (Streaming& each : std::exchange(streaming_, {})) {
    if (each.at <= now) {
      answer(each);
    } else {
      streaming_.push_back(std::move(each));
    }
  }
  std::vector<Waiting> waiting = std::exchange(waiting_, {});
  for (Waiting& each : waiting) {
    const bool due =
        each.answer.kind == Answer::Kind::ok || each.answer.kind == Answer::Kind::stall;
    if (due && each.at <= now) {
      answer(each.submit, each.answer);
    } else {
      waiting_.push_back(std::move(each));
    }
  }
}

void serve_usbip(const Device& device, base::io::Fd stream) {
  constexpr std::uint32_t devid = 0x10002;
  if (!base::io::write_all(stream, usbproxy::device_line(devid, device.speed))) return;
  UsbipServer(device, std::move(stream)).run();
}

}  // namespace attacks
