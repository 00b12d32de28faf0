// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/device_guard.hpp"

#include <numeric>
#include <utility>
#include <variant>

#include "usbproxy/described_tables.hpp"
#include "usbproxy/firewall/descriptor.hpp"

namespace usbproxy {
namespace {

using firewall::Rights;
using redir::PacketType;

constexpr std::uint8_t get_descriptor = 0x06;
constexpr std::uint8_t from_device = 0x80, from_interface = 0x81;
// What the library says of an interface that does not exist.
constexpr std::uint8_t no_alternate = 255;
// The class's own reset (Bulk-Only Transport 1.0, 3.1).
constexpr std::uint8_t class_to_interface = 0x21, bulk_only_reset = 0xff;

}  // namespace

const char* describe(GuardError error) {
  switch (error) {
    case GuardError::not_given:
      return "a transfer to an interface that was not given to this qube";
    case GuardError::no_streams:
      return "bulk streams that an endpoint does not have";
    case GuardError::other_transfer:
      return "a transfer that read-only storage does not have";
  }
  return "an unknown violation";
}

firewall::Checked<DeviceGuard> DeviceGuard::make(firewall::Device whole, const Rights& rights,
                                                 std::uint8_t configuration) {
  auto given = firewall::given_part(whole, rights);
  if (!given) return base::Unexpected{given.error()};
  return DeviceGuard(std::move(whole), std::move(*given), rights, configuration);
}

DeviceGuard::DeviceGuard(firewall::Device whole, firewall::Device given, const Rights& rights,
                         std::uint8_t configuration)
    : whole_(std::move(whole)),
      given_(std::move(given)),
      rules_(rights.control_rules()),
      storage_rights_(rights.storage) {
  use_configuration(configuration);
}

// An address belongs to one interface of a configuration, whatever its setting. So this does not
// depend on the settings in use.
void DeviceGuard::use_configuration(std::uint8_t value) {
  setting_ = {.configuration = value, .alternates = {}};
  slots_ = {};
  const auto mark = [this, value](const firewall::Device& device, Slot::Kind kind) {
    const firewall::Configuration* configuration = device.configuration(value);
    if (configuration == nullptr) return;
    for (const firewall::DescribedInterface& interface : configuration->interfaces) {
      for (const firewall::Alternate& alternate : interface.alternates) {
        for (const firewall::DescribedEndpoint& endpoint : alternate.endpoints) {
          slots_[redir::slot_of(endpoint.address)] = {.kind = kind,
                                                      .interface_number = interface.number};
        }
      }
    }
  };
  mark(whole_, Slot::Kind::hidden);
  mark(given_, Slot::Kind::given);
  reset_storage();
}

void DeviceGuard::reset_storage() {
  for (StorageFilter& one : storage_) one.reset();
}

DeviceGuard::Checked DeviceGuard::check(const redir::Packet& packet, std::uint32_t caps,
                                        std::vector<std::byte>& reply) {
  const Answer answer{.caps = caps, .id = packet.id, .bytes = reply};
  switch (packet.type) {
    case PacketType::control_packet:
      return check_control(std::get<redir::ControlPacket>(packet.body), answer);
    case PacketType::set_configuration:
      return check_configuration(std::get<redir::Configuration>(packet.body).configuration, answer);
    case PacketType::set_alt_setting:
      return check_alternate(std::get<redir::AltSetting>(packet.body), answer);
    case PacketType::reset:
      reset_storage();
      return Verdict::pass;
    case PacketType::bulk_packet:
      return check_bulk(packet, answer);
    case PacketType::iso_packet:
    case PacketType::interrupt_packet:
      return check_other(std::get<redir::DataPacket>(packet.body).endpoint);
    case PacketType::start_iso_stream:
      return check_other(std::get<redir::StartIsoStream>(packet.body).endpoint);
    case PacketType::start_interrupt_receiving:
      return check_other(std::get<redir::EndpointOnly>(packet.body).endpoint);
    case PacketType::start_bulk_receiving:
      return check_other(std::get<redir::StartBulkReceiving>(packet.body).endpoint);
    case PacketType::alloc_bulk_streams: {
      const auto& wanted = std::get<redir::AllocBulkStreams>(packet.body);
      return check_bulk_streams(wanted.endpoints, wanted.streams);
    }
    case PacketType::free_bulk_streams:
      return check_bulk_streams(std::get<redir::FreeBulkStreams>(packet.body).endpoints, 0);
    default:  // moves no data: hello, filters, cancels, questions for settings, stops of streams
      return Verdict::pass;
  }
}

DeviceGuard::Verdict DeviceGuard::check_control(const redir::ControlPacket& control,
                                                const Answer& answer) {
  const Setup setup{.request_type = control.request_type,
                    .request = control.request,
                    .value = control.value,
                    .index = control.index,
                    .length = control.length};
  const bool reads_descriptor =
      setup.request == get_descriptor &&
      (setup.request_type == from_device || setup.request_type == from_interface);
  if (reads_descriptor) return Verdict::pass;
  redir::ControlPacket refusal = control;
  switch (firewall::judge(rules_, setup, given_, setting_)) {
    case firewall::ControlVerdict::forward:
      break;
    case firewall::ControlVerdict::acknowledge:  // a frontend of ours does not ask
      refusal.status = redir::status::success;
      return answer(PacketType::control_packet, refusal);
    case firewall::ControlVerdict::refuse:
      refusal.status = redir::status::stall;
      refusal.length = 0;
      return answer(PacketType::control_packet, refusal);
  }
  if (setup.request_type == class_to_interface && setup.request == bulk_only_reset) {
    storage_[setup.index & 0x0fU].reset();  // judged: the interface exists
  }
  return Verdict::pass;
}

DeviceGuard::Verdict DeviceGuard::check_configuration(std::uint8_t value, const Answer& answer) {
  if (value == 0 || given_.configuration(value) != nullptr) {
    reset_storage();
    return Verdict::pass;
  }
  return answer(PacketType::configuration_status,
                redir::ConfigurationStatus{.status = redir::status::inval,
                                           .configuration = setting_.configuration});
}

DeviceGuard::Verdict DeviceGuard::check_alternate(const redir::AltSetting& wanted,
                                                  const Answer& answer) {
  if (wanted.interface_number < firewall::max_device_interfaces) {
    firewall::Setting setting = setting_;
    setting.alternates[wanted.interface_number] = wanted.alt;
    if (given_.alternate(setting, wanted.interface_number) != nullptr) {
      storage_[wanted.interface_number].reset();
      return Verdict::pass;
    }
  }
  return answer(PacketType::alt_setting_status,
                redir::AltSettingStatus{.status = redir::status::inval,
                                        .interface_number = wanted.interface_number,
                                        .alt = no_alternate});
}

DeviceGuard::Checked DeviceGuard::check_bulk(const redir::Packet& packet, const Answer& answer) {
  redir::BulkPacket reply = std::get<redir::BulkPacket>(packet.body);
  const Slot& slot = slots_[redir::slot_of(reply.endpoint)];
  if (slot.kind == Slot::Kind::hidden) return base::Unexpected{GuardError::not_given};
  if (storage_rights_ == Rights::Storage::as_the_device) return Verdict::pass;
  if (slot.kind != Slot::Kind::given) return base::Unexpected{GuardError::not_given};
  if (reply.stream_id != 0) return base::Unexpected{GuardError::other_transfer};
  StorageFilter& filter = storage_[slot.interface_number];
  if ((reply.endpoint & firewall::direction_in) != 0) {
    const auto data = filter.read(reply.length);
    if (!data) return Verdict::pass;
    reply.length = static_cast<std::uint32_t>(data->size());
    return answer(PacketType::bulk_packet, reply, *data);
  }
  switch (filter.write(packet.data)) {
    case StorageFilter::Verdict::pass:
      return Verdict::pass;
    case StorageFilter::Verdict::accept:
      return answer(PacketType::bulk_packet, reply);
    case StorageFilter::Verdict::stall:
      break;
  }
  reply.status = redir::status::stall;
  reply.length = 0;
  return answer(PacketType::bulk_packet, reply);
}

DeviceGuard::Checked DeviceGuard::check_other(std::uint8_t endpoint) const {
  if (slots_[redir::slot_of(endpoint)].kind == Slot::Kind::hidden) {
    return base::Unexpected{GuardError::not_given};
  }
  if (storage_rights_ == Rights::Storage::read_only) {
    return base::Unexpected{GuardError::other_transfer};
  }
  return Verdict::pass;
}

DeviceGuard::Checked DeviceGuard::check_bulk_streams(std::uint32_t endpoints,
                                                     std::uint32_t streams) const {
  for (std::size_t slot = 0; slot < redir::endpoint_slots; ++slot) {
    if ((endpoints >> slot & 1U) == 0) continue;
    const std::uint8_t address = redir::address_of(slot);
    if (const auto one = check_other(address); !one) return one;
    if (streams > described_streams(given_, setting_, address)) {
      return base::Unexpected{GuardError::no_streams};
    }
  }
  return Verdict::pass;
}

void DeviceGuard::note_sent(base::wire::Bytes packet, std::uint32_t caps) {
  base::wire::Reader in(packet);
  const auto type = static_cast<PacketType>(in.u32());
  const bool of_setting =
      type == PacketType::configuration_status || type == PacketType::alt_setting_status;
  if (!of_setting) return;
  in.u32();  // length
  if ((caps & redir::cap::ids_64bit) != 0) {
    in.u64();
  } else {
    in.u32();
  }
  in.u8();  // status: whatever it is, the library says what is in use now
  const std::uint8_t first = in.u8();
  if (!in.ok()) return;
  if (type == PacketType::configuration_status) {
    if (first != setting_.configuration) use_configuration(first);
    return;
  }
  const std::uint8_t alternate = in.u8();
  if (!in.ok() || alternate == no_alternate || first >= setting_.alternates.size()) return;
  setting_.alternates[first] = alternate;
}

std::uint64_t DeviceGuard::refused_commands() const {
  return std::accumulate(
      storage_.begin(), storage_.end(), std::uint64_t{0},
      [](std::uint64_t sum, const StorageFilter& one) { return sum + one.refused(); });
}

}  // namespace usbproxy
