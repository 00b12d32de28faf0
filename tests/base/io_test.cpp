// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>

#include "base/io/fd.hpp"
#include "base/io/files.hpp"
#include "base/io/log.hpp"
#include "base/io/pass_fd.hpp"
#include "base/io/refusal.hpp"
#include "base/io/unix_socket.hpp"
#include "tests/fakes/folder.hpp"

namespace base::io {
namespace {

TEST(Fd, ClosesOnceAndMoves) {
  auto pair = pipe_pair();
  ASSERT_TRUE(pair.has_value());
  const int number = pair->first.get();
  {
    Fd moved = std::move(pair->first);
    EXPECT_EQ(moved.get(), number);
    EXPECT_FALSE(pair->first);
  }
  EXPECT_EQ(::fcntl(number, F_GETFD), -1);
}

TEST(Files, RefusesAFileLongerThanTheLimit) {
  const tests::Folder folder;
  ASSERT_TRUE(write_file_atomically(folder.path() / "a", "12345").has_value());
  EXPECT_EQ(*read_file(folder.path() / "a", 5), "12345");
  EXPECT_FALSE(read_file(folder.path() / "a", 4).has_value());
}

TEST(Files, SayWhatWasTriedAndFound) {
  const auto missing = read_file("/nonexistent/file", 10);
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().text, "open /nonexistent/file: No such file or directory");
}

TEST(PassFd, CarriesAnFdWithItsMessage) {
  auto sockets = stream_pair();
  auto pipe = pipe_pair();
  ASSERT_TRUE(sockets && pipe);
  ASSERT_TRUE(send_message(sockets->first, wire::as_bytes("hi"), {&pipe->second}).has_value());
  auto message = receive_message(sockets->second, 64);
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(wire::as_text(message->data), "hi");
  ASSERT_EQ(message->fds.size(), 1U);
  ASSERT_TRUE(write_all(message->fds[0], "through").has_value());
  message->fds.clear();
  pipe->second.reset();
  EXPECT_EQ(*read_all(pipe->first, 100), "through");
}

TEST(PassFd, ReportsTheEndAsAnEmptyMessage) {
  auto sockets = stream_pair();
  ASSERT_TRUE(sockets.has_value());
  sockets->first.reset();
  EXPECT_TRUE(receive_message(sockets->second, 64)->data.empty());
}

// Both ways in which a question meets one who has refused already.
TEST(PassFd, HearsTheAnswerOfOneWhoLeftTheQuestionUnread) {
  auto sockets = message_pair();
  ASSERT_TRUE(sockets.has_value());
  ASSERT_TRUE(send_question(sockets->first, wire::as_bytes("may I?")).has_value());
  ASSERT_TRUE(send_message(sockets->second, wire::as_bytes("no")).has_value());
  sockets->second.reset();
  const auto answer = receive_message(sockets->first, 64);
  ASSERT_TRUE(answer.has_value()) << answer.error().text;
  EXPECT_EQ(wire::as_text(answer->data), "no");
}

TEST(PassFd, HearsTheAnswerOfOneWhoWasGoneBeforeTheQuestion) {
  auto sockets = message_pair();
  ASSERT_TRUE(sockets.has_value());
  ASSERT_TRUE(send_message(sockets->second, wire::as_bytes("no")).has_value());
  sockets->second.reset();
  EXPECT_FALSE(send_message(sockets->first, wire::as_bytes("may I?")).has_value());
  ASSERT_TRUE(send_question(sockets->first, wire::as_bytes("may I?")).has_value());
  const auto answer = receive_message(sockets->first, 64);
  ASSERT_TRUE(answer.has_value()) << answer.error().text;
  EXPECT_EQ(wire::as_text(answer->data), "no");
  EXPECT_TRUE(receive_message(sockets->first, 64)->data.empty());
}

TEST(UnixSocket, KnowsItsPeer) {
  const tests::Folder folder;
  auto listener = listen_unix(folder.path() / "s", 0600);
  ASSERT_TRUE(listener.has_value()) << listener.error().text;
  auto client = connect_unix(folder.path() / "s");
  ASSERT_TRUE(client.has_value());
  const Fd server(::accept4(listener->get(), nullptr, nullptr, SOCK_CLOEXEC));
  const auto peer = peer_credentials(server);
  ASSERT_TRUE(peer.has_value());
  EXPECT_EQ(peer->pid, ::getpid());
  EXPECT_EQ(peer->uid, ::getuid());
}

TEST(UnixSocket, SaysThatAPathIsTooLong) {
  const auto result = connect_unix(std::filesystem::path("/" + std::string(200, 'x')));
  ASSERT_FALSE(result.has_value());
  EXPECT_NE(result.error().text.find("too long"), std::string::npos);
}

// A socket that is closed over unread requests takes its own answer back (ECONNRESET).
TEST(SayLast, ArrivesWhateverWasSentBefore) {
  for (const unsigned requests : {0U, 1U, 5U}) {
    auto pair = message_pair();
    ASSERT_TRUE(pair);
    const auto passed = message_pair();
    for (unsigned i = 0; i < requests; ++i) {
      ASSERT_TRUE(send_message(pair->first, wire::as_bytes("a request"), {&passed->first}));
    }
    say_last(pair->second, "failed you may not");
    pair->second.reset();
    EXPECT_FALSE(send_message(pair->first, wire::as_bytes("more"), {}));
    const auto heard = receive_message(pair->first, 100);
    ASSERT_TRUE(heard) << requests << ": " << heard.error().text;
    EXPECT_EQ(wire::as_text(heard->data), "failed you may not") << requests;
  }
}

TEST(Log, QuotesAndEscapesValues) {
  const Log log("test");
  EXPECT_EQ(
      log.format(Level::info, "attach", {{"qube", "work"}, {"name", "a \"b\"\n"}, {"none", ""}}),
      "info test event=attach qube=work name=\"a \\\"b\\\"\\x0a\" none=\"\"");
}

}  // namespace
}  // namespace base::io
