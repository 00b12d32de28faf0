// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-usb-frontend as a process, between a fake agent, a fake backend, a fake helper and a
// fake sysfs.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "base/io/agent_call.hpp"
#include "base/io/files.hpp"
#include "base/io/pass_fd.hpp"
#include "base/io/unix_socket.hpp"
#include "base/wire/writer.hpp"
#include "tests/fakes/folder.hpp"
#include "tests/places.hpp"
#include "tests/usbproxy/session_rig.hpp"
#include "usbproxy/frontend_protocol.hpp"

namespace usbproxy {
namespace {

using base::io::Fd;
using test::Bytes;
using test::Rig;
namespace fs = std::filesystem;

constexpr int wait_ms = 10000;
constexpr const char* status_heading = "hub port sta spd dev      sockfd local_busid\n";

class Frontend : public ::testing::Test {
 protected:
  void SetUp() override {
    set_status(
        "hs  0000 006 003 00010002 000004 1-1\nhs  0001 004 000 00000000 000000 0-0\n"
        "hs  0002 004 000 00000000 000000 0-0\nss  0015 004 000 00000000 000000 0-0\n");
    agent_ = listen("agent");
    devices_ = listen("devices");
  }
  void TearDown() override {
    if (child_ > 0) {
      ::kill(child_, SIGKILL);
      ::waitpid(child_, nullptr, 0);
    }
  }
  Fd listen(const char* name) {
    auto fd = base::io::listen_unix(folder_ / name, 0600, base::io::SocketType::seqpacket);
    EXPECT_TRUE(fd);
    return std::move(*fd);
  }
  void set_status(const std::string& lines) {
    std::ofstream(folder_ / "status") << status_heading << lines;
  }
  void set_status_of_second(const std::string& lines) {
    std::ofstream(folder_ / "status.1") << status_heading << lines;
  }
  void start(const std::string& request = "sys-usb 2-1\n") {
    auto in = base::io::pipe_pair();
    auto out = base::io::pipe_pair();
    auto err = base::io::pipe_pair();
    ASSERT_TRUE(in && out && err);
    child_ = ::fork();
    if (child_ == 0) {
      ::dup2(in->first.get(), 0);
      ::dup2(out->second.get(), 1);
      ::dup2(err->second.get(), 2);
      const std::string agent = folder_ / "agent";
      const std::string devices = folder_ / "devices";
      const std::string program = places::build() + "/bin/sallyport-usb-frontend";
      ::execl(program.c_str(), program.c_str(), "--agent-socket", agent.c_str(), "--devices-socket",
              devices.c_str(), "--sysfs", folder_.c_str(), nullptr);
      ::_exit(99);
    }
    ASSERT_TRUE(base::io::write_all(in->second, request));
    out_ = std::move(out->first);
    err_ = std::move(err->first);
  }
  static bool ready(const Fd& fd) {
    pollfd one{.fd = fd.get(), .events = POLLIN, .revents = 0};
    return ::poll(&one, 1, wait_ms) == 1;
  }
  static Fd accept_one(const Fd& listener) {
    EXPECT_TRUE(ready(listener));
    return Fd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  }
  // Answers the agent's call; the backend's end of the stream.
  void answer_call(const std::string& answer = "ok") {
    const Fd call = accept_one(agent_);
    const auto message = base::io::receive_message(call, 256);
    ASSERT_TRUE(message);
    EXPECT_EQ(base::wire::as_text(message->data), "call sys-usb qubes.USB+2-1");
    auto pair = base::io::stream_pair();
    ASSERT_TRUE(pair);
    if (answer == "ok") {
      ASSERT_TRUE(base::io::send_message(call, base::wire::as_bytes(answer), {&pair->second}));
    } else {
      ASSERT_TRUE(base::io::send_message(call, base::wire::as_bytes(answer)));
    }
    backend_ = std::move(pair->first);
  }
  void backend_writes(const Bytes& bytes) {
    ASSERT_TRUE(base::io::write_all(backend_, base::wire::as_text(bytes)));
  }
  void header(std::uint16_t status = 0, const std::string& reason = "") {
    Bytes out;
    base::wire::Writer(out)
        .text("SLPU")
        .u16(1)
        .u16(status)
        .u64(0)
        .u16(static_cast<std::uint16_t>(reason.size()))
        .text(reason);
    backend_writes(out);
  }
  void introduce() {
    Bytes out;
    redir::append_hello(out, Rig::host_caps);
    redir::append_packet(out, redir::cap::frontend, redir::PacketType::interface_info, 0,
                         Rig::interfaces());
    redir::append_packet(out, redir::cap::frontend, redir::PacketType::ep_info, 0,
                         Rig::endpoints());
    redir::append_packet(out, redir::cap::frontend, redir::PacketType::device_connect, 0,
                         Rig::device());
    backend_writes(out);
  }
  // Answers what the frontend asks the device before it attaches it: the configuration in use, and
  // its descriptors twice (see SessionPin.AsksForEverythingTwice).
  void answer_questions() {
    constexpr int questions = 1 + 8 + 7;
    const test::DescribedDevice device = test::stick_and_keyboard();
    redir::Decoder sent(redir::Sender::guest, Rig::host_caps);
    for (int answered = 0; answered < questions;) {
      ASSERT_TRUE(ready(backend_)) << answered;
      const auto room = sent.prepare();
      const ssize_t count = ::read(backend_.get(), room.data(), room.size());
      ASSERT_GT(count, 0);
      sent.commit(static_cast<std::size_t>(count));
      for (auto packet = sent.next(); packet && *packet != nullptr; packet = sent.next()) {
        if ((*packet)->type == redir::PacketType::hello) continue;
        ++answered;
        Bytes out;
        if ((*packet)->type == redir::PacketType::get_configuration) {
          redir::append_packet(out, redir::cap::frontend, redir::PacketType::configuration_status,
                               (*packet)->id, redir::ConfigurationStatus{0, 1});
        } else {
          const auto [body, data] = device.answer(std::get<redir::ControlPacket>((*packet)->body));
          ASSERT_EQ(body.status, redir::status::success);
          redir::append_packet(out, redir::cap::frontend, redir::PacketType::control_packet,
                               (*packet)->id, body, data);
        }
        backend_writes(out);
      }
    }
  }
  // Answers one attach request; keeps the kernel's socket when it succeeds.
  void answer_attach(const Fd& helper, std::uint32_t port, std::int32_t code) {
    ASSERT_TRUE(ready(helper));
    auto request = base::io::receive_message(helper, 64);
    ASSERT_TRUE(request);
    ASSERT_EQ(request->fds.size(), 1U);
    base::wire::Reader in(request->data);
    EXPECT_EQ(in.u32(), 2U);
    EXPECT_EQ(in.u32(), port);
    EXPECT_EQ(in.u32(), 3U);
    Bytes answer;
    base::wire::Writer(answer).u32(std::bit_cast<std::uint32_t>(code));
    ASSERT_TRUE(base::io::send_message(helper, answer));
    if (code == 0) kernel_ = std::move(request->fds.front());
  }
  void attach() {
    start();
    answer_call();
    const Fd helper = accept_one(devices_);
    header();
    introduce();
    answer_questions();
    answer_attach(helper, 1, -EBUSY);
    answer_attach(helper, 2, 0);
    // Its place is for the next one.
    std::array<std::byte, 1> end{};
    EXPECT_TRUE(ready(helper));
    EXPECT_EQ(::read(helper.get(), end.data(), end.size()), 0);
    EXPECT_EQ(*base::io::read_all(out_, 100), "attached\n");  // and then its stdout is let go
  }
  Bytes read_kernel(std::size_t size) {
    Bytes bytes(size);
    std::size_t have = 0;
    while (have < size && ready(kernel_)) {
      const ssize_t count = ::read(kernel_.get(), bytes.data() + have, size - have);
      if (count <= 0) break;
      have += static_cast<std::size_t>(count);
    }
    bytes.resize(have);
    return bytes;
  }
  // The program ends with this code and this line on stderr.
  void expect_end(int code, const std::string& text) {
    const auto all = base::io::read_all(err_, 4096);
    ASSERT_TRUE(all);
    EXPECT_EQ(*all, text + "\n");
    int status = 0;
    ::waitpid(std::exchange(child_, 0), &status, 0);
    EXPECT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
    EXPECT_EQ(WEXITSTATUS(status), code);
  }

  const tests::Folder scratch_;
  fs::path folder_ = scratch_.path();
  Fd agent_, devices_, backend_, kernel_, out_, err_;
  pid_t child_ = 0;
};

TEST_F(Frontend, SaysThatTheModuleIsMissing) {
  fs::remove(folder_ / "status");
  start();
  expect_end(1, "vhci_hcd is not loaded in this qube: modprobe vhci_hcd");
}

TEST_F(Frontend, PassesOnARefusal) {
  start();
  answer_call("refused 126 denied by 30-user.policy:3");
  expect_end(126, "refused by policy: denied by 30-user.policy:3");
}

TEST_F(Frontend, PassesOnTheBackendsReason) {
  start();
  answer_call();
  header(2, "in use by \x1b[31m work");
  expect_end(1, "the device is busy in the backend: in use by \\x1b[31m work");
}

TEST_F(Frontend, NamesQubesOwnWire) {
  start();
  answer_call();
  backend_writes(Bytes(18, std::byte{'3'}));
  expect_end(
      1,
      "the backend speaks Qubes' own USB/IP wire, which only the services for Qubes OS take; "
      "install sallyport in the backend");
}

TEST_F(Frontend, RefusesAnotherDeviceBeforeAttaching) {
  start("sys-usb 2-1\nidentity 1111:2222:x:u080650\n");
  answer_call();
  header();
  introduce();
  expect_end(1, "device has an interface u030101 that the approved identity does not have");
  EXPECT_EQ(*base::io::read_all(out_, 100), "");
}

TEST_F(Frontend, SaysThatAllPortsAreUsed) {
  set_status("hs  0000 006 003 00010002 000004 1-1\nss  0015 004 000 00000000 000000 0-0\n");
  start();
  answer_call();
  header();
  introduce();
  answer_questions();
  expect_end(1, "no free vhci port (1 of 1 used): detach a device first");
}

// As the kernel's second file begins: its ports are numbered on.
TEST_F(Frontend, TakesAPortOfTheNextControllerWhenTheFirstIsFull) {
  set_status("hs  0000 006 003 00010002 000004 1-1\nss  0015 004 000 00000000 000000 0-0\n");
  set_status_of_second(
      "hs  0030 006 003 0001001f 000005 3-1\nhs  0031 004 000 00000000 000000 0-0\n"
      "ss  0045 004 000 00000000 000000 0-0\n");
  start();
  answer_call();
  const Fd helper = accept_one(devices_);
  header();
  introduce();
  answer_questions();
  answer_attach(helper, 31, 0);
  EXPECT_EQ(*base::io::read_all(out_, 100), "attached\n");
}

TEST_F(Frontend, CountsThePortsOfAllControllers) {
  set_status("hs  0000 006 003 00010002 000004 1-1\nhs  0001 007 000 00000000 000000 0-0\n");
  set_status_of_second("hs  0030 006 003 0001001f 000005 3-1\n");
  start();
  answer_call();
  header();
  introduce();
  answer_questions();
  expect_end(1, "no free vhci port (3 of 3 used): detach a device first");
}

TEST_F(Frontend, TriesAnotherPortAndMovesTransfers) {
  attach();
  Bytes out;
  usbip::append_cmd_submit(out, Rig::urb(7, 0x81, 100000));
  ASSERT_TRUE(base::io::write_all(kernel_, base::wire::as_text(out)));
  out.clear();
  const auto length = std::uint32_t{100000};
  redir::append_packet(out, redir::cap::frontend, redir::PacketType::bulk_packet, 7,
                       redir::BulkPacket{0x81, 0, length, 0}, test::filled(length, 3));
  // Only once the request is on its way: an answer before it would be a violation.
  Bytes sent(26);
  std::size_t have = 0;
  while (have < sent.size() && ready(backend_)) {
    const ssize_t count = ::read(backend_.get(), sent.data() + have, sent.size() - have);
    ASSERT_GT(count, 0);
    have += static_cast<std::size_t>(count);
  }
  backend_writes(out);
  const Bytes reply = read_kernel(48 + length);
  ASSERT_EQ(reply.size(), 48U + length);
  EXPECT_EQ(reply.back(), std::byte{3});
  kernel_.reset();
  expect_end(0, "target detached the device");
}

TEST_F(Frontend, AnswersPendingRequestsWhenTheStreamCloses) {
  attach();
  Bytes out;
  usbip::append_cmd_submit(out, Rig::urb(7, 0x81, 512));
  ASSERT_TRUE(base::io::write_all(kernel_, base::wire::as_text(out)));
  ASSERT_TRUE(ready(backend_));
  Bytes sent(26);
  std::size_t have = 0;
  while (have < sent.size() && ready(backend_)) {
    const ssize_t count = ::read(backend_.get(), sent.data() + have, sent.size() - have);
    ASSERT_GT(count, 0);
    have += static_cast<std::size_t>(count);
  }
  backend_.reset();
  expect_end(3, "stream closed by sys-usb or dom0");
  const Bytes reply = read_kernel(48);
  ASSERT_EQ(reply.size(), 48U);
  EXPECT_EQ(reply[23], std::byte{0xed});  // -ENODEV
}

TEST_F(Frontend, EndsOnUnplugViolationAndSignal) {
  attach();
  Bytes out;
  redir::append_packet(out, redir::cap::frontend, redir::PacketType::device_disconnect, 0,
                       redir::Empty{});
  backend_writes(out);
  expect_end(3, "device unplugged in sys-usb");
  attach();
  backend_writes(test::filled(16, 0xff));
  expect_end(1, "protocol violation: unknown packet type");
  attach();
  ::kill(child_, SIGTERM);
  expect_end(0, "stopped");
}

TEST_F(Frontend, SaysWithItsExitCodeThatTheDeviceChangedInAReset) {
  attach();
  Bytes out;
  usbip::append_cmd_submit(out, Rig::control(1, test::set_config));
  usbip::append_cmd_submit(out, Rig::control(2, usbip::Setup{0x80, 0x06, 0x0100, 0, 64}));
  ASSERT_TRUE(base::io::write_all(kernel_, base::wire::as_text(out)));
  test::DescribedDevice other = test::stick_and_keyboard();
  other.device[12] ^= std::byte{1};  // bcdDevice
  redir::Decoder sent(redir::Sender::guest, Rig::host_caps);
  Bytes hello;  // which answer_questions() has read
  redir::append_hello(hello, redir::cap::frontend);
  std::copy(hello.begin(), hello.end(), sent.prepare().begin());
  sent.commit(hello.size());
  ASSERT_TRUE(sent.next());
  for (bool answered = false; !answered;) {
    ASSERT_TRUE(ready(backend_));
    const auto room = sent.prepare();
    const ssize_t count = ::read(backend_.get(), room.data(), room.size());
    ASSERT_GT(count, 0);
    sent.commit(static_cast<std::size_t>(count));
    for (auto packet = sent.next(); packet && *packet != nullptr; packet = sent.next()) {
      if ((*packet)->type != redir::PacketType::control_packet) continue;
      const auto [body, data] = other.answer(std::get<redir::ControlPacket>((*packet)->body));
      out.clear();
      redir::append_packet(out, redir::cap::frontend, redir::PacketType::control_packet,
                           (*packet)->id, body, data);
      backend_writes(out);
      answered = true;
    }
  }
  expect_end(4,
             "the device came back from a reset as another one: device descriptor, offset 12: it "
             "is not what it was when it was read before");
}

TEST(FrontendProtocol, ParsesRequests) {
  EXPECT_TRUE(AttachRequest::parse("sys-usb 2-1.4\n"));
  EXPECT_TRUE(AttachRequest::parse("sys-usb 2-1\nidentity 0951:1666:a:u080650\n")->identity);
  for (const char* text :
       {"", "sys-usb 2-1", "sys-usb\n", " 2-1\n", "sys-usb 2 1\n", "a/b 2-1\n", "a ../x\n",
        "a 2-1\nidentity\n", "a 2-1\nother x\n", "a 2-1\nidentity 0951:1666:a:u080650",
        "a 2-1\nidentity 0951:1666:a:u08065\n", "a 2-1\nidentity 0951:1666:a:u080650\nx\n"}) {
    EXPECT_FALSE(AttachRequest::parse(text)) << text;
  }
  EXPECT_EQ(AttachRequest::parse("a 2-1\nidentity 0951:1666:60A4:u080650\n")->identity->serial,
            "60A4");
}

TEST(FrontendProtocol, ParsesRefusals) {
  EXPECT_EQ(base::io::parse_refusal("refused 127 nothing").exit_code, 127);
  EXPECT_EQ(base::io::parse_refusal("refused 125 x").exit_code, 1);
  EXPECT_EQ(base::io::parse_refusal("refused").exit_code, 1);
  EXPECT_EQ(base::io::parse_refusal("").exit_code, 1);
}

}  // namespace
}  // namespace usbproxy
