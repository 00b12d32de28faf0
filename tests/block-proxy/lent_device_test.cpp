// SPDX-License-Identifier: GPL-2.0-or-later
// What a service call may name, before root's helper is asked. That the helper opens the right
// device is seen with a real kernel (tests/one-vm).
#include "block-proxy/io/lent_device.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/fakes/folder.hpp"

namespace blockproxy::io {
namespace {

TEST(LentDevice, NamesThatNameNothingAreRefusedWithoutTheHelper) {
  const tests::Folder folder;
  std::filesystem::create_directories(folder.path() / "class/block/sda");
  std::filesystem::create_directories(folder.path() / "class/block/sdb");
  std::ofstream(folder.path() / "class/block/sdb/dev") << "8:16\n";
  const auto why = [&folder](const std::string& name) {
    const auto fd =
        borrow_device(name, nbd::Access::read_only, folder.path() / "no-socket", folder.path());
    return fd ? "" : fd.error().text;
  };
  for (const char* name : {"", "../sda", "sda/../sdb", "SDA", "2-1", "sda\n"}) {
    EXPECT_NE(why(name).find("is no name of a block device"), std::string::npos) << name;
  }
  EXPECT_NE(why("sdz").find("was it unplugged?"), std::string::npos);
  EXPECT_NE(why("sda").find("was it unplugged?"), std::string::npos) << "no number";
  EXPECT_NE(why("sdb").find("no-socket"), std::string::npos) << why("sdb");
}

}  // namespace
}  // namespace blockproxy::io
