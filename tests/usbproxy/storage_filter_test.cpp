// SPDX-License-Identifier: GPL-2.0-or-later
// Read-only storage: what of a target's commands reaches the device, and what it is told instead.
#include "usbproxy/storage_filter.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/usbproxy/storage_wrapper.hpp"
#include "usbproxy/storage_commands.hpp"

namespace usbproxy {
namespace {

using test::read_10;
using test::request_sense;
using test::wrapper;
using test::WrapperSpec;
using test::write_10;
using Taken = StorageFilter::Verdict;

Taken send(StorageFilter& filter, const WrapperSpec& spec) { return filter.write(wrapper(spec)); }

struct Status {
  std::uint32_t tag = 0, residue = 0;
  int failed = -1;
};

// The status that the filter gives now; failed -1: none, the device would.
Status status_of(StorageFilter& filter) {
  const auto bytes = filter.read(13);
  if (!bytes || bytes->size() != 13) return {};
  base::wire::Reader in(*bytes);
  EXPECT_EQ(in.u32(), 0x53425355U);
  Status status{.tag = in.u32(), .residue = in.u32()};
  status.failed = in.u8();
  return status;
}

std::string sense_of(StorageFilter& filter, std::uint8_t lun = 0) {
  if (send(filter, request_sense(lun)) != Taken::accept) return "of the device";
  const auto data = filter.read(18);
  if (!data || data->size() != 18) return "none";
  const auto at = [&data](std::size_t i) {
    return std::to_string(std::to_integer<int>((*data)[i]));
  };
  std::string text = at(2) + "/" + at(12) + "/" + at(13);
  EXPECT_EQ(status_of(filter).failed, 0);
  return text;
}
const std::string write_protected = "7/39/0";
const std::string invalid_command = "5/32/0";
const std::string invalid_field = "5/36/0";

struct Command {
  const char* name;
  WrapperSpec spec;
};

const std::vector<Command> reading{
    {"TEST UNIT READY", {.block = {0x00, 0, 0, 0, 0, 0}}},
    {"REQUEST SENSE", request_sense()},
    {"READ(6)", {.block = {0x08, 0, 0, 0, 1, 0}, .length = 512}},
    {"INQUIRY", {.block = {0x12, 0, 0, 0, 36, 0}, .length = 36}},
    {"START UNIT", {.block = {0x1b, 0, 0, 0, 1, 0}}},
    {"STOP UNIT", {.block = {0x1b, 1, 0, 0, 0, 0}}},
    {"PREVENT ALLOW", {.block = {0x1e, 0, 0, 0, 1, 0}}},
    {"READ FORMAT CAPACITIES", {.block = {0x23, 0, 0, 0, 0, 0, 0, 0, 252, 0}, .length = 252}},
    {"READ CAPACITY(10)", {.block = {0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0}, .length = 8}},
    {"READ(10)", read_10()},
    {"READ TOC", {.block = {0x43, 0, 0, 0, 0, 0, 0, 0, 12, 0}, .length = 12}},
    {"GET CONFIGURATION", {.block = {0x46, 0, 0, 0, 0, 0, 0, 0, 8, 0}, .length = 8}},
    {"GET EVENT STATUS", {.block = {0x4a, 1, 0, 0, 16, 0, 0, 0, 8, 0}, .length = 8}},
    {"READ DISC INFORMATION", {.block = {0x51, 0, 0, 0, 0, 0, 0, 0, 34, 0}, .length = 34}},
    {"READ TRACK INFORMATION", {.block = {0x52, 1, 0, 0, 0, 1, 0, 0, 28, 0}, .length = 28}},
    {"READ(16)", {.block = {0x88, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0}, .length = 512}},
    {"READ CAPACITY(16)",
     {.block = {0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0}, .length = 32}},
    {"REPORT LUNS", {.block = {0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0}, .length = 16}},
    {"READ(12)", {.block = {0xa8, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0}, .length = 512}},
};

TEST(StorageFilter, LetsReadingThrough) {
  for (const auto& [name, spec] : reading) {
    StorageFilter filter;
    EXPECT_EQ(send(filter, spec), Taken::pass) << name;
    EXPECT_FALSE(filter.read(spec.length)) << name;  // the device answers
    EXPECT_FALSE(filter.read(13)) << name;
    EXPECT_EQ(filter.refused(), 0U);
  }
}

TEST(StorageFilter, LetsACommandThroughThatIsPaddedWithZeros) {
  for (const auto& [name, spec] : reading) {
    for (std::size_t length = 0; length <= 20; ++length) {
      StorageFilter filter;
      WrapperSpec padded = spec;
      padded.block_length = static_cast<int>(length);
      const bool possible = length >= 1 && length <= 16;
      const Taken expected = !possible                     ? Taken::stall
                             : length >= spec.block.size() ? Taken::pass
                                                           : Taken::accept;
      EXPECT_EQ(send(filter, padded), expected) << name << ' ' << length;
      EXPECT_EQ(filter.refused(), expected == Taken::accept ? 1U : 0U) << name << ' ' << length;
    }
  }
}

TEST(StorageFilter, RefusesBytesBehindACommand) {
  for (const auto& [name, spec] : reading) {
    for (std::size_t at = spec.block.size(); at < 16; ++at) {
      for (const std::size_t length : {spec.block.size(), std::size_t{16}}) {
        StorageFilter filter;
        WrapperSpec hiding = spec;
        hiding.block.resize(16);
        hiding.block[at] = 1;
        hiding.block_length = static_cast<int>(length);
        EXPECT_EQ(send(filter, hiding), Taken::accept) << name << ' ' << at;
        EXPECT_EQ(filter.refused(), 1U) << name << ' ' << at;
      }
    }
  }
}

TEST(StorageFilter, RefusesEveryOtherDirection) {
  for (const auto& [name, spec] : reading) {
    StorageFilter filter;
    WrapperSpec lying = spec;
    lying.in = false;
    lying.length = std::max<std::uint32_t>(spec.length, 512);
    EXPECT_EQ(send(filter, lying), Taken::accept) << name;
    // What would be its data is swallowed, and is no command.
    EXPECT_EQ(filter.write(wrapper(read_10())), Taken::accept) << name;
    EXPECT_EQ(filter.write(std::vector<std::byte>(lying.length - 31)), Taken::accept) << name;
    EXPECT_EQ(status_of(filter).failed, 1) << name;
    EXPECT_EQ(sense_of(filter), invalid_field) << name;
  }
}

TEST(StorageFilter, RefusesDataOfCommandsThatHaveNone) {
  for (const auto& [name, spec] : reading) {
    if (spec.length != 0) continue;
    StorageFilter filter;
    WrapperSpec lying = spec;
    lying.length = 8;
    EXPECT_EQ(send(filter, lying), Taken::accept) << name;
    EXPECT_EQ(filter.read(8)->size(), 0U) << name;
    EXPECT_EQ(status_of(filter).residue, 8U) << name;
  }
}

// Of all 256 opcodes in all lengths those in the table pass, and nothing else.
TEST(StorageFilter, RefusesEveryOtherOpcode) {
  for (unsigned opcode = 0; opcode < 256; ++opcode) {
    const bool reads = std::any_of(reading.begin(), reading.end(), [opcode](const Command& one) {
      return one.spec.block.front() == opcode;
    });
    if (reads) continue;
    for (const int length : {6, 10, 12, 16}) {
      for (const bool in : {false, true}) {
        for (const std::uint32_t data : {0U, 512U}) {
          StorageFilter filter;
          EXPECT_EQ(send(filter, {.block = {static_cast<std::uint8_t>(opcode)},
                                  .length = data,
                                  .in = in,
                                  .block_length = length}),
                    Taken::accept)
              << opcode;
        }
      }
    }
  }
}

TEST(StorageFilter, SaysThatWritesAreProtected) {
  for (const std::uint8_t opcode :
       std::initializer_list<std::uint8_t>{0x04, 0x0a, 0x15, 0x2a, 0x2e, 0x3b, 0x41, 0x42, 0x48,
                                           0x55, 0x83, 0x89, 0x8a, 0x8e, 0x93, 0xaa, 0xae}) {
    StorageFilter filter;
    EXPECT_EQ(send(filter, {.block = {opcode}, .length = 0, .block_length = 16}), Taken::accept);
    EXPECT_EQ(status_of(filter).failed, 1) << int{opcode};
    EXPECT_EQ(sense_of(filter), write_protected) << int{opcode};
  }
  // A maker's own command, and ATA PASS-THROUGH.
  for (const std::uint8_t opcode :
       std::initializer_list<std::uint8_t>{0xc1, 0xf0, 0xff, 0xa1, 0x85, 0x3c, 0x4d, 0xb5}) {
    StorageFilter filter;
    EXPECT_EQ(send(filter, {.block = {opcode}, .length = 0, .block_length = 16}), Taken::accept);
    EXPECT_EQ(status_of(filter).failed, 1) << int{opcode};
    EXPECT_EQ(sense_of(filter), invalid_command) << int{opcode};
  }
}

TEST(StorageFilter, ARefusedWriteGoesThroughAllItsStages) {
  StorageFilter filter;
  ASSERT_EQ(send(filter, write_10(4096)), Taken::accept);
  ASSERT_EQ(filter.write(std::vector<std::byte>(1024)), Taken::accept);
  ASSERT_EQ(filter.write(std::vector<std::byte>(3072)), Taken::accept);
  const Status status = status_of(filter);
  EXPECT_EQ(status.tag, 0x11223344U);
  EXPECT_EQ(status.residue, 0U);
  EXPECT_EQ(status.failed, 1);
  EXPECT_EQ(sense_of(filter), write_protected);
  EXPECT_EQ(send(filter, read_10()), Taken::pass);  // and then it goes on as before
}

TEST(StorageFilter, ATargetMayGiveUpTheDataOfARefusedWrite) {
  StorageFilter filter;
  ASSERT_EQ(send(filter, write_10(4096)), Taken::accept);
  ASSERT_EQ(filter.write(std::vector<std::byte>(512)), Taken::accept);
  EXPECT_EQ(status_of(filter).residue, 4096U - 512U);
  EXPECT_EQ(send(filter, read_10()), Taken::pass);
}

TEST(StorageFilter, SenseIsOfTheUnitAndOfTheLastCommand) {
  StorageFilter filter;
  WrapperSpec write = write_10(0);
  write.lun = 3;
  ASSERT_EQ(send(filter, write), Taken::accept);
  ASSERT_EQ(status_of(filter).failed, 1);
  EXPECT_EQ(sense_of(filter, 2), "of the device");
  EXPECT_EQ(sense_of(filter, 3), write_protected);
  EXPECT_EQ(sense_of(filter, 3), "of the device");
  ASSERT_EQ(send(filter, write), Taken::accept);
  ASSERT_EQ(status_of(filter).failed, 1);
  WrapperSpec read = read_10();
  read.lun = 3;
  EXPECT_EQ(send(filter, read), Taken::pass);
  EXPECT_EQ(sense_of(filter, 3), "of the device");
}

TEST(StorageFilter, RefusesWritesToEveryUnit) {
  for (unsigned lun = 0; lun < 256; ++lun) {
    StorageFilter filter;
    WrapperSpec write = write_10(0);
    write.lun = static_cast<std::uint8_t>(lun);
    EXPECT_EQ(send(filter, write), lun < 16 ? Taken::accept : Taken::stall) << lun;
  }
}

TEST(StorageFilter, TellsSenseInBothFormats) {
  StorageFilter filter;
  ASSERT_EQ(send(filter, write_10(0)), Taken::accept);
  ASSERT_EQ(status_of(filter).failed, 1);
  WrapperSpec sense = request_sense();
  sense.block[1] = 1;  // DESC
  ASSERT_EQ(send(filter, sense), Taken::accept);
  const auto data = filter.read(18);
  ASSERT_TRUE(data);
  ASSERT_EQ(data->size(), 8U);
  EXPECT_EQ((*data)[0], std::byte{0x72});
  EXPECT_EQ((*data)[1], std::byte{7});
  EXPECT_EQ((*data)[2], std::byte{0x27});
  EXPECT_EQ(status_of(filter).residue, 10U);
}

TEST(StorageFilter, ModeSenseSaysWriteProtected) {
  StorageFilter filter;
  ASSERT_EQ(send(filter, {.block = {0x1a, 0, 0x3f, 0, 192, 0}, .length = 192}), Taken::accept);
  auto data = filter.read(192);
  ASSERT_TRUE(data);
  ASSERT_EQ(data->size(), 4U);
  EXPECT_EQ((*data)[2], std::byte{0x80});
  EXPECT_EQ(status_of(filter).failed, 0);
  ASSERT_EQ(send(filter, {.block = {0x5a, 0, 0x3f, 0, 0, 0, 0, 0, 192, 0}, .length = 192}),
            Taken::accept);
  data = filter.read(192);
  ASSERT_TRUE(data);
  ASSERT_EQ(data->size(), 8U);
  EXPECT_EQ((*data)[3], std::byte{0x80});
  EXPECT_EQ(status_of(filter).failed, 0);
  EXPECT_EQ(filter.refused(), 0U);
}

// As much as was allocated, in as many parts as it is asked for.
TEST(StorageFilter, AnswersAreAsLongAsAskedFor) {
  StorageFilter filter;
  ASSERT_EQ(send(filter, {.block = {0x1a, 0, 0x3f, 0, 3, 0}, .length = 3}), Taken::accept);
  EXPECT_EQ(filter.read(1)->size(), 1U);
  EXPECT_EQ(filter.read(2)->size(), 2U);
  EXPECT_EQ(status_of(filter).residue, 0U);
  ASSERT_EQ(send(filter, {.block = {0x1a, 0, 0x3f, 0, 4, 0}, .length = 8}), Taken::accept);
  EXPECT_EQ(filter.read(4)->size(), 4U);
  EXPECT_EQ(filter.read(4)->size(), 0U);  // the short transfer that ends the stage
  EXPECT_EQ(status_of(filter).residue, 4U);
  ASSERT_EQ(send(filter, {.block = {0x1a, 0, 0x3f, 0, 4, 0}, .length = 2}), Taken::accept);
  EXPECT_EQ(filter.read(64)->size(), 2U);  // never more than was announced
  EXPECT_EQ(status_of(filter).residue, 0U);
}

TEST(StorageFilter, SynchronizeCacheHasNothingToDo) {
  StorageFilter filter;
  for (const std::uint8_t opcode : std::initializer_list<std::uint8_t>{0x35, 0x91}) {
    ASSERT_EQ(send(filter, {.block = {opcode}, .block_length = opcode == 0x35 ? 10 : 16}),
              Taken::accept);
    EXPECT_EQ(status_of(filter).failed, 0);
  }
}

TEST(StorageFilter, RefusesToEject) {
  for (const std::uint8_t power :
       std::initializer_list<std::uint8_t>{0x02, 0x03, 0x10, 0x30, 0xa0}) {
    StorageFilter filter;
    EXPECT_EQ(send(filter, {.block = {0x1b, 0, 0, 0, power, 0}}), Taken::accept);
    EXPECT_EQ(filter.refused(), 1U) << int{power};
  }
}

TEST(StorageFilter, RefusesOtherServiceActions) {
  for (std::uint8_t action = 0; action < 32; ++action) {
    StorageFilter filter;
    EXPECT_EQ(send(filter, {.block = {0x9e, action}, .length = 32, .block_length = 16}),
              action == 0x10 ? Taken::pass : Taken::accept);
  }
}

// Whatever its size, a transfer that is no wrapper never reaches the device: not a wrapper in two
// parts, not two in one.
TEST(StorageFilter, StallsWhatIsNoWrapper) {
  const auto good = wrapper(read_10());
  StorageFilter filter;
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_EQ(filter.write(base::wire::Bytes(good).first(size)), Taken::stall) << size;
    EXPECT_EQ(filter.write(base::wire::Bytes(good).subspan(size + 1)), Taken::stall) << size;
  }
  auto longer = good;
  longer.push_back(std::byte{0});
  EXPECT_EQ(filter.write(longer), Taken::stall);
  auto two = wrapper(read_10());
  const auto write = wrapper(write_10());
  two.insert(two.end(), write.begin(), write.end());
  EXPECT_EQ(filter.write(two), Taken::stall);
  two.resize(512);
  EXPECT_EQ(filter.write(two), Taken::stall);
  EXPECT_FALSE(filter.read(13));  // nothing of it is answered here
  EXPECT_EQ(send(filter, read_10()), Taken::pass);
}

TEST(StorageFilter, StallsWrappersWithReservedBits) {
  WrapperSpec bad = read_10();
  bad.signature = 0x43425354;
  StorageFilter filter;
  EXPECT_EQ(send(filter, bad), Taken::stall);
  for (unsigned bit = 0; bit < 7; ++bit) {
    bad = read_10();
    bad.more_flags = static_cast<std::uint8_t>(1U << bit);
    EXPECT_EQ(send(filter, bad), Taken::stall) << bit;
  }
}

TEST(StorageFilter, AStallDoesNotEndARefusedCommandsData) {
  StorageFilter filter;
  ASSERT_EQ(send(filter, write_10(62)), Taken::accept);
  // Two wrappers as the announced data: data.
  EXPECT_EQ(filter.write(wrapper(write_10())), Taken::accept);
  EXPECT_EQ(filter.write(wrapper(read_10())), Taken::accept);
  EXPECT_EQ(status_of(filter).failed, 1);
}

TEST(StorageFilter, AResetForgetsTheCommand) {
  StorageFilter filter;
  ASSERT_EQ(send(filter, write_10(4096)), Taken::accept);
  filter.reset();
  EXPECT_FALSE(filter.read(13));
  EXPECT_EQ(send(filter, read_10()), Taken::pass);
  EXPECT_EQ(sense_of(filter), "of the device");
}

}  // namespace
}  // namespace usbproxy
