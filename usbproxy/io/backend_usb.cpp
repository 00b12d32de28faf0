// SPDX-License-Identifier: GPL-2.0-or-later
// libusb and libusbredirhost behind one object; see the header.
#include "usbproxy/io/backend_usb.hpp"

#include <usbredirhost.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/wire/escape.hpp"
#include "usbproxy/io/backend_descriptors.hpp"

namespace usbproxy {
namespace {

constexpr std::size_t max_complaint = 200;
constexpr const char* version = "sallyport-usb-backend";

struct FreeConfig {
  void operator()(libusb_config_descriptor* config) const noexcept {
    ::libusb_free_config_descriptor(config);
  }
};

// libusbredirhost uses the number of an alternate setting as an index, so other numbers than 0, 1,
// 2... make it read past its memory.
bool alternates_are_indices(const libusb_config_descriptor& config) {
  for (int i = 0; i < config.bNumInterfaces; ++i) {
    const libusb_interface& interface = config.interface[i];
    if (interface.num_altsetting < 1) return false;
    for (int alt = 0; alt < interface.num_altsetting; ++alt) {
      if (interface.altsetting[alt].bAlternateSetting != alt) return false;
    }
  }
  return true;
}

bool safe_descriptors(libusb_device* device) {
  libusb_device_descriptor descriptor{};
  if (::libusb_get_device_descriptor(device, &descriptor) != 0) return false;
  for (std::uint8_t i = 0; i < descriptor.bNumConfigurations; ++i) {
    libusb_config_descriptor* raw = nullptr;
    // A configuration that libusb cannot parse cannot become the active one for the library either.
    if (::libusb_get_config_descriptor(device, i, &raw) != 0) continue;
    const std::unique_ptr<libusb_config_descriptor, FreeConfig> config(raw);
    if (!alternates_are_indices(*config)) return false;
  }
  return true;
}

}  // namespace

base::Result<UsbContext> UsbContext::create() {
  ::libusb_set_option(nullptr, LIBUSB_OPTION_NO_DEVICE_DISCOVERY);
  libusb_context* context = nullptr;
  if (const int error = ::libusb_init(&context); error != 0)
    return base::fail(std::string("start libusb: ") + ::libusb_error_name(error));
  return UsbContext(context);
}

UsbHost::UsbHost(const UsbContext& context, base::io::Fd device, OnPacket on_packet,
                 QueuedBytes queued_bytes)
    : context_(context.get()),
      device_(std::move(device)),
      on_packet_(std::move(on_packet)),
      queued_(std::move(queued_bytes)) {}

UsbHost::~UsbHost() {
  ::libusb_set_pollfd_notifiers(context_, nullptr, nullptr, nullptr);
  if (host_ != nullptr) ::usbredirhost_close(host_);
}

base::Result<std::unique_ptr<UsbHost>, BackendRefusal> UsbHost::open(const UsbContext& context,
                                                                     base::io::Fd device,
                                                                     const firewall::Rights& rights,
                                                                     OnPacket on_packet,
                                                                     QueuedBytes queued) {
  std::unique_ptr<UsbHost> host(
      new UsbHost(context, std::move(device), std::move(on_packet), std::move(queued)));
  if (auto refusal = host->start(rights)) return base::Unexpected{std::move(*refusal)};
  return host;
}

std::optional<BackendRefusal> UsbHost::start(const firewall::Rights& rights) {
  libusb_device_handle* handle = nullptr;
  if (const int error = ::libusb_wrap_sys_device(context_, device_.get(), &handle); error != 0) {
    return refuse(BackendStatus::cannot_open,
                  std::string("cannot open: libusb does not accept the device: ") +
                      ::libusb_error_name(error))
        .value;
  }
  if (!safe_descriptors(::libusb_get_device(handle))) {
    ::libusb_close(handle);
    return refuse(BackendStatus::cannot_open,
                  "cannot open: the device's alternate settings are not numbered 0, 1, 2...; such "
                  "a device is refused")
        .value;
  }
  auto guard = guard_of(device_, handle, rights);
  if (!guard) {
    ::libusb_close(handle);
    return guard.error();
  }
  guard_ = std::move(*guard);
  // Closes the handle also when it fails.
  host_ =
      ::usbredirhost_open_full(context_, handle, &UsbHost::log, &UsbHost::read, &UsbHost::write,
                               &UsbHost::flush, nullptr, nullptr, nullptr, nullptr, this, version,
                               usbredirparser_error, usbredirhost_fl_write_cb_owns_buffer);
  if (host_ == nullptr) {
    const bool busy = complaint_.find("in use by another application") != std::string::npos;
    return refuse(busy ? BackendStatus::busy : BackendStatus::cannot_open,
                  "cannot open: " + (complaint_.empty() ? "unknown reason" : complaint_) +
                      (busy ? "; another program in this qube holds it" : ""))
        .value;
  }
  // What goes wrong later is said once, by us.
  ::libusb_set_option(context_, LIBUSB_OPTION_LOG_LEVEL, LIBUSB_LOG_LEVEL_NONE);
  ::usbredirhost_set_buffered_output_size_cb(host_, &UsbHost::queued);
  ::libusb_set_pollfd_notifiers(context_, &UsbHost::fd_added, &UsbHost::fd_removed, this);
  return std::nullopt;
}

UsbHost::Fed UsbHost::feed(base::wire::Bytes packet) {
  feeding_ = packet;
  const int result = ::usbredirhost_read_guest_data(host_);
  const bool taken = feeding_.empty();
  feeding_ = {};
  collect();
  switch (result) {
    case 0:
      return taken ? Fed::ok : Fed::failed;
    case usbredirhost_read_device_rejected:
      return Fed::rejected;
    case usbredirhost_read_device_lost:
      return Fed::device_lost;
    default:
      return Fed::failed;
  }
}

void UsbHost::handle_events() {
  timeval none{};
  ::libusb_handle_events_timeout_completed(context_, &none, nullptr);
  collect();
}

void UsbHost::collect() {
  if (::usbredirhost_has_data_to_write(host_) > 0) ::usbredirhost_write_guest_data(host_);
}

void UsbHost::give_up_device() {
  ::usbredirhost_set_device(host_, nullptr);
  collect();
}

const std::vector<pollfd>& UsbHost::poll_fds() {
  if (!std::exchange(poll_fds_changed_, false)) return poll_fds_;
  poll_fds_.clear();
  const libusb_pollfd** fds = ::libusb_get_pollfds(context_);
  for (const libusb_pollfd** each = fds; fds != nullptr && *each != nullptr; ++each)
    poll_fds_.push_back(pollfd{.fd = (*each)->fd, .events = (*each)->events, .revents = 0});
  ::libusb_free_pollfds(fds);
  return poll_fds_;
}

int UsbHost::poll_timeout() const {
  timeval next{};
  if (::libusb_get_next_timeout(context_, &next) != 1) return -1;
  return static_cast<int>(std::min<long>(next.tv_sec, 60) * 1000 + next.tv_usec / 1000 + 1);
}

void UsbHost::log(void* self, int level, const char* text) {
  if (level > usbredirparser_error) return;
  static_cast<UsbHost*>(self)->complaint_ = base::wire::escape(text, max_complaint);
}

int UsbHost::read(void* self, std::uint8_t* data, int count) {
  base::wire::Bytes& feeding = static_cast<UsbHost*>(self)->feeding_;
  const std::size_t size = std::min(feeding.size(), static_cast<std::size_t>(count));
  if (size > 0) std::memcpy(data, feeding.data(), size);
  feeding = feeding.subspan(size);
  return static_cast<int>(size);
}

int UsbHost::write(void* self, std::uint8_t* data, int count) {
  auto* host = static_cast<UsbHost*>(self);
  host->on_packet_(PacketMemory(data, FreePacket{host->host_}), static_cast<std::size_t>(count));
  return count;
}

// Called from within open, where host_ is not known yet, and from deep inside callbacks: what there
// is to write is collected after the call instead.
void UsbHost::flush(void* /*self*/) {}

std::uint64_t UsbHost::queued(void* self) { return static_cast<UsbHost*>(self)->queued_(); }

void UsbHost::fd_added(int /*fd*/, short /*events*/, void* self) {
  static_cast<UsbHost*>(self)->poll_fds_changed_ = true;
}

void UsbHost::fd_removed(int fd, void* self) {
  auto* host = static_cast<UsbHost*>(self);
  host->poll_fds_changed_ = true;
  if (fd == host->device_.get()) host->unplugged_ = true;
}

}  // namespace usbproxy
