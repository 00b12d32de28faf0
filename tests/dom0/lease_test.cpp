// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/lease.hpp"

#include <gtest/gtest.h>

#include "dom0/inventory.hpp"
#include "tests/dom0/block_devices.hpp"

namespace dom0 {
namespace {

sysusb::DeviceRecord stick(const std::string& port_id) {
  sysusb::DeviceRecord record;
  record.port_id = port_id;
  record.bus = 2;
  record.device = 3;
  record.speed = sysusb::Speed::super;
  record.vendor_id = 0x0951;
  record.product_id = 0x1666;
  record.product = "DataTraveler";
  record.serial = "60A44C";
  record.interfaces = {{.interface_class = 8, .subclass = 6, .protocol = 0x50}};
  return record;
}

Lease lease_of(const std::string& frontend, const std::string& port_id) {
  Lease lease;
  lease.state = LeaseState::asking;
  lease.frontend = frontend;
  lease.backend = "sys-usb";
  lease.device = stick(port_id);
  lease.since = 1700000000;
  return lease;
}

TEST(LeaseTable, GivesADeviceToOneQubeOnly) {
  LeaseTable table;
  const auto first = table.add(lease_of("work", "2-1"));
  ASSERT_TRUE(first.has_value());
  const auto second = table.add(lease_of("vault", "2-1"));
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().text, "Device sys-usb:2-1 is busy: asking for work");
  table.find(*first)->state = LeaseState::attached;
  EXPECT_EQ(table.add(lease_of("vault", "2-1")).error().text,
            "Device sys-usb:2-1 already attached to work; give it back first: "
            "qvm-usb detach work sys-usb:2-1");
  EXPECT_TRUE(table.add(lease_of("vault", "2-2")).has_value());
}

TEST(LeaseTable, AnApprovalIsForOneCallOfOneQubeToOnePort) {
  LeaseTable table;
  const auto id = table.add(lease_of("work", "2-1"));
  EXPECT_EQ(table.find_expected("work", "sys-usb", "2-1"), nullptr);  // still being asked
  table.find(*id)->state = LeaseState::attaching;
  EXPECT_EQ(table.find_expected("vault", "sys-usb", "2-1"), nullptr);
  EXPECT_EQ(table.find_expected("work", "sys-usb", "2-2"), nullptr);
  EXPECT_EQ(table.find_expected("work", "other", "2-1"), nullptr);
  ASSERT_NE(table.find_expected("work", "sys-usb", "2-1"), nullptr);
  table.find(*id)->stream_call = {7};
  EXPECT_EQ(table.find_expected("work", "sys-usb", "2-1"), nullptr);  // used up
  EXPECT_NE(table.find_stream({7}), nullptr);
}

TEST(LeaseTable, RemembersWhyADeviceWasTakenAway) {
  LeaseTable table;
  for (std::size_t i = 0; i < LeaseTable::max_ended + 5; ++i) {
    const auto id = table.add(lease_of("work", "2-1"));
    table.end(*id, "reason " + std::to_string(i), 5);
  }
  EXPECT_TRUE(table.all().empty());
  EXPECT_EQ(table.ended().size(), LeaseTable::max_ended);
  EXPECT_EQ(table.last_end("sys-usb:2-1")->reason, "reason 68");
  EXPECT_EQ(table.last_end("sys-usb:2-2"), nullptr);
}

TEST(LeaseTable, IsBounded) {
  LeaseTable table;
  for (std::size_t i = 0; i < LeaseTable::max_leases; ++i) {
    ASSERT_TRUE(table.add(lease_of("work", "2-" + std::to_string(i + 1))).has_value());
  }
  EXPECT_FALSE(table.add(lease_of("work", "3-1")).has_value());
}

TEST(LeaseRecord, SurvivesTheRelay) {
  Lease lease = lease_of("work", "2-1.4");
  lease.id = {3};
  lease.state = LeaseState::attached;
  lease.attach_call = {0x80000001};
  lease.stream_call = {9};
  const auto wire = encode_lease(lease);
  const auto back = parse_lease(wire);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(*back, lease);
  for (std::size_t length = 0; length < wire.size(); ++length) {
    EXPECT_FALSE(parse_lease(std::span(wire).first(length)).has_value()) << length;
  }
}

TEST(LeaseTable, GivesAwayNoPartOfWhatIsGiven) {
  const Device disk(test::disk(), "0951:1666:60A44C:u080650");
  const auto lease = [](Device device) {
    return Lease{.id = {},
                 .state = LeaseState::attached,
                 .frontend = "work",
                 .backend = "sys-usb",
                 .device = std::move(device),
                 .attach_call = {},
                 .stream_call = {}};
  };
  LeaseTable table;
  ASSERT_TRUE(table.add(lease(test::partition())).has_value());
  EXPECT_TRUE(table.add(lease(test::partition("sda2", 2))).has_value());
  const auto whole = table.add(lease(disk));
  ASSERT_FALSE(whole.has_value());
  EXPECT_EQ(whole.error().text,
            "Device sys-usb:sda1 already attached to work; give it back first: qvm-block detach "
            "work sys-usb:sda1");
  EXPECT_FALSE(table.add(lease(test::usb_stick())).has_value());
  Lease elsewhere = lease(disk);
  elsewhere.backend = "other";
  EXPECT_TRUE(table.add(elsewhere).has_value());
}

TEST(LeaseRecord, OfABlockDeviceSurvivesTheRelay) {
  Lease lease = lease_of("work", "2-1");
  lease.device = Device(test::partition(), "0951:1666:60A44C:u080650");
  lease.state = LeaseState::attached;
  lease.options = {{"read-only", "yes"}, {"frontend-dev", "xvdi"}};
  const auto wire = encode_lease(lease);
  const auto back = parse_lease(wire);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(*back, lease);
  for (std::size_t length = 0; length < wire.size(); ++length) {
    EXPECT_FALSE(parse_lease(std::span(wire).first(length)).has_value()) << length;
  }
}

TEST(Inventory, TellsWhatChanged) {
  Inventory inventory;
  EXPECT_EQ(inventory.put("sys-usb", stick("2-1")), Inventory::Change::added);
  EXPECT_EQ(inventory.put("sys-usb", stick("2-1")), Inventory::Change::unchanged);
  auto other = stick("2-1");
  other.serial = "X";
  EXPECT_EQ(inventory.put("sys-usb", other), Inventory::Change::changed);
  EXPECT_EQ(inventory.find("sys-usb", "2-1")->usb()->serial, "X");
  EXPECT_EQ(inventory.find("work", "2-1"), nullptr);
  EXPECT_TRUE(inventory.remove("sys-usb", "2-1"));
  EXPECT_FALSE(inventory.remove("sys-usb", "2-1"));
}

TEST(Inventory, IsBoundedPerQube) {
  Inventory inventory;
  for (std::size_t i = 0; i < Inventory::max_devices_per_qube; ++i) {
    ASSERT_EQ(inventory.put("sys-usb", stick("1-" + std::to_string(i))), Inventory::Change::added);
  }
  EXPECT_EQ(inventory.put("sys-usb", stick("2-1")), Inventory::Change::refused_too_many);
  EXPECT_EQ(inventory.put("other", stick("2-1")), Inventory::Change::added);
}

TEST(LeaseTable, OfASnapshotThereAreManyReadersAndOneWriter) {
  const auto of = [](const std::string& frontend, const std::string& reads) {
    Lease lease = lease_of(frontend, "");
    lease.device = test::disk();
    lease.state = LeaseState::attaching;
    lease.options = {{"read-only", reads}};
    return lease;
  };
  LeaseTable table;
  ASSERT_TRUE(table.add(of("work", "yes"), Sharing::of_snapshots).has_value());
  ASSERT_TRUE(table.add(of("vault", "yes"), Sharing::of_snapshots).has_value());
  const auto writer = table.add(of("mail", "no"), Sharing::of_snapshots);
  ASSERT_TRUE(writer.has_value());
  EXPECT_FALSE(table.add(of("web", "no"), Sharing::of_snapshots).has_value());
  EXPECT_FALSE(table.add(of("work", "yes"), Sharing::of_snapshots).has_value()) << "has it already";
  EXPECT_FALSE(table.add(of("web", "yes")).has_value()) << "no snapshot";
  EXPECT_EQ(table.all_of("sys-usb", test::disk().port_id).size(), 3U);
  EXPECT_EQ(table.find_expected("mail", "sys-usb", test::disk().port_id)->id, *writer);
  EXPECT_EQ(table.find_held("vault", "sys-usb", test::disk().port_id)->frontend, "vault");
  EXPECT_EQ(table.find_held("web", "sys-usb", test::disk().port_id), nullptr);
}

}  // namespace
}  // namespace dom0
