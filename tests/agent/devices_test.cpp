// SPDX-License-Identifier: GPL-2.0-or-later
// Root's device helper: what it does for whom, and that a bad client neither stops nor fools it.
#include "agent/devices/helper.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <fstream>
#include <thread>

#include "agent/devices/client.hpp"
#include "base/io/files.hpp"
#include "base/io/unix_socket.hpp"

namespace agent::devices {
namespace {

namespace fs = std::filesystem;

TEST(DevicesRequest, SurvivesTheWire) {
  const Request request{Operation::vhci_attach, 3, 5, 0x00020007};
  EXPECT_EQ(parse_request(encode_request(request)), request);
  EXPECT_EQ(base::wire::as_text(encode_request(request)),
            std::string_view("\x02\0\0\0\x03\0\0\0\x05\0\0\0\x07\0\x02\0", 16));
}

TEST(DevicesRequest, RefusesWhatIsOutOfRange) {
  const auto ok = [](Operation operation, std::uint32_t a, std::uint32_t b, std::uint32_t c) {
    return parse_request(encode_request({operation, a, b, c})).has_value();
  };
  EXPECT_TRUE(ok(Operation::open_usb, 1, 1, 0));
  EXPECT_TRUE(ok(Operation::open_usb, 255, 127, 0));
  EXPECT_FALSE(ok(Operation::open_usb, 0, 1, 0));
  EXPECT_FALSE(ok(Operation::open_usb, 256, 1, 0));
  EXPECT_FALSE(ok(Operation::open_usb, 1, 0, 0));
  EXPECT_FALSE(ok(Operation::open_usb, 1, 128, 0));
  EXPECT_FALSE(ok(Operation::open_usb, 1, 1, 1));
  EXPECT_TRUE(ok(Operation::vhci_attach, 239, 1, 7));
  EXPECT_FALSE(ok(Operation::vhci_attach, 240, 1, 7));
  for (const std::uint32_t speed : {0U, 4U, 6U, 0xffffffffU})
    EXPECT_FALSE(ok(Operation::vhci_attach, 0, speed, 7)) << speed;
  EXPECT_TRUE(ok(Operation::vhci_detach, 0, 0, 0));
  EXPECT_FALSE(ok(Operation::vhci_detach, 240, 0, 0));
  EXPECT_FALSE(ok(Operation::vhci_detach, 0, 1, 0));
  EXPECT_FALSE(ok(static_cast<Operation>(0), 1, 1, 0));
  EXPECT_TRUE(ok(Operation::open_input, 0, 0, 0));
  EXPECT_TRUE(ok(Operation::open_input, 1023, 0, 0));
  EXPECT_FALSE(ok(Operation::open_input, 1024, 0, 0));
  EXPECT_FALSE(ok(Operation::open_input, 1, 1, 0));
  EXPECT_TRUE(ok(Operation::open_block, 0, 0, 0));
  EXPECT_TRUE(ok(Operation::open_block, 4095, 1048575, 1));
  EXPECT_FALSE(ok(Operation::open_block, 4096, 0, 0));
  EXPECT_FALSE(ok(Operation::open_block, 8, 1048576, 0));
  EXPECT_FALSE(ok(Operation::open_block, 8, 0, 2));
  EXPECT_FALSE(ok(static_cast<Operation>(6), 1, 1, 0));
}

TEST(DevicesRequest, RefusesEveryOtherLength) {
  auto wire = encode_request({Operation::open_usb, 1, 2, 0});
  for (std::size_t size = 0; size < wire.size(); ++size)
    EXPECT_FALSE(parse_request(base::wire::Bytes(wire).first(size))) << size;
  wire.push_back(std::byte{0});
  EXPECT_FALSE(parse_request(wire));
}

// A helper in a thread, with folders of its own instead of /dev and /sys.
class DevicesHelper : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("sallyport-devices-test-" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "dev/002");
    fs::create_directories(folder_ / "vhci");
    std::ofstream(folder_ / "dev/002/007") << "node";
    fs::create_symlink(folder_ / "dev/002/007", folder_ / "dev/002/008");
    std::ofstream(folder_ / "vhci/attach") << "";
    std::ofstream(folder_ / "vhci/detach") << "";
  }
  void TearDown() override {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
    fs::remove_all(folder_);
  }
  void start(Right usb, Right vhci, Right block = Right::denied) {
    HelperConfig config{.usb = usb,
                        .vhci = vhci,
                        .block = block,
                        .group = ::getgid(),
                        .dev = folder_ / "dev",
                        .block_dev = folder_ / "blocks",
                        .block_numbers = folder_ / "numbers",
                        .vhci_folder = folder_ / "vhci",
                        .give_back = [this](const fs::path& node) {
                          given_back_ = node == folder_ / "dev/002/007";
                          return GivenBack::yes;
                        }};
    auto listener = base::io::listen_unix(socket(), 0660, base::io::SocketType::seqpacket,
                                          base::io::Blocking::no);
    ASSERT_TRUE(listener.has_value());
    thread_ = std::thread([this, helper = Helper(config, std::move(*listener))]() mutable {
      while (!stop_) (void)helper.turn(std::chrono::milliseconds(10));
    });
  }
  fs::path socket() const { return folder_ / "s"; }
  Client client() { return std::move(*Client::connect(socket())); }
  std::string content(const char* name) {
    return *base::io::read_file(folder_ / "vhci" / name, 4096);
  }

  fs::path folder_;
  std::atomic<bool> stop_ = false;
  std::atomic<bool> given_back_ = false;
  std::thread thread_;
};

TEST_F(DevicesHelper, OpensTheNodeThatWasAskedFor) {
  start(Right::allowed, Right::denied);
  auto fd = client().open_usb(2, 7);
  ASSERT_TRUE(fd.has_value()) << fd.error().text;
  EXPECT_EQ(::fcntl(fd->get(), F_GETFL) & O_ACCMODE, O_RDWR);
  EXPECT_EQ(*base::io::read_all(*fd, 16), "node");
}

TEST_F(DevicesHelper, GivesTheDeviceBackWhenTheConnectionEnds) {
  start(Right::allowed, Right::denied);
  {
    auto helper = client();
    const auto fd = helper.open_usb(2, 7);
    ASSERT_TRUE(fd.has_value()) << fd.error().text;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_FALSE(given_back_);
  }
  for (int i = 0; i < 500 && !given_back_; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_TRUE(given_back_);
}

TEST_F(DevicesHelper, OneConnectionOpensOneDevice) {
  start(Right::allowed, Right::denied);
  auto helper = client();
  EXPECT_TRUE(helper.open_usb(2, 7).has_value());
  EXPECT_EQ(helper.open_usb(2, 7).error().number, EBUSY);
}

TEST_F(DevicesHelper, BorrowersDoNotTakeThePlacesOfCallers) {
  start(Right::allowed, Right::denied);
  std::vector<Client> borrowers;
  for (std::size_t i = 0; i < Loans::max_loans; ++i) {
    borrowers.push_back(client());
    ASSERT_TRUE(borrowers.back().open_usb(2, 7).has_value()) << i;
  }
  EXPECT_EQ(client().open_usb(2, 7).error().number, EMFILE);
}

TEST_F(DevicesHelper, AnswersWithTheErrnoOfTheKernel) {
  start(Right::allowed, Right::denied);
  auto helper = client();
  EXPECT_EQ(helper.open_usb(2, 9).error().number, ENOENT);
  EXPECT_EQ(helper.open_usb(2, 8).error().number, ELOOP);  // a link is not followed
  EXPECT_TRUE(helper.open_usb(2, 7).has_value());          // and the connection still serves
}

TEST_F(DevicesHelper, HasOnlyTheRightsItWasGiven) {
  start(Right::allowed, Right::denied);
  auto pair = base::io::stream_pair();
  auto helper = client();
  EXPECT_EQ(helper.vhci_attach(0, 3, 1, pair->first).error().number, EPERM);
  EXPECT_EQ(helper.vhci_detach(0).error().number, EPERM);
  EXPECT_EQ(content("attach"), "");
}

// Real nodes are opened in tests/one-vm/block_inventory_test.cpp; here is what must not be opened.
TEST_F(DevicesHelper, OpensNoBlockDeviceThatIsNone) {
  const auto number = [this](const char* name, const char* target) {
    fs::create_directories(folder_ / "numbers");
    fs::create_symlink(target, folder_ / "numbers" / name);
  };
  fs::create_directories(folder_ / "blocks/cciss");
  std::ofstream(folder_ / "blocks/sda") << "no node";
  std::ofstream(folder_ / "secret") << "no node";
  fs::create_symlink("/dev/null", folder_ / "blocks/sdb");
  ::mkfifo((folder_ / "blocks/cciss/c0d0").c_str(), 0600);
  number("8:0", "../../devices/a/block/sda");
  number("8:16", "../../devices/a/block/sdb");
  number("8:32", "../../devices/a/block/sdc");
  number("104:0", "../../devices/a/block/cciss!c0d0");
  number("104:1", "../../devices/a/block/..!secret");
  number("104:2", "..");
  std::ofstream(folder_ / "numbers/8:48") << "no link";
  start(Right::denied, Right::denied, Right::allowed);
  auto helper = client();
  for (const auto access : {BlockAccess::read_only, BlockAccess::read_write}) {
    EXPECT_EQ(helper.open_block(8, 0, access).error().number, ENOTBLK);
    EXPECT_EQ(helper.open_block(8, 16, access).error().number, ENOTBLK);
    EXPECT_EQ(helper.open_block(8, 32, access).error().number, ENXIO);
    EXPECT_EQ(helper.open_block(8, 48, access).error().number, ENXIO);
    EXPECT_EQ(helper.open_block(104, 0, access).error().number, ENOTBLK);
    EXPECT_EQ(helper.open_block(104, 1, access).error().number, ENXIO);
    EXPECT_EQ(helper.open_block(104, 2, access).error().number, ENXIO);
    EXPECT_EQ(helper.open_block(9, 9, access).error().number, ENXIO);
  }
}

TEST_F(DevicesHelper, BlockDevicesNeedTheirOwnRight) {
  start(Right::allowed, Right::allowed);
  EXPECT_EQ(client().open_block(8, 0, BlockAccess::read_only).error().number, EPERM);
}

TEST_F(DevicesHelper, WritesTheAttachLine) {
  start(Right::denied, Right::allowed);
  auto pair = base::io::stream_pair();
  auto helper = client();
  EXPECT_EQ(helper.open_usb(2, 7).error().number, EPERM);
  ASSERT_TRUE(helper.vhci_attach(11, 3, 131079, pair->first).has_value());
  unsigned port = 0, socket = 0, device = 0, speed = 0;
  ASSERT_EQ(std::sscanf(content("attach").c_str(), "%u %u %u %u", &port, &socket, &device, &speed),
            4);
  EXPECT_EQ(port, 11U);
  EXPECT_EQ(device, 131079U);
  EXPECT_EQ(speed, 3U);
  ASSERT_TRUE(helper.vhci_detach(11).has_value());
  EXPECT_EQ(content("detach"), "11");
}

TEST_F(DevicesHelper, AttachesOnlyStreamSocketPairs) {
  start(Right::denied, Right::allowed);
  auto pipe = base::io::pipe_pair();
  base::io::Fd tcp(::socket(AF_INET, SOCK_STREAM, 0));
  base::io::Fd datagram(::socket(AF_UNIX, SOCK_DGRAM, 0));
  auto helper = client();
  for (const base::io::Fd* bad : {&pipe->first, &tcp, &datagram})
    EXPECT_EQ(helper.vhci_attach(0, 3, 1, *bad).error().number, EINVAL);
  EXPECT_EQ(content("attach"), "");
}

TEST_F(DevicesHelper, ClosesAClientThatSendsNoRequest) {
  start(Right::allowed, Right::allowed);
  auto raw = base::io::connect_unix(socket(), base::io::SocketType::seqpacket);
  ASSERT_TRUE(raw.has_value());
  ASSERT_TRUE(base::io::send_message(*raw, base::wire::as_bytes("not a request at all")));
  const auto answer = base::io::receive_message(*raw, 16);
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(base::wire::Reader(answer->data).u32(), static_cast<std::uint32_t>(-EINVAL));
  const auto closed = base::io::receive_message(*raw, 16);
  EXPECT_TRUE(!closed || closed->data.empty());
  // Longer than any request: not even read.
  auto longer = base::io::connect_unix(socket(), base::io::SocketType::seqpacket);
  ASSERT_TRUE(base::io::send_message(*longer, base::wire::as_bytes(std::string(64, 'x'))));
  const auto nothing = base::io::receive_message(*longer, 16);
  EXPECT_TRUE(!nothing || nothing->data.empty());
  EXPECT_TRUE(client().open_usb(2, 7).has_value());
}

TEST_F(DevicesHelper, AFdWithARequestThatTakesNoneIsRefused) {
  start(Right::allowed, Right::allowed);
  auto raw = base::io::connect_unix(socket(), base::io::SocketType::seqpacket);
  auto pair = base::io::stream_pair();
  ASSERT_TRUE(
      base::io::send_message(*raw, encode_request({Operation::open_usb, 2, 7, 0}), {&pair->first}));
  const auto answer = base::io::receive_message(*raw, 16);
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(base::wire::Reader(answer->data).u32(), static_cast<std::uint32_t>(-EINVAL));
  EXPECT_TRUE(answer->fds.empty());
}

TEST_F(DevicesHelper, SilentClientsDoNotStopTheOthers) {
  start(Right::allowed, Right::denied);
  std::vector<base::io::Fd> silent;
  for (std::size_t i = 0; i + 1 < max_clients; ++i)
    silent.push_back(std::move(*base::io::connect_unix(socket(), base::io::SocketType::seqpacket)));
  EXPECT_TRUE(client().open_usb(2, 7).has_value());
}

TEST_F(DevicesHelper, SaysWhatToDoWhenItIsNotThere) {
  const auto none = Client::connect(folder_ / "nobody");
  ASSERT_FALSE(none.has_value());
  EXPECT_NE(none.error().text.find("is sallyport-devices running?"), std::string::npos);
}

}  // namespace
}  // namespace agent::devices
