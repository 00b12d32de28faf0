// SPDX-License-Identifier: GPL-2.0-or-later
// HID descriptors and report descriptors that lie (HID 1.11, 6.2).
#include "tests/attacks/attack.hpp"
#include "tests/attacks/emulator/honest.hpp"

namespace attacks {
namespace {

// A keyboard with another report descriptor; its HID descriptor says `claimed` bytes.
Device with_report(const Memory& report, std::size_t claimed) {
  Device device = keyboard();
  Interface one = keyboard_interface();
  one.subclass = 0;
  one.protocol = 0;
  one.extra = hid_descriptor(claimed);
  device.configurations[0] = configuration({one});
  device.reports[0] = report;
  return device;
}
Device with_report(const Memory& report) { return with_report(report, report.size()); }

Device with_hid_block(const Memory& block) {
  Device device = keyboard();
  Interface one = keyboard_interface();
  one.extra = block;
  device.configurations[0] = configuration({one});
  return device;
}

Device hid_product(unsigned vendor, unsigned id, Device device) {
  device.descriptor =
      patched(device.descriptor, 8, {vendor & 0xffU, vendor >> 8U, id & 0xffU, id >> 8U});
  return device;
}

Memory nested(unsigned depth) {
  Memory report = bytes({0x05, 0x01, 0x09, 0x06});
  for (unsigned i = 0; i < depth; ++i) report = std::move(report) + bytes({0xa1, 0x01});
  report = std::move(report) + bytes({0x75, 0x08, 0x95, 0x01, 0x81, 0x02});
  for (unsigned i = 0; i < depth; ++i) report = std::move(report) + bytes({0xc0});
  return report;
}

Memory repeated(std::size_t size, const Memory& what) {
  Memory report;
  while (report.size() + what.size() <= size) report = std::move(report) + what;
  return report;
}

Attack hid(const char* id, const char* source, const char* what, const Device& device,
           Expected plug = harmless(), Expected stream = harmless()) {
  return {id, Class::class_blocks, source, what, [device] { return device; }, plug, stream};
}

std::vector<Attack> hid_blocks() {
  return {
      hid("hid-block-short", "CVE-2017-16533", "a HID descriptor of two bytes",
          with_hid_block(bytes({2, 0x21})),
          refused("class-specific descriptor 0x21: bLength 2 is too short for its kind an"),
          refused("class-specific descriptor 0x21: bLength 2 is too short for its kind an")),
      hid("hid-block-many", "CVE-2017-16533", "a HID descriptor that claims 255 others",
          with_hid_block(bytes({9, 0x21, 0x11, 1, 0, 255, 0x22, 63, 0})),
          refused("class-specific descriptor 0x21: bLength 9 is too short for its kind an"),
          refused("class-specific descriptor 0x21: bLength 9 is too short for its kind an")),
      hid("hid-block-missing", "HID 1.11", "HID without its descriptor", with_hid_block({}),
          refused("HID interface: it has no HID descriptor"),
          refused("HID interface: it has no HID descriptor")),
      hid("hid-block-64k", "HID 1.11", "a report descriptor of 65535 bytes is announced",
          with_hid_block(bytes({9, 0x21, 0x11, 1, 0, 1, 0x22, 0xff, 0xff})),
          refused("HID descriptor: wDescriptorLength 65535 is not 1 to 4096"),
          refused("HID descriptor: wDescriptorLength 65535 is not 1 to 4096")),
  };
}

std::vector<Attack> hid_reports() {
  const Memory good = boot_keyboard_report();
  const Memory no_end(good.begin(), good.end() - 1);
  return {
      hid("hid-report-unbalanced", "HID 1.11", "a collection without an end", with_report(no_end),
          refused("a collection is not closed"), refused("a collection is not closed")),
      hid("hid-report-deep", "HID 1.11", "100 nested collections", with_report(nested(100)),
          refused("more than 16 collections in each other"),
          refused("more than 16 collections in each other")),
      hid("hid-report-overflow", "HID 1.11", "report size times count beyond 32 bits",
          with_report(bytes({0x05, 1, 0x09, 6, 0xa1, 1, 0x77, 0xff, 0xff, 0xff, 0x7f, 0x97, 0xff,
                             0xff, 0xff, 0x7f, 0x81, 2, 0xc0})),
          refused("fields of 2147483647 bits exceed 256"),
          refused("fields of 2147483647 bits exceed 256")),
      hid("hid-report-usages", "HID 1.11", "8000 usages in one field",
          with_report(bytes({0x05, 1, 0x09, 6, 0xa1, 1}) + repeated(8000, bytes({0x09, 4})) +
                      bytes({0x75, 8, 0x95, 1, 0x81, 2, 0xc0})),
          refused("HID descriptor: wDescriptorLength 8013 is not 1 to 4096"),
          refused("HID descriptor: wDescriptorLength 8013 is not 1 to 4096")),
      hid("hid-report-id-0", "CVE-2013-2888", "a report with number 0 and one with number 255",
          with_report(bytes({0x05, 1,    0x09, 6,    0xa1, 1,    0x85, 0,    0x75, 8, 0x95,
                             1,    0x81, 2,    0x87, 0xff, 0xff, 0xff, 0xff, 0x81, 2, 0xc0})),
          refused("report id 0 is not 1 to 255"), refused("report id 0 is not 1 to 255")),
      hid("hid-report-shorter", "HID 1.11", "63 bytes are announced, 10 come",
          with_report(Memory(good.begin(), good.begin() + 10), good.size()),
          refused("it ends here, but the HID descriptor says 63 bytes"),
          refused("it ends here, but the HID descriptor says 63 bytes")),
      hid("hid-report-item-cut", "HID 1.11", "the last item's data is missing",
          with_report(no_end + bytes({0xc0, 0x27})), refused("the item is cut short"),
          refused("the item is cut short")),
      hid("hid-report-empty", "HID 1.11", "a report descriptor of no bytes", with_report({}, 0),
          refused("HID descriptor: wDescriptorLength 0 is not 1 to 4096"),
          refused("HID descriptor: wDescriptorLength 0 is not 1 to 4096")),
      hid("hid-uninitialised", "CVE-2024-50302",
          "an output report that is longer than is ever sent",
          with_report(bytes(
              {0x05, 1, 0x09, 6, 0xa1, 1, 0x85, 1, 0x75, 8, 0x96, 0xff, 0x0f, 0x91, 2, 0xc0}))),
      hid("hid-zpff-reports", "CVE-2013-2889", "a game pad without the reports its driver writes",
          hid_product(0x0c12, 0x0005, with_report(nested(1)))),
      hid("hid-logitech-dj", "CVE-2014-3182", "a receiver without its output report",
          hid_product(0x046d, 0xc52b, with_report(nested(1)))),
      hid("hid-picolcd", "CVE-2014-3186", "a display whose reports are too short",
          hid_product(0x04d8, 0xc002, with_report(nested(1)))),
      hid("hid-magicmouse", "CVE-2014-3181", "a mouse with too short reports",
          hid_product(0x05ac, 0x0265, with_report(nested(1)))),
      hid("hid-kye", "CVE-2014-3184", "a tablet with a descriptor too short to mend",
          hid_product(0x0458, 0x5011, with_report(nested(1)))),
      hid("hid-axff", "CVE-2019-19532", "force feedback without output reports",
          hid_product(0x1a34, 0x0802, with_report(nested(1)))),
      hid("hid-roccat", "CVE-2026-93188", "a mouse that reports a profile that is not there",
          hid_product(0x1e7d, 0x2ced, with_report(nested(1)))),
  };
}

}  // namespace

std::vector<Attack> hid_attacks() {
  std::vector<Attack> all = hid_blocks();
  const std::vector<Attack> reports = hid_reports();
  all.insert(all.end(), reports.begin(), reports.end());
  return all;
}

}  // namespace attacks
