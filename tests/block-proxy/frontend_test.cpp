// SPDX-License-Identifier: GPL-2.0-or-later
// What dom0 may ask of the frontend, and what a server may offer it. The whole of it is tested with
// a real kernel (tests/one-vm/block_attach_test.cpp).
#include "block-proxy/io/frontend.hpp"

#include <gtest/gtest.h>

namespace blockproxy::io {
namespace {

namespace can = nbd::transmission;
namespace flag = agent::devices::nbd_flag;

constexpr std::string_view asked =
    "sys-usb sda1\nidentity 0951:1666:60A4:u080650:1.0:1\noption read-only yes\n"
    "option frontend-dev xvdi\noption devtype cdrom\n\n";

TEST(AttachRequestTest, IsWhatDom0Writes) {
  const auto request = AttachRequest::parse(asked);
  ASSERT_TRUE(request.has_value()) << request.error().text;
  EXPECT_EQ(request->backend, "sys-usb");
  EXPECT_EQ(request->device, "sda1");
  EXPECT_EQ(request->access, nbd::Access::read_only);
  EXPECT_EQ(request->frontend_dev, "xvdi");
  EXPECT_EQ(request->type, AttachRequest::Type::cdrom);
}

TEST(AttachRequestTest, AnythingElseIsRefused) {
  for (const char* text :
       {"", "\n", "sys-usb\n", "sys-usb sda1 x\n\n", "sys-usb ../sda\n\n", "sys-usb sda1\n\n",
        "sys-usb sda1\noption read-only yes\n\n",
        "sys-usb sda1\noption read-only maybe\noption frontend-dev xvdi\n\n",
        "sys-usb sda1\noption read-only yes\noption frontend-dev ../xvdi\n\n",
        "sys-usb sda1\noption read-only yes\noption frontend-dev xvdi\noption speed fast\n\n",
        "sys-usb sda1\noption read-only yes\noption frontend-dev xvdi\nwhat is this\n\n",
        "sys-usb sda1\noption read-only\noption frontend-dev xvdi\n\n"}) {
    EXPECT_FALSE(AttachRequest::parse(text).has_value()) << text;
  }
}

TEST(AttachRequestTest, ToAQubeThatStoresSnapshots) {
  const auto request = AttachRequest::parse(
      "sys-usb sda\noption read-only yes\noption snapshot sda-1\noption fill in-order\n"
      "option seal yes\n\n");
  ASSERT_TRUE(request.has_value()) << request.error().text;
  EXPECT_EQ(request->snapshot, "sda-1");
  EXPECT_EQ(request->fill, snapshot::Fill::in_order);
  EXPECT_EQ(request->at_end, snapshot::AtEnd::seal);
  EXPECT_EQ(request->use, AttachRequest::Use::taken);
  for (const char* more :
       {"option snapshot ../x\n", "option snapshot s\noption fill fast\n",
        "option snapshot s\noption seal maybe\n", "option snapshot s\noption commit 1\n",
        "option snapshot s\noption frontend-dev xvdi\n"}) {
    const std::string text = "sys-usb sda\noption read-only yes\n" + std::string(more) + "\n";
    EXPECT_FALSE(AttachRequest::parse(text).has_value()) << text;
  }
}

TEST(AttachRequestTest, PolicysWordsAreHeededOrRefused) {
  EXPECT_EQ(*access_of(""), nbd::Access::read_write);
  EXPECT_EQ(*access_of("read-only=yes"), nbd::Access::read_only);
  for (const char* words : {"read-only=no", "read-only", "read-only=yes more", " ", "x=\n"}) {
    EXPECT_FALSE(access_of(words).has_value()) << words;
  }
}

nbd::Offer offer(std::uint16_t flags) {
  nbd::Offer made;
  made.size = 1U << 20U;
  made.flags = can::has_flags | flags;
  return made;
}

TEST(KernelDevice, IsNeverMoreThanWasDecided) {
  const auto request = *AttachRequest::parse(asked);
  const auto open = kernel_device(request, offer(can::send_flush));
  ASSERT_FALSE(open.has_value()) << "read-only was asked for";
  EXPECT_NE(open.error().text.find("attached read-only"), std::string::npos);
  const auto locked = kernel_device(request, offer(can::read_only));
  ASSERT_TRUE(locked.has_value());
  EXPECT_EQ(locked->flags, flag::read_only);
  AttachRequest writing = request;
  writing.access = nbd::Access::read_write;
  EXPECT_FALSE(kernel_device(writing, offer(can::send_flush)).has_value()) << "a disc";
  writing.type = AttachRequest::Type::disk;
  EXPECT_EQ(kernel_device(writing, offer(can::send_flush | can::send_fua | can::send_trim))->flags,
            flag::flush | flag::fua | flag::trim);
  EXPECT_EQ(kernel_device(writing, offer(can::read_only))->flags, flag::read_only);
}

TEST(KernelDevice, HasASizeAndSectorsThatTheKernelTakes) {
  auto request = *AttachRequest::parse(asked);
  nbd::Offer made = offer(can::read_only);
  made.minimum_block = 1;
  EXPECT_EQ(kernel_device(request, made)->sector_size, 512U);
  made.minimum_block = 4096;
  EXPECT_EQ(kernel_device(request, made)->sector_size, 4096U);
  made.minimum_block = 65536;
  EXPECT_FALSE(kernel_device(request, made).has_value());
  made = offer(can::read_only);
  for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{1} << 63U}) {
    made.size = size;
    EXPECT_FALSE(kernel_device(request, made).has_value()) << size;
  }
  request.frontend_dev = "nbd0";
  EXPECT_FALSE(kernel_device(request, offer(can::read_only)).has_value());
}

TEST(BlockFrontendOptions, AreReadStrictly) {
  EXPECT_TRUE(FrontendOptions::parse({"--help"})->help);
  EXPECT_EQ(FrontendOptions::parse({"--agent-socket", "/a"})->agent_socket, "/a");
  EXPECT_FALSE(FrontendOptions::parse({"--agent-socket"}).has_value());
  EXPECT_FALSE(FrontendOptions::parse({"--what", "x"}).has_value());
}

}  // namespace
}  // namespace blockproxy::io
