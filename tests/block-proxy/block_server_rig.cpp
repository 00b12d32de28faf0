// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/block-proxy/block_server_rig.hpp"

#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <iterator>
#include <random>
#include <thread>

#include "base/io/files.hpp"
#include "base/io/unix_socket.hpp"
#include "tests/places.hpp"

namespace tests {

using blockproxy::nbd::Answer;
using blockproxy::nbd::ClientHandshake;

rig::Deadline soon() { return std::chrono::steady_clock::now() + std::chrono::seconds(60); }

void BlockServer::start(std::vector<std::string> options) {
  std::vector<std::string> argv{places::build() + "/bin/sallyport-block-server", "--listen",
                                socket().string()};
  argv.insert(argv.end(), options.begin(), options.end());
  argv.push_back(medium().string());
  start_other(argv);
}

void BlockServer::start_other(const std::vector<std::string>& command) {
  base::io::ignore_sigpipe();  // a server that leaves is a failure to report, not a signal
  auto child = rig::Child::start(command, file("log"));
  ASSERT_TRUE(child) << child.error().text;
  child_.push_back(std::move(*child));
  for (unsigned tries = 0; tries < 500 && !base::io::connect_unix(socket()); ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  ASSERT_TRUE(base::io::connect_unix(socket())) << rig::tail(file("log"), 5);
}

void BlockServer::stop() {
  for (rig::Child& child : child_) {
    ::kill(child.pid(), SIGTERM);
    EXPECT_TRUE(child.wait(soon()));
  }
  child_.clear();
}

base::io::Fd BlockServer::connect() const {
  auto connected = base::io::connect_unix(socket());
  EXPECT_TRUE(connected);
  return connected ? std::move(*connected) : base::io::Fd();
}

std::string run(const std::vector<std::string>& argv) {
  auto printed = rig::run_program(argv, soon());
  EXPECT_TRUE(printed) << argv.front() << ": " << printed.error().text;
  return printed ? *printed : "";
}

bool succeeds(const std::vector<std::string>& argv) {
  return rig::run_program(argv, soon()).has_value();
}

void write_pattern(const std::filesystem::path& path, std::uint64_t size) {
  std::mt19937_64 random(size);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  std::ofstream(path, std::ios::binary) << bytes;
}

void write_sparse(const std::filesystem::path& path, std::uint64_t size) {
  std::ofstream(path, std::ios::binary).close();
  std::filesystem::resize_file(path, size);
}

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

BlockClient::BlockClient(base::io::Fd socket) : socket_(std::move(socket)) {
  shake_hands();
  session_.emplace_back(handshake_.offer());
}

void BlockClient::shake_hands() {
  while (handshake_.state() == ClientHandshake::State::negotiating) {
    const auto taken = handshake_.push(input_, out_);
    ASSERT_TRUE(taken) << taken.error().text;
    input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(*taken));
    send();
    if (*taken == 0) {
      ASSERT_TRUE(receive());
    }
  }
}

void BlockClient::send() {
  EXPECT_TRUE(base::io::write_all(socket_, base::wire::as_text(out_)));
  out_.clear();
}

bool BlockClient::receive() {
  std::array<std::byte, 65536> piece{};
  const ssize_t got = ::read(socket_.get(), piece.data(), piece.size());
  if (got > 0) input_.insert(input_.end(), piece.begin(), piece.begin() + got);
  return got > 0;
}

BlockClient::Reply BlockClient::ask(blockproxy::nbd::Command command, std::uint64_t offset,
                                    std::uint32_t length, std::uint16_t flags,
                                    const std::string& payload) {
  Reply reply;
  const auto asked = session_.front().ask(command, flags, offset, length, out_);
  EXPECT_TRUE(asked) << asked.error().text;
  if (!asked) return reply;
  const auto bytes = base::wire::as_bytes(payload);
  out_.insert(out_.end(), bytes.begin(), bytes.end());
  send();
  for (;;) {
    base::wire::Bytes untrusted = input_;
    const auto answer = session_.front().next(untrusted);
    EXPECT_TRUE(answer) << answer.error().text;
    if (!answer) return reply;
    reply.data += base::wire::as_text(answer->data);
    if (answer->kind == Answer::Kind::hole) reply.data.append(answer->length, '\0');
    reply.extents.insert(reply.extents.end(), answer->extents.begin(), answer->extents.end());
    input_.erase(input_.begin(), input_.end() - static_cast<std::ptrdiff_t>(untrusted.size()));
    if (answer->kind == Answer::Kind::done) {
      reply.error = answer->error;
      return reply;
    }
    if (answer->kind == Answer::Kind::more && !receive()) {
      ADD_FAILURE() << "the server left";
      return reply;
    }
  }
}

}  // namespace tests
