// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/usb_policy.hpp"

#include "base/wire/escape.hpp"
#include "policy/ruleset.hpp"
#include "policy/usb_lines.hpp"
#include "policy/usbguard_match.hpp"
#include "policy/usbguard_parser.hpp"
#include "policy/usbguard_text.hpp"
#include "policy/usbguard_words.hpp"

namespace policy {
namespace {

// "08:06:50" of "u080650".
std::optional<UsbguardInterface> described_interface(const std::string& code) {
  if (code.size() != 7 || code.front() != 'u') return std::nullopt;
  return usbguard_interface(code.substr(1, 2) + ":" + code.substr(3, 2) + ":" + code.substr(5));
}

// The error says why the device cannot be told from others.
base::Result<UsbguardRule> identity_of(const DeviceFacts& device) {
  if (device.described.empty()) {
    return base::fail(
        "what it describes is not known: its descriptors are malformed, or the "
        "agent of its qube is older than this program");
  }
  if (device.described.size() > max_usbguard_values) {
    return base::fail("it describes " + std::to_string(device.described.size()) +
                      " interfaces, and a rule can name " + std::to_string(max_usbguard_values));
  }
  if (device.name.size() >= max_device_text || device.serial.size() >= max_device_text) {
    return base::fail("its name or its serial number is too long to be known whole");
  }
  UsbguardRule rule{.target = UsbguardRule::Target::allow};
  rule.id.values = {{device.vendor_id, device.product_id}};
  rule.serial.values = {device.serial};
  rule.name.values = {device.name};
  if (!device.usbguard_hash.empty()) rule.hash.values = {device.usbguard_hash};
  if (device.serial.empty()) rule.via_port.values = {device.port_id};
  rule.with_interface.op = UsbguardOperator::equals_ordered;
  for (const std::string& code : device.described) {
    const auto each = described_interface(code);
    if (!each) return base::fail("one of its interfaces is none of USB");
    rule.with_interface.values.push_back(*each);
  }
  return rule;
}

// The line must be about the device that it is for: the whole way, as policy will read it.
bool is_about(const std::string& word, const DeviceFacts& device) {
  const auto read = parse_usbguard_word(word);
  return read && usbguard_matches(*read, device, Doubt::differs);
}

std::string lines_for(const DeviceFacts& device, const UsbPolicy& policy) {
  const std::string name = base::wire::escape(device.backend + ":" + device.port_id);
  std::string lines = "\n# " + name + ": " +
                      (device.name.empty() ? "without a name" : base::wire::escape(device.name)) +
                      "\n";
  const auto identity = identity_of(device);
  if (!identity) return lines + "# no rule: " + identity.error().text + "\n";
  const std::string word = usbguard_word(*identity);
  if (!is_about(word, device) || !check_qube_word(device.backend)) {
    return lines + "# no rule: what it says of itself cannot be written\n";
  }
  if (device.serial.empty()) lines += "# without a serial number, and so in this port alone\n";
  const bool allows = !policy.target.empty();
  return lines + usb_line(allows ? policy.target : "@anyvm", device.backend,
                          allows ? "allow" : "ask", word);
}

}  // namespace

base::Result<std::string> generate_usb_policy(const std::vector<DeviceFacts>& devices,
                                              const UsbPolicy& policy) {
  if (!policy.target.empty()) {
    if (auto checked = check_qube_word(policy.target); !checked) {
      return base::Unexpected{checked.error()};
    }
  }
  std::string text = usb_preface("sallyport usb generate-policy");
  for (const DeviceFacts& device : devices) text += lines_for(device, policy);
  const std::string source = policy.target.empty() ? "@anyvm" : policy.target;
  text += "\n# All others.\n" +
          usb_line(source, "@anyvm", policy.rest == UsbPolicy::Rest::ask ? "ask" : "deny", {});
  if (auto parsed = parse_policy({{"the generated policy", text}}); !parsed) {
    return base::Unexpected{parsed.error()};
  }
  return text;
}

}  // namespace policy
