// SPDX-License-Identifier: GPL-2.0-or-later
// bench_session COMMANDS: what the frontend's session, the USB firewall with the translation around
// it, takes for a request. A stick is read, 128 KiB at a time, between a kernel and a backend that
// exist only as their bytes; making and moving those is not counted, reading the clock is. Prints
// seconds for one request.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <vector>

#include "base/wire/reader.hpp"
#include "tests/bench/guest_program.hpp"
#include "tests/usbproxy/session_rig.hpp"

namespace {

using namespace usbproxy;
using test::Bytes;
using test::PacketType;
using test::Rig;

constexpr std::uint32_t data_size = 128 * 1024;
constexpr std::uint32_t status_size = 13;
// A read from a socket rarely brings all of a transfer.
constexpr std::size_t piece_size = std::size_t{32} * 1024;
constexpr std::uint8_t in_endpoint = 0x81, out_endpoint = 0x02;  // of Rig's stick
constexpr long warm_up = 200;

Bytes submit(const usbip::Submit& request, const Bytes& data = {}) {
  Bytes message;
  usbip::append_cmd_submit(message, request, data, {});
  return message;
}

Bytes reply(std::uint64_t id, std::uint8_t endpoint, std::uint32_t length) {
  const bool in = (endpoint & 0x80U) != 0;
  Bytes message;
  const redir::BulkPacket body{.endpoint = endpoint, .status = 0, .length = length, .stream_id = 0};
  redir::append_packet(message, redir::cap::frontend, PacketType::bulk_packet, id, body,
                       in ? test::filled(length) : Bytes{});
  return message;
}

class Stick {
 public:
  bool connect() {
    rig_.introduce();
    rig_.answer_questions();
    rig_.session.to_kernel().set_writer([this](std::span<const base::wire::Bytes> parts) {
      const std::size_t size = size_of(parts);
      to_kernel_ += size;
      return size;
    });
    // What is asked of the backend is small and is looked at afterwards.
    return rig_.session.ready();
  }

  // One READ(10): command, data, status.
  bool read() {
    const std::size_t before = to_kernel_;
    from_kernel(submit(Rig::urb(++number_, out_endpoint, 31), command_));
    const auto sent = ids();
    if (sent.size() != 2) return false;
    from_kernel(submit(Rig::urb(++number_, in_endpoint, data_size)));
    from_backend(reply(sent[0], out_endpoint, 31));
    from_backend(reply(sent[1], in_endpoint, data_size));
    const auto status = ids();
    if (status.size() != 1) return false;
    from_kernel(submit(Rig::urb(++number_, in_endpoint, status_size)));
    from_backend(reply(status[0], in_endpoint, status_size));
    const std::size_t answers = 3 * usbip::header_size + data_size + status_size;
    return !rig_.session.end() && to_kernel_ - before == answers;
  }

  double seconds() const { return seconds_; }
  void start_counting() { seconds_ = 0; }

 private:
  static std::size_t size_of(std::span<const base::wire::Bytes> parts) {
    std::size_t size = 0;
    for (const base::wire::Bytes& part : parts) size += part.size();
    return size;
  }

  // What was asked of the backend since the last call.
  std::vector<std::uint64_t> ids() {
    std::vector<std::uint64_t> found;
    base::wire::Reader in(rig_.session.to_stream().waiting());
    while (in.ok() && !in.rest().empty()) {
      in.u32();  // type
      const std::uint32_t length = in.u32();
      found.push_back(in.u64());
      in.take(length);
    }
    rig_.session.to_stream().clear();
    return found;
  }

  void from_kernel(const Bytes& message) {
    std::memcpy(rig_.session.prepare_kernel().data(), message.data(), message.size());
    const auto start = bench_guest::Clock::now();
    rig_.session.kernel_arrived(message.size(), rig_.now);
    rig_.session.to_kernel().flush();
    seconds_ += bench_guest::seconds_since(start);
  }

  void from_backend(const Bytes& message) {
    for (base::wire::Bytes rest(message); !rest.empty();) {
      const auto room = rig_.session.prepare_stream();
      const std::size_t size = std::min({room.size(), rest.size(), piece_size});
      std::memcpy(room.data(), rest.data(), size);
      rest = rest.subspan(size);
      const auto start = bench_guest::Clock::now();
      rig_.session.stream_arrived(size, rig_.now);
      rig_.session.to_kernel().flush();
      seconds_ += bench_guest::seconds_since(start);
    }
  }

  Rig rig_;
  const Bytes command_ = test::command_block(0x28, data_size, 0x80);
  std::uint32_t number_ = 0;
  std::size_t to_kernel_ = 0;
  double seconds_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const long commands = argc == 2 ? std::strtol(argv[1], nullptr, 10) : 0;
  if (commands <= 0) {
    std::fputs("usage: bench_session COMMANDS\n", stderr);
    return 2;
  }
  Stick stick;
  bool good = stick.connect();
  for (long i = 0; i < warm_up && good; ++i) good = stick.read();
  stick.start_counting();
  for (long i = 0; i < commands && good; ++i) good = stick.read();
  if (!good) {
    std::fputs("bench_session: the session did not answer as it should\n", stderr);
    return EXIT_FAILURE;
  }
  std::printf("%.9f\n", stick.seconds() / static_cast<double>(commands) / 3);
  return EXIT_SUCCESS;
}
