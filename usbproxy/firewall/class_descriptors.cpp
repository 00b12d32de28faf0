// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/firewall/class_descriptors.hpp"

#include <vector>

#include "usbproxy/firewall/unit_graph.hpp"

namespace usbproxy::firewall {
namespace {

Checked<base::Ok> check_hid(const Block& block, const Descriptor& in) {
  constexpr std::size_t list_at = 6;
  const auto broken = [&](std::size_t at, std::string rule) {
    return block.broken(in.offset + at, "HID descriptor", std::move(rule));
  };
  const std::uint16_t length = in.u16(list_at + 1);
  if (in.u8(5) == 0 || in.u8(list_at) != descriptor_type::hid_report) {
    return broken(5, "it names no report descriptor first (HID 1.11, 6.2.1)");
  }
  if (length == 0 || length > max_report_descriptor) {
    return broken(list_at + 1, "wDescriptorLength " + std::to_string(length) + " is not 1 to " +
                                   std::to_string(max_report_descriptor));
  }
  return base::Ok{};
}

// What the shape leaves open.
Checked<base::Ok> check_counts(const Block& block, const Descriptor& in, const InterfaceClass& kind,
                               Position position) {
  constexpr std::uint8_t feature_unit = 0x06;
  constexpr unsigned max_jacks = 16;
  if (kind.code == class_code::audio && kind.subclass == control_subclass &&
      position == Position::interface && in.u8(2) == feature_unit) {
    const bool first = audio_version(kind) == AudioVersion::first;
    const std::size_t size = first ? in.u8(5) : 4;
    const std::size_t head = first ? 7 : 6;  // with the name's number at the end
    if (size == 0 || (in.size() - head) % size != 0 || in.size() - head < size) {
      return block.broken(in.offset, "feature unit " + std::to_string(in.u8(3)),
                          "bLength " + std::to_string(in.size()) +
                              " is no whole number of controls of " + std::to_string(size) +
                              " bytes (Audio 1.0, 4.3.2.5)");
    }
  }
  if (kind.code == class_code::audio && kind.subclass == midi_subclass &&
      position == Position::endpoint && in.u8(3) > max_jacks) {
    return block.broken(in.offset + 3, "MIDI endpoint",
                        "bNumEmbMIDIJack " + std::to_string(in.u8(3)) + " exceeds 16");
  }
  return base::Ok{};
}

Descriptor seen(const ClassDescriptor& one) { return {.offset = one.offset, .bytes = one.bytes}; }

std::uint8_t subtype_of(const ClassDescriptor& one) { return seen(one).u8(2); }

bool has_cdc(const InterfaceClass& kind) {
  return kind.code == class_code::communications || kind.code == class_code::wireless ||
         kind.code == class_code::miscellaneous || kind.code == class_code::vendor;
}

Checked<base::Ok> check_cdc(const Block& block, Alternate& alternate) {
  constexpr std::uint8_t header = 0;
  auto& all = alternate.class_descriptors;
  if (all.empty()) return base::Ok{};
  if (subtype_of(all.front()) != header) {
    if (alternate.kind.code != class_code::communications) {  // not CDC after all
      all.clear();
      return base::Ok{};
    }
    return block.broken(all.front().offset, "CDC",
                        "the first functional descriptor is no header (CDC 1.2, 5.2.3)");
  }
  std::set<std::uint8_t> seen;
  for (const ClassDescriptor& one : all) {
    if (seen.insert(subtype_of(one)).second) continue;
    return block.broken(one.offset, "CDC",
                        "functional descriptor " + hex_byte(subtype_of(one)) + " is there twice");
  }
  return base::Ok{};
}

// Formats with frames (Video 1.5, table A-6): bDescriptorSubtype; a frame's is one more.
bool has_frames(std::uint8_t format) {
  return format == 0x04 || format == 0x06 || format == 0x10 || format == 0x13;
}

bool is_format(std::uint8_t subtype) {
  return has_frames(subtype) || subtype == 0x0a || subtype == 0x0c || subtype == 0x12;
}

bool is_frame(std::uint8_t subtype) {
  return subtype == 0x05 || subtype == 0x07 || subtype == 0x11 || subtype == 0x14;
}

// Frames follow the format of their kind, and a format says how many there really are: what was no
// frame of any known kind has been left out by then. Drivers have counted one way and stored the
// other (CVE-2024-53104).
Checked<base::Ok> check_frames(const Block& block, Alternate& alternate) {
  constexpr std::size_t count_at = 4;  // bNumFrameDescriptors
  constexpr std::size_t max_frames = 255;
  auto& all = alternate.class_descriptors;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::uint8_t format = subtype_of(all[i]);
    if (is_frame(format)) {
      return block.broken(all[i].offset, "video frame",
                          "it does not follow a format of its kind (Video 1.5, 3.9.2)");
    }
    if (!is_format(format)) continue;
    const std::size_t at = i;
    while (i + 1 < all.size() && has_frames(format) && subtype_of(all[i + 1]) == format + 1) ++i;
    if (!has_frames(format)) continue;
    const std::size_t frames = i - at;
    if (frames == 0 || frames > max_frames) {
      return block.broken(all[at].offset, "video format",
                          std::to_string(frames) +
                              " frames of its kind follow it, not 1 to 255 (Video 1.5, 3.9.2)");
    }
    all[at].bytes[count_at] = static_cast<std::byte>(frames);
  }
  return base::Ok{};
}

// Writes what is really there into the header's total.
Checked<base::Ok> make_total_fit(const Block& block, Alternate& alternate) {
  std::size_t total = 0;
  for (const ClassDescriptor& one : alternate.class_descriptors) total += one.bytes.size();
  for (std::size_t i = 0; i < alternate.class_descriptors.size(); ++i) {
    ClassDescriptor& one = alternate.class_descriptors[i];
    const Shape* shape = find_shape(alternate.kind, Position::interface, seen(one));
    if (shape == nullptr || shape->total_at == 0) continue;
    if (i != 0) {
      return block.broken(one.offset, "class-specific header",
                          "it is not the first one of its setting");
    }
    one.bytes[shape->total_at] = static_cast<std::byte>(total);
    one.bytes[shape->total_at + 1U] = static_cast<std::byte>(total >> 8U);
  }
  return base::Ok{};
}

Checked<base::Ok> check_units(const Block& block, const Alternate& alternate) {
  UnitGraph graph;
  for (const ClassDescriptor& one : alternate.class_descriptors) {
    const Descriptor in = seen(one);
    const Shape* shape = find_shape(alternate.kind, Position::interface, in);
    if (shape == nullptr || shape->id_at == 0) continue;
    UnitGraph::Unit unit{.id = in.u8(shape->id_at), .offset = one.offset, .sources = {}};
    if (shape->source_at != 0) unit.sources.push_back(in.u8(shape->source_at));
    if (shape->other_source_at != 0) unit.sources.push_back(in.u8(shape->other_source_at));
    if (shape->first_list == Shape::List::sources) {
      const std::size_t begin = shape->parts[0].size;  // the list is the second part
      for (std::size_t i = 0; i < in.u8(begin - 1); ++i) unit.sources.push_back(in.u8(begin + i));
    }
    graph.add(std::move(unit));
  }
  return graph.check(block);
}

Checked<base::Ok> find_report(const Block& block, std::size_t offset, Alternate& alternate) {
  const auto look = [&](const std::vector<ClassDescriptor>& all) -> Checked<base::Ok> {
    for (const ClassDescriptor& one : all) {
      if (alternate.report_size) {
        return block.broken(one.offset, "HID descriptor", "the interface has two of them");
      }
      alternate.report_size = seen(one).u16(7);
    }
    return base::Ok{};
  };
  if (auto done = look(alternate.class_descriptors); !done) return done;
  for (const DescribedEndpoint& endpoint : alternate.endpoints) {
    if (auto done = look(endpoint.class_descriptors); !done) return done;
  }
  if (alternate.report_size) return base::Ok{};
  return block.broken(offset, "HID interface", "it has no HID descriptor (HID 1.11, 6.2.1)");
}

bool lists_interfaces(const Alternate& alternate, const Descriptor& in, std::size_t& begin) {
  constexpr std::uint8_t cdc_union = 0x06;
  if (has_cdc(alternate.kind)) {
    begin = 3;
    return in.u8(2) == cdc_union;
  }
  const Shape* shape = find_shape(alternate.kind, Position::interface, in);
  if (shape == nullptr || shape->first_list != Shape::List::interfaces) return false;
  begin = shape->parts[0].size;
  return true;
}

// Modems, networks: the control interface alone has no data (CDC 1.2, 3.3).
bool wants_data_interface(const InterfaceClass& kind) {
  return kind.code == class_code::communications &&
         (kind.subclass == 0x02 || kind.subclass == 0x06 || kind.subclass == 0x0d ||
          kind.subclass == 0x0e);
}

}  // namespace

Checked<std::optional<ClassDescriptor>> parse_class_descriptor(const Block& block,
                                                               const Descriptor& in,
                                                               const InterfaceClass& kind,
                                                               Position position) {
  std::optional<ClassDescriptor> kept;
  const Shape* shape = find_shape(kind, position, in);
  if (shape == nullptr) return kept;
  const auto size = covered(*shape, in);
  if (!size) {
    return block.broken(
        in.offset, "class-specific descriptor " + hex_byte(in.type()),
        "bLength " + std::to_string(in.size()) + " is too short for its kind" +
            (in.type() == descriptor_type::class_device ? std::string()
                                                        : " " + hex_byte(in.u8(2))) +
            " and what it counts");
  }
  const Descriptor cut{.offset = in.offset, .bytes = in.bytes.first(*size)};
  if (auto right = check_counts(block, cut, kind, position); !right) {
    return base::Unexpected{right.error()};
  }
  kept = ClassDescriptor{.offset = in.offset, .bytes = {cut.bytes.begin(), cut.bytes.end()}};
  if (kind.code == class_code::hid) {
    if (auto right = check_hid(block, cut); !right) return base::Unexpected{right.error()};
    kept->bytes.resize(9);  // the report descriptor alone: others are never read
    kept->bytes[5] = std::byte{1};
  }
  kept->bytes.front() = static_cast<std::byte>(kept->bytes.size());
  return kept;
}

Checked<base::Ok> check_alternate(const Block& block, std::size_t offset, Alternate& alternate) {
  const InterfaceClass& kind = alternate.kind;
  if (kind.code == class_code::hid) return find_report(block, offset, alternate);
  if (has_cdc(kind)) return check_cdc(block, alternate);
  if (kind.code != class_code::audio && kind.code != class_code::video) return base::Ok{};
  if (kind.subclass == control_subclass) {
    if (auto done = check_units(block, alternate); !done) return done;
  }
  if (kind.code == class_code::video && kind.subclass == streaming_subclass) {
    if (auto done = check_frames(block, alternate); !done) return done;
  }
  return make_total_fit(block, alternate);
}

Checked<base::Ok> check_references(const Block& block, const Configuration& configuration) {
  for (const DescribedInterface& interface : configuration.interfaces) {
    for (const Alternate& alternate : interface.alternates) {
      if (wants_data_interface(alternate.kind) && configuration.interfaces.size() < 2) {
        return block.broken(0, "interface " + std::to_string(interface.number),
                            "a CDC control interface without a data interface (CDC 1.2, 3.3)");
      }
      for (const ClassDescriptor& one : alternate.class_descriptors) {
        const Descriptor in = seen(one);
        std::size_t begin = 0;
        if (!lists_interfaces(alternate, in, begin)) continue;
        for (std::size_t at = begin; at < in.size(); ++at) {
          if (configuration.interface(in.u8(at)) != nullptr) continue;
          return block.broken(
              one.offset + at, "class-specific descriptor",
              "it names interface " + std::to_string(in.u8(at)) + ", which does not exist");
        }
      }
    }
  }
  return base::Ok{};
}

void add_named_strings(const Alternate& alternate, std::set<std::uint8_t>& numbers) {
  for (const ClassDescriptor& one : alternate.class_descriptors) {
    const Descriptor in = seen(one);
    const Shape* shape = find_shape(alternate.kind, Position::interface, in);
    if (shape == nullptr || shape->string_at == 0) continue;
    numbers.insert(in.u8(shape->string_at == name_is_last ? in.size() - 1 : shape->string_at));
  }
}

}  // namespace usbproxy::firewall
