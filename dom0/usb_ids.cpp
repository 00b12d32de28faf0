// SPDX-License-Identifier: GPL-2.0-or-later
// Reads the usb.ids format: "VVVV  vendor", then lines "<tab>PPPP  product"; see the header.
#include "dom0/usb_ids.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/device/properties.hpp"

namespace dom0 {
namespace {

constexpr std::size_t id_size = 4;
constexpr std::size_t name_at = id_size + 2;  // two blanks
constexpr std::size_t max_name = 120;

// The id of "XXXX  name"; nothing for any other line ("C 03  ...", "HUT 01  ...", comments).
std::optional<std::uint16_t> id_of(std::string_view line) {
  if (line.size() <= name_at || line.substr(id_size, 2) != "  ") return std::nullopt;
  std::uint16_t id = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + id_size, id, 16);
  if (error != std::errc{} || end != line.data() + id_size) return std::nullopt;
  return id;
}

}  // namespace

base::Result<UsbIds> UsbIds::parse(std::string text) {
  if (text.size() > max_usb_ids) {
    return base::fail("usb.ids is longer than " + std::to_string(max_usb_ids) + " bytes");
  }
  UsbIds ids;
  ids.text_ = std::move(text);
  std::optional<std::uint16_t> vendor;  // whose products follow
  for (std::size_t start = 0; start < ids.text_.size();) {
    const std::size_t end = std::min(ids.text_.find('\n', start), ids.text_.size());
    const std::string_view line = std::string_view(ids.text_).substr(start, end - start);
    const bool product = line.starts_with('\t');
    const std::string_view entry = product ? line.substr(1) : line;
    const auto id = id_of(entry);
    // Below "C 03" and the other tables tabs do not mean products.
    if (!product && !line.empty() && line.front() != '#') vendor = id;
    if (id && vendor) {
      if (ids.size() == max_usb_ids_entries) return base::fail("usb.ids has too many entries");
      const std::size_t offset = start + (product ? 1 : 0) + name_at;
      const std::uint32_t key = product ? (std::uint32_t{*vendor} << 16U) | *id : *id;
      (product ? ids.products_ : ids.vendors_)
          .push_back({key, static_cast<std::uint32_t>(offset),
                      static_cast<std::uint32_t>(std::min(end - offset, max_name))});
    }
    start = end + 1;
  }
  std::ranges::stable_sort(ids.vendors_, {}, &Entry::id);
  std::ranges::stable_sort(ids.products_, {}, &Entry::id);
  return ids;
}

UsbName UsbIds::find(std::uint16_t vendor_id, std::uint16_t product_id) const {
  const Entry* vendor = find_entry(vendors_, vendor_id);
  const Entry* product =
      find_entry(products_, (std::uint32_t{vendor_id} << 16U) | std::uint32_t{product_id});
  if (vendor == nullptr || product == nullptr) return {"unknown", "unknown"};
  return {name_of(*vendor), name_of(*product)};
}

const UsbIds::Entry* UsbIds::find_entry(const std::vector<Entry>& entries, std::uint32_t id) const {
  const auto found = std::ranges::lower_bound(entries, id, {}, &Entry::id);
  return found == entries.end() || found->id != id ? nullptr : &*found;
}

std::string UsbIds::name_of(const Entry& entry) const {
  return base::device::sanitise_text(std::string_view(text_).substr(entry.offset, entry.size));
}

}  // namespace dom0
