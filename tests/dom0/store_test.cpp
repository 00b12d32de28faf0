// SPDX-License-Identifier: GPL-2.0-or-later
// The state file: what was acknowledged is there again, and what cannot be read is not overwritten.
#include "dom0/io/store.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include <csignal>

#include "base/io/files.hpp"
#include "tests/fakes/folder.hpp"

namespace dom0::io {
namespace {

Assignment example() {
  return {.frontend = "work",
          .device = {"sys-usb", "2-1.4", "0951:1666:60A4:u080650"},
          .mode = AssignmentMode::ask_to_attach,
          .options = {{"read-only", "yes"}},
          .fingerprint = std::string(64, 'f')};
}

class StoreTest : public testing::Test {
 protected:
  base::Result<Store> open() const { return Store::open(file_); }

  tests::Folder folder_;
  std::filesystem::path file_ = folder_.path() / "state.sqlite";
};

TEST_F(StoreTest, KeepsAssignments) {
  {
    auto store = open();
    ASSERT_TRUE(store.has_value()) << store.error().text;
    EXPECT_TRUE(store->assignments()->empty());
    ASSERT_TRUE(store->put(example()).has_value());
    Assignment any = example();
    any.device = {"sys-usb", "*", "*"};
    any.options = {};
    ASSERT_TRUE(store->put(any).has_value());
    any.mode = AssignmentMode::required;
    ASSERT_TRUE(store->put(any).has_value()) << "the same again replaces it";
  }
  auto store = open();
  ASSERT_TRUE(store.has_value()) << store.error().text;
  auto all = *store->assignments();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].mode, AssignmentMode::required);
  EXPECT_EQ(all[1], example());
  ASSERT_TRUE(store->remove(example()).has_value());
  EXPECT_EQ(store->assignments()->size(), 1U);
}

TEST_F(StoreTest, KeepsDeniedInterfacesAndDevices) {
  const SeenDevice device{.key = "0951:1666:60A4",
                          .fingerprint = std::string(64, 'a'),
                          .device_id = "0951:1666:60A4:u080650",
                          .description = "USB_Storage: it's a 'stick'",
                          .first_seen = 1,
                          .last_seen = 2,
                          .approved = 3};
  SeenDevice other = device;
  other.fingerprint = std::string(64, 'b');
  {
    auto store = open();
    ASSERT_TRUE(store.has_value());
    ASSERT_TRUE(store->put_denied("work", "u0e****").has_value());
    ASSERT_TRUE(store->put_devices({.kept = {device, other}, .forgotten = {}}).has_value());
    ASSERT_TRUE(store->put_devices({.kept = {}, .forgotten = {other}}).has_value());
  }
  auto store = open();
  ASSERT_TRUE(store.has_value());
  EXPECT_EQ(*store->denied(), (std::map<std::string, std::string>{{"work", "u0e****"}}));
  EXPECT_EQ(*store->devices(), std::vector<SeenDevice>{device});
}

TEST_F(StoreTest, KeepsWhichInputDevicesAreProvenAndWhichStopped) {
  const InputIdentity keyboard{
      .backend = "sys-usb", .place = "usb-0-2", .port = "2-2", .fingerprint = "abc"};
  InputIdentity other = keyboard;
  other.place = "usb-0-3";
  other.port = "2-3";
  other.fingerprint = "def";
  {
    auto store = open();
    ASSERT_TRUE(store.has_value());
    InputTrust trust;
    trust.prove(keyboard, 1);
    trust.prove(other, 2);
    ASSERT_TRUE(store->put_inputs(trust.take_changes()).has_value());
    trust.stop(other, "it's a 'reason'", 3);
    ASSERT_TRUE(store->put_inputs(trust.take_changes()).has_value());
  }
  auto store = open();
  ASSERT_TRUE(store.has_value());
  InputTrust trust;
  ASSERT_TRUE(store->inputs(trust).has_value());
  EXPECT_TRUE(trust.proven(keyboard));
  EXPECT_FALSE(trust.proven(other));
  EXPECT_EQ(trust.stopped(other), "it's a 'reason'");
  trust.release(other);
  ASSERT_TRUE(store->put_inputs(trust.take_changes()).has_value());
  InputTrust again;
  ASSERT_TRUE(store->inputs(again).has_value());
  EXPECT_TRUE(again.stopped(other).empty());
}

// A file of version 1 had no tables of input devices.
TEST_F(StoreTest, AnOlderFileIsTakenOver) {
  {
    auto store = open();
    ASSERT_TRUE(store.has_value());
    ASSERT_TRUE(store->put(example()).has_value());
  }
  sqlite3* old = nullptr;
  ASSERT_EQ(sqlite3_open(file_.c_str(), &old), SQLITE_OK);
  ASSERT_EQ(
      sqlite3_exec(old, "DROP TABLE proven_input; DROP TABLE stopped_input; PRAGMA user_version=1",
                   nullptr, nullptr, nullptr),
      SQLITE_OK);
  ASSERT_EQ(sqlite3_close(old), SQLITE_OK);
  for (int starts = 0; starts < 2; ++starts) {
    auto store = open();
    ASSERT_TRUE(store.has_value()) << store.error().text;
    EXPECT_EQ(*store->assignments(), std::vector<Assignment>{example()});
    InputTrust trust;
    EXPECT_TRUE(store->inputs(trust).has_value());
  }
}

TEST_F(StoreTest, KeepsWhatWasTakenAwayByHand) {
  const HeldDevice first{.frontend = "work",
                         .backend = "sys-usb",
                         .port_id = "2-1",
                         .fingerprint = std::string(64, 'f'),
                         .frontend_life = "w",
                         .backend_life = ""};
  HeldDevice second = first;
  second.frontend = "another";
  {
    auto store = open();
    ASSERT_TRUE(store.has_value()) << store.error().text;
    EXPECT_TRUE(store->held()->empty());
    ASSERT_TRUE(store->put_held({first, first}).has_value());
    ASSERT_TRUE(store->put_held({first, second}).has_value()) << "all of it is written anew";
  }
  auto store = open();
  ASSERT_TRUE(store.has_value()) << store.error().text;
  EXPECT_EQ(*store->held(), (std::vector{first, second})) << "in their order";
  ASSERT_TRUE(store->put_held({}).has_value());
  EXPECT_TRUE(store->held()->empty());
}

TEST_F(StoreTest, ASecondDaemonIsRefused) {
  auto first = open();
  ASSERT_TRUE(first.has_value());
  ASSERT_TRUE(first->put(example()).has_value());
  const auto second = open();
  ASSERT_FALSE(second.has_value());
  EXPECT_NE(second.error().text.find("another sallyportd"), std::string::npos)
      << second.error().text;
}

TEST_F(StoreTest, WhatItDoesNotUnderstandStaysAsItIs) {
  const std::string garbage(8192, 'x');
  ASSERT_TRUE(base::io::write_file_atomically(file_, garbage).has_value());
  const auto opened = open();
  ASSERT_FALSE(opened.has_value());
  EXPECT_NE(opened.error().text.find(file_.string()), std::string::npos);
  EXPECT_EQ(*base::io::read_file(file_, 1U << 20U), garbage);
}

TEST_F(StoreTest, AFullDiskIsAnErrorAndLosesNothing) {
  auto store = open();
  ASSERT_TRUE(store.has_value());
  ASSERT_TRUE(store->put(example()).has_value());
  // No file may grow beyond what it is: the write-ahead log has to.
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{.rlim_cur = 4096, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  Assignment another = example();
  another.frontend = "vault";
  const auto written = store->put(another);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ASSERT_FALSE(written.has_value());
  EXPECT_NE(written.error().text.find("state database"), std::string::npos);
  EXPECT_EQ(*store->assignments(), std::vector<Assignment>{example()});
  EXPECT_TRUE(store->put(another).has_value()) << "and it goes on when there is room again";
  EXPECT_EQ(store->assignments()->size(), 2U);
}

}  // namespace
}  // namespace dom0::io
