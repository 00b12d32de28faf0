// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/bench/block_client.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <iostream>
#include <random>
#include <vector>

#include "base/io/files.hpp"
#include "base/io/unix_socket.hpp"
#include "block-proxy/nbd/client_session.hpp"

namespace bench {
namespace {

using blockproxy::nbd::Answer;
using blockproxy::nbd::ClientHandshake;
using blockproxy::nbd::ClientSession;
using blockproxy::nbd::Command;
using Clock = std::chrono::steady_clock;

class Client {
 public:
  explicit Client(base::io::Fd socket) : socket_(std::move(socket)), input_(1 << 20) {}

  base::Status shake_hands() {
    while (handshake_.state() == ClientHandshake::State::negotiating) {
      const auto taken = handshake_.push({input_.data() + begin_, end_ - begin_}, out_);
      if (!taken) return base::Unexpected{taken.error()};
      begin_ += *taken;
      if (auto sent = send(); !sent) return sent;
      if (*taken > 0) continue;
      if (auto got = receive(); !got) return got;
    }
    return base::Ok{};
  }

  base::Result<std::uint64_t> run(const Load& load, unsigned seed, Clock::time_point end) {
    ClientSession session(handshake_.offer());
    const std::uint64_t places = handshake_.offer().size / load.size;
    std::mt19937_64 random(seed);
    std::uint64_t place = seed * 7919ULL % places;
    std::uint64_t bytes = 0;
    for (;;) {
      const bool more = Clock::now() < end;
      while (more && session.under_way() < load.depth) {
        place = (load.pattern == Pattern::random ? random() : place + 1) % places;
        const auto asked = session.ask(Command::read, 0, place * load.size, load.size, out_);
        if (!asked) return base::Unexpected{asked.error()};
      }
      // It leaves in good order: nbdkit 1.32 aborts when a client goes with requests under way.
      if (session.under_way() == 0) ClientSession::leave(out_);
      if (auto sent = send(); !sent) return base::Unexpected{sent.error()};
      if (session.under_way() == 0) return bytes;
      if (auto got = receive(); !got) return base::Unexpected{got.error()};
      base::wire::Bytes untrusted(input_.data() + begin_, end_ - begin_);
      for (;;) {
        const auto answer = session.next(untrusted);
        if (!answer) return base::Unexpected{answer.error()};
        if (answer->kind == Answer::Kind::more) break;
        if (more) bytes += answer->length;
        if (answer->error != blockproxy::nbd::WireError::none) return base::fail("a read failed");
      }
      begin_ = end_ - untrusted.size();
    }
  }

 private:
  base::Status send() {
    if (out_.empty()) return base::Ok{};
    auto sent = base::io::write_all(socket_, base::wire::as_text(out_));
    out_.clear();
    return sent;
  }

  base::Status receive() {
    if (begin_ == end_) begin_ = end_ = 0;
    if (begin_ > 0) {
      std::copy(input_.begin() + static_cast<std::ptrdiff_t>(begin_),
                input_.begin() + static_cast<std::ptrdiff_t>(end_), input_.begin());
      end_ -= begin_;
      begin_ = 0;
    }
    const ssize_t got = ::read(socket_.get(), input_.data() + end_, input_.size() - end_);
    if (got <= 0) return base::fail("the server left");
    end_ += static_cast<std::size_t>(got);
    return base::Ok{};
  }

  base::io::Fd socket_;
  ClientHandshake handshake_{""};
  std::vector<std::byte> input_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::vector<std::byte> out_;
};

int complain(const base::Error& error) {
  std::cerr << "bench: client: " << error.text << '\n';
  return 1;
}

// In a process of its own; writes the number of bytes into `result`.
int client_process(const std::filesystem::path& socket, const Load& load, unsigned number,
                   Clock::time_point end, const base::io::Fd& result) {
  auto connected = base::io::connect_unix(socket);
  if (!connected) return complain(connected.error());
  Client client(std::move(*connected));
  if (auto done = client.shake_hands(); !done) return complain(done.error());
  const auto bytes = client.run(load, number + 1, end);
  if (!bytes) return complain(bytes.error());
  return base::io::write_all(result, std::to_string(*bytes) + "\n") ? 0 : 1;
}

}  // namespace

base::Result<double> read_load(const std::filesystem::path& socket, const Load& load) {
  auto pipe = base::io::pipe_pair();
  if (!pipe) return base::Unexpected{pipe.error()};
  const auto begin = Clock::now();
  const auto end = begin + std::chrono::milliseconds(load.milliseconds);
  std::vector<pid_t> clients;
  for (unsigned i = 0; i < load.connections; ++i) {
    const pid_t pid = ::fork();
    if (pid == 0) ::_exit(client_process(socket, load, i, end, pipe->second));
    clients.push_back(pid);
  }
  pipe->second.reset();
  bool well = true;
  for (const pid_t pid : clients) {
    int status = 0;
    well = pid > 0 && ::waitpid(pid, &status, 0) == pid && status == 0 && well;
  }
  if (!well) return base::fail("a client of " + socket.string() + " failed");
  const auto text = base::io::read_all(pipe->first, 4096);
  if (!text) return base::Unexpected{text.error()};
  double bytes = 0;
  std::size_t at = 0;
  while (at < text->size()) {
    const std::size_t line = text->find('\n', at);
    bytes += std::stod(text->substr(at, line - at));
    at = line + 1;
  }
  return bytes * 1000 / load.milliseconds;
}

}  // namespace bench
