// SPDX-License-Identifier: GPL-2.0-or-later
// Replies and events of the Admin API; see the header.
#include "dom0/admin_reply.hpp"

#include "base/wire/writer.hpp"

namespace dom0 {
namespace {

// One NUL-terminated field. A NUL inside would start the next field, so it cannot stay.
void append_field(AdminReply& out, std::string_view text) {
  base::wire::Writer writer(out);
  for (const char c : text) writer.u8(c == '\0' ? '_' : static_cast<std::uint8_t>(c));
  writer.u8(0);
}

}  // namespace

AdminReply encode_ok(std::string_view data) {
  AdminReply out;
  append_field(out, "0");
  base::wire::Writer(out).text(data);
  return out;
}

AdminReply encode_error(std::string_view type, std::string_view text) {
  AdminReply out;
  append_field(out, "2");
  append_field(out, type);
  append_field(out, {});
  append_field(out, text.substr(0, max_error_text));
  return out;
}

AdminReply encode_event(std::string_view subject, std::string_view event,
                        const base::device::Properties& facts) {
  AdminReply out;
  append_field(out, "1");
  append_field(out, subject);
  append_field(out, event);
  for (const base::device::Property& each : facts) {
    append_field(out, each.key);
    append_field(out, each.value);
  }
  append_field(out, {});
  return out;
}

}  // namespace dom0
