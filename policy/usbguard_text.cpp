// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/usbguard_text.hpp"

#include <string_view>

#include "policy/usbguard_words.hpp"

namespace policy {
namespace {

template <class T, class Text>
void append_set(std::string& out, std::string_view name, const UsbguardSet<T>& set, Text text) {
  if (!set.written()) return;
  out += out.empty() ? "" : ",";
  out += name;
  out += ',';
  if (set.values.size() == 1 && set.op == UsbguardOperator::equals) {
    out += text(set.values.front());
    return;
  }
  out += name_of(set.op);
  char before = '{';
  for (const T& value : set.values) {
    out += before + text(value);
    before = ',';
  }
  out += '}';
}

}  // namespace

std::string usbguard_word(const UsbguardRule& rule) {
  const auto quoted = [](const std::string& text) { return quoted_usbguard_text(text); };
  std::string out;
  append_set(out, "id", rule.id, [](const UsbguardId& id) { return text_of(id); });
  append_set(out, "serial", rule.serial, quoted);
  append_set(out, "name", rule.name, quoted);
  append_set(out, "hash", rule.hash, quoted);
  append_set(out, "parent-hash", rule.parent_hash, quoted);
  append_set(out, "via-port", rule.via_port, quoted);
  append_set(out, "with-interface", rule.with_interface,
             [](const UsbguardInterface& each) { return text_of(each); });
  append_set(out, "with-connect-type", rule.with_connect_type, quoted);
  return out.empty() ? "id,*:*" : out;
}

}  // namespace policy
