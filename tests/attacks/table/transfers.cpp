// SPDX-License-Identifier: GPL-2.0-or-later
// Answers that are refused, late, missing, short or long, at each step of a device's life; and
// sticks that lie about what they hold.
#include "tests/attacks/attack.hpp"
#include "tests/attacks/emulator/honest.hpp"

namespace attacks {
namespace {

using namespace std::chrono_literals;

Attack row(const std::string& id, const std::string& what, const Device& device,
           std::optional<Expected> plug, std::optional<Expected> stream) {
  return {id,    Class::transfers, "answers at each step", what, [device] { return device; }, plug,
          stream};
}

struct At {
  Step step;
  const char* name;
  Expected stall_plugged, stall_streamed, unplug_plugged, unplug_streamed;
};

std::vector<At> setup_steps() {
  const Expected none = not_enumerated();
  const Expected missing = refused("the device does not give it");
  const Expected no_serial = refused("serial number ''");
  const Expected gone = refused("unplugged in sys-usb");
  return {
      {Step::device, "device", none, missing, none, gone},
      {Step::configuration, "configuration", none, missing, none, gone},
      {Step::configuration_whole, "configuration-whole", none, missing, none, gone},
      {Step::string, "string", no_serial, no_serial, none, gone},
      {Step::report, "report", missing, missing, gone, gone},
      {Step::set_configuration, "set-configuration", none, harmless(), none, unplugged()},
      {Step::other_control, "class-request", harmless(), harmless(), none, unplugged()},
  };
}

std::vector<Attack> stalls_and_unplugs() {
  std::vector<Attack> all;
  for (const At& at : setup_steps()) {
    all.push_back(row(std::string("stall-") + at.name, std::string("stalls: ") + at.name,
                      keyboard().with({at.step, stall()}), at.stall_plugged, at.stall_streamed));
    all.push_back(row(std::string("unplug-at-") + at.name, std::string("leaves at: ") + at.name,
                      keyboard().with({at.step, unplug()}), at.unplug_plugged, at.unplug_streamed));
  }
  for (const auto& [step, name] :
       {std::pair{Step::data_out, "data-out"}, {Step::data_in, "data-in"}}) {
    all.push_back(row(std::string("stall-") + name, std::string("stalls every transfer: ") + name,
                      disk().with({step, stall()}), harmless(), harmless()));
    for (const unsigned number : {0U, 2U}) {
      all.push_back(row("unplug-at-" + std::string(name) + "-" + std::to_string(number),
                        "leaves at transfer " + std::to_string(number) + ": " + name,
                        disk().with({step, unplug(), number}), unplugged(), unplugged()));
    }
  }
  return all;
}

std::vector<Attack> lengths() {
  return {
      row("short-device", "8 bytes of the device descriptor",
          keyboard().with({Step::device, cut_to(8), 1}), not_enumerated(),
          refused("does not say the same twice")),
      row("short-configuration", "9 bytes of the configuration",
          keyboard().with({Step::configuration_whole, cut_to(9)}),
          refused("bLength 0 is less than its own header's 2 bytes"), refused("but 9 bytes came")),
      row("short-report", "one byte of the report descriptor",
          keyboard().with({Step::report, cut_to(1)}), refused("it ends here"),
          refused("it ends here")),
      row("short-data", "every IN transfer is empty", disk().with({Step::data_in, cut_to(0)}),
          harmless(), harmless()),
      row("long-data", "one byte more than asked in every IN transfer",
          disk().with({Step::data_in, lengthen_by(1)}), harmless(),
          ended("bulk reply longer than asked")),
      row("longer-data", "4096 bytes more than asked in every IN transfer",
          disk().with({Step::data_in, lengthen_by(4096)}), harmless(),
          ended("bulk reply longer than asked")),
      row("long-string", "a string longer than asked",
          keyboard().with({Step::string, lengthen_by(300)}), refused("serial number ''"),
          refused("control reply longer than asked")),
      row("long-report", "a report descriptor longer than asked",
          keyboard().with({Step::report, lengthen_by(64)}), refused("the device does not give it"),
          refused("control reply longer than asked")),
  };
}

Attack watched(Attack attack, milliseconds time) {
  attack.run_for = time;
  return attack;
}

std::vector<Attack> times() {
  return {
      row("late-string", "strings come after 300 ms", keyboard().with({Step::string, late(300ms)}),
          harmless(), harmless()),
      row("late-data", "data comes after 500 ms", disk().with({Step::data_in, late(500ms)}),
          harmless(), harmless()),
      watched(row("late-beyond", "an answer after the kernel's own 5 s",
                  keyboard().with({Step::report, late(5100ms)}), harmless(), harmless()),
              6s),
      row("silent-report", "never answers for its report descriptor",
          keyboard().with({Step::report, fall_silent()}), harmless(), harmless()),
      row("silent-class-request", "never answers a class request",
          keyboard().with({Step::other_control, fall_silent()}), harmless(), harmless()),
      row("silent-data-out", "takes no data", disk().with({Step::data_out, fall_silent()}),
          harmless(), harmless()),
      row("silent-data-in", "gives no data", disk().with({Step::data_in, fall_silent()}),
          harmless(), harmless()),
      row("silent-string", "never answers for a string",
          keyboard().with({Step::string, fall_silent()}), refused("serial number ''"), harmless()),
      row("silent-device", "never answers for its device descriptor",
          keyboard().with({Step::device, fall_silent()}), not_enumerated(), harmless()),
  };
}

Attack stick(const char* id, const char* what, DiskLies lies, Expected plug = harmless(),
             Expected stream = harmless()) {
  const Device device = disk(std::move(lies));
  return {id,   Class::storage, "bulk-only transport 1.0, SCSI", what, [device] { return device; },
          plug, stream};
}

DiskLies status(std::function<void(Memory&)> lie) {
  DiskLies lies;
  lies.status = std::move(lie);
  return lies;
}
DiskLies answer(std::uint8_t opcode, std::function<void(Memory&)> lie) {
  DiskLies lies;
  lies.data = [opcode, lie = std::move(lie)](std::uint8_t given, Memory& data) {
    if (given == opcode) lie(data);
  };
  return lies;
}
std::function<void(Memory&)> set(std::size_t offset, std::initializer_list<unsigned> values) {
  const Memory replacement = bytes(values);
  return [offset, replacement](Memory& data) {
    for (std::size_t i = 0; i < replacement.size() && offset + i < data.size(); ++i)
      data[offset + i] = replacement[i];
  };
}
std::function<void(Memory&)> size(std::size_t size) {
  return [size](Memory& data) { data.resize(size); };
}

std::vector<Attack> sticks() {
  constexpr std::uint8_t inquiry = 0x12, capacity = 0x25, read = 0x28;
  Device luns = disk();
  luns.on_control = [](const Setup&, Bytes) { return give(bytes({255})); };
  return {
      stick("status-tag", "a status with another command's tag", status(set(4, {0xff, 0xff}))),
      stick("status-signature", "a status without its signature", status(set(0, {'X'}))),
      stick("status-residue", "more left over than was asked for",
            status(set(8, {0xff, 0xff, 0xff, 0x7f}))),
      stick("status-3", "a status that does not exist", status(set(12, {3}))),
      stick("status-phase", "a phase error each time", status(set(12, {2}))),
      stick("status-12", "a status of 12 bytes", status(size(12))),
      stick("status-14", "a status of 14 bytes", status(size(14))),
      stick("inquiry-1", "INQUIRY gives one byte", answer(inquiry, size(1))),
      stick("inquiry-length", "INQUIRY claims 255 more bytes", answer(inquiry, set(4, {255}))),
      stick("inquiry-escape", "terminal escapes as the vendor's name",
            answer(inquiry, set(8, {0x1b, '[', '2', 'J', 0x1b, 'c', 0, 7}))),
      stick("capacity-0", "a last block of 2^32 - 1",
            answer(capacity, set(0, {255, 255, 255, 255}))),
      stick("capacity-none", "READ CAPACITY gives nothing", answer(capacity, size(0))),
      stick("block-size-3", "blocks of 3 bytes", answer(capacity, set(4, {0, 0, 0, 3}))),
      stick("block-size-0", "blocks of 0 bytes", answer(capacity, set(4, {0, 0, 0, 0}))),
      stick("block-size-huge", "blocks of 2 GiB", answer(capacity, set(4, {0x80, 0, 0, 0}))),
      stick("read-short", "half of what READ asked for", answer(read, size(256))),
      stick("read-long", "more than READ asked for",
            answer(read, [](Memory& data) { data.resize(data.size() + 512); })),
      {"lun-255", Class::storage, "bulk-only transport 1.0, SCSI", "GET MAX LUN gives 255",
       [luns] { return luns; }, harmless(), harmless()},
      {"partition-table", Class::storage, "malicious media",
       "a partition table whose extended partitions go in a circle",
       [] {
         return disk(answer(0x28, [](Memory& data) {
           if (data.size() < 512) return;
           data[446 + 4] = std::byte{5};
           data[446 + 8] = std::byte{1};
           data[446 + 12] = std::byte{8};
           data[510] = std::byte{0x55};
           data[511] = std::byte{0xaa};
         }));
       },
       harmless(), harmless()},
  };
}

}  // namespace

std::vector<Attack> transfer_attacks() {
  std::vector<Attack> all = stalls_and_unplugs();
  for (auto part : {lengths, times, sticks}) {
    const std::vector<Attack> some = part();
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

}  // namespace attacks
