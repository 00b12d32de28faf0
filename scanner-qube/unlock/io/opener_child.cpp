// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/unlock/io/opener_child.hpp"

#include <fcntl.h>
#include <libcryptsetup.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <memory>
#include <string>

#include "base/io/files.hpp"
#include "base/io/forked.hpp"
#include "base/io/sandbox.hpp"
#include "base/io/sealed_file.hpp"
#include "base/wire/writer.hpp"
#include "scanner-qube/unlock/bitlocker.hpp"

namespace scannerqube::unlock {
namespace {

using base::io::Fd;
using volume::FileSystem;
using volume::Range;

constexpr std::uint64_t sector = 512;  // as libcryptsetup counts
// Two headers of 4 MiB and 128 MiB of key slots at most (LUKS2 on-disk format 1.1.1, 2 and 3.2);
// LUKS1 has eight slots of 256 KiB, and room before the payload.
constexpr std::uint64_t largest_luks2_head = std::uint64_t{136} << 20U;
constexpr std::uint64_t largest_luks1_head = std::uint64_t{16} << 20U;
constexpr std::uint64_t veracrypt_head = std::uint64_t{128} << 10U;
// Beside what a key derivation takes.
constexpr std::uint64_t own_memory = std::uint64_t{256} << 20U;
constexpr std::size_t largest_key = 128;

struct FreeDevice {
  void operator()(crypt_device* device) const { ::crypt_free(device); }
};
using Device = std::unique_ptr<crypt_device, FreeDevice>;

// What libcryptsetup said last: the reason that a person can act on.
class Said {
 public:
  Said() { ::crypt_set_log_callback(nullptr, &Said::log, this); }
  std::string in_brackets() const { return last_.empty() ? "" : " (" + last_ + ")"; }

 private:
  static void log(int level, const char* text, void* self) {
    if (level != CRYPT_LOG_ERROR) return;
    std::string& last = static_cast<Said*>(self)->last_;
    last = std::string(text).substr(0, 200);
    while (!last.empty() && last.back() == '\n') last.pop_back();
  }
  std::string last_;
};

// A file in memory, as long as the volume, with copies of the places that a header is read from.
class Head {
 public:
  static base::Result<Head> make(std::uint64_t size) {
    auto file = base::io::memory_file();
    if (!file) return base::Unexpected{file.error()};
    if (::ftruncate(file->get(), static_cast<off_t>(size)) != 0) {
      return base::io::fail_errno("make a place for its header");
    }
    return Head(*std::move(file));
  }

  base::Status copy(const volume::Source& from, Range range) {
    constexpr std::size_t at_once = std::size_t{256} << 10U;
    for (std::uint64_t done = 0; done < range.length;) {
      const std::uint64_t at = range.offset + done;
      const auto length = std::min<std::uint64_t>(at_once, range.length - done);
      const auto bytes = volume::read_some(from, at, static_cast<std::size_t>(length));
      if (!bytes) return base::fail("its header cannot be read: " + bytes.error().text);
      if (bytes->empty()) return base::Ok{};  // the volume ends
      const bool hole = base::wire::all_zeros(*bytes);
      if (!hole && ::pwrite(file_.get(), bytes->data(), bytes->size(), static_cast<off_t>(at)) !=
                       static_cast<ssize_t>(bytes->size())) {
        return base::io::fail_errno("copy its header");
      }
      done += bytes->size();
    }
    return base::Ok{};
  }

  std::string path() const { return "/proc/self/fd/" + std::to_string(file_.get()); }

 private:
  explicit Head(Fd file) : file_(std::move(file)) {}
  Fd file_;
};

class Opener {
 public:
  Opener(const OpenerJob& job, Secret passphrase)
      : job_(job), passphrase_(std::move(passphrase)), volume_(job.medium, job.place) {}

  base::Result<Unlocked> open() {
    // Nobody else has the file.
    ::crypt_metadata_locking(nullptr, 0);
    switch (job_.kind) {
      case FileSystem::luks:
        return open_luks();
      case FileSystem::bitlocker:
        return open_bitlocker();
      case FileSystem::random:
        return open_veracrypt();
      default:
        return base::fail("nothing opens it");
    }
  }

 private:
  base::Result<Head> head_of(std::uint64_t length) const {
    auto head = Head::make(volume_.size());
    if (!head) return head;
    if (auto done = head->copy(volume_, {.offset = 0, .length = length}); !done) {
      return base::Unexpected{done.error()};
    }
    return head;
  }
  base::Result<Device> device_on(const Head& head) const {
    crypt_device* made = nullptr;
    if (::crypt_init(&made, head.path().c_str()) < 0) {
      return base::fail("libcryptsetup does not start" + said_.in_brackets());
    }
    return Device(made);
  }
  base::Result<Unlocked> with_key(crypt_device* device) const;
  base::Status check_derivation(crypt_device* device) const;
  base::Result<Unlocked> open_luks() const;
  base::Result<Unlocked> open_bitlocker() const;
  base::Result<Unlocked> open_veracrypt() const;
  struct VeraCryptKind;
  base::Result<Unlocked> try_veracrypt(const Head& head, const VeraCryptKind& kind,
                                       std::uint32_t flags) const;
  // One piece, from where the device says that its data begin to the volume's end.
  base::Status show_data(crypt_device* device, Unlocked& unlocked) const;

  const OpenerJob& job_;
  Secret passphrase_;
  volume::WindowSource volume_;
  Said said_;
};

base::Result<Unlocked> Opener::with_key(crypt_device* device) const {
  const char* cipher = ::crypt_get_cipher(device);
  const char* mode = ::crypt_get_cipher_mode(device);
  const std::string spec =
      std::string(cipher == nullptr ? "?" : cipher) + "-" + (mode == nullptr ? "?" : mode);
  Unlocked unlocked;
  const auto known = sector_cipher(cipher == nullptr ? "" : cipher, mode == nullptr ? "" : mode);
  // Of a LUKS volume nobody has it, and the kernel would count its sectors otherwise.
  const bool other = known == SectorCipher::aes_cbc_eboiv && job_.kind != FileSystem::bitlocker;
  if (!known || other) return base::fail("its cipher " + spec + " is none that is decrypted here");
  unlocked.cipher = *known;
  std::array<char, largest_key> key{};
  std::size_t size = key.size();
  const base::wire::Bytes phrase = passphrase_.bytes();
  const int done = ::crypt_volume_key_get(device, CRYPT_ANY_SLOT, key.data(), &size,
                                          base::wire::as_text(phrase).data(), phrase.size());
  unlocked.key = Secret(std::as_bytes(std::span(key).first(std::min(size, key.size()))));
  ::explicit_bzero(key.data(), key.size());
  // BitLocker's keys are sealed, and what has another tag is no key.
  const bool refused = done == -EPERM || (done == -EINVAL && job_.kind == FileSystem::bitlocker);
  if (refused) return base::fail("the passphrase does not open it");
  if (done < 0) return base::fail("its key cannot be had" + said_.in_brackets());
  return unlocked;
}

base::Status Opener::show_data(crypt_device* device, Unlocked& unlocked) const {
  unlocked.sector_size = static_cast<std::uint32_t>(::crypt_get_sector_size(device));
  const std::uint64_t start = ::crypt_get_data_offset(device) * sector;
  const std::uint64_t size = volume_.size();
  if (unlocked.sector_size == 0 || start >= size || size - start < unlocked.sector_size) {
    return base::fail("its data begin beyond its end");
  }
  const std::uint64_t rest = size - start;
  unlocked.plain = {.offset = start, .length = rest - rest % unlocked.sector_size};
  unlocked.pieces = {{.shown = unlocked.plain,
                      .stored = start,
                      .numbered = ::crypt_get_iv_offset(device) * sector}};
  return base::Ok{};
}

// An attacker's header may ask for more than there is, and what is killed then may be the scanner.
base::Status Opener::check_derivation(crypt_device* device) const {
  std::uint64_t most = 0;
  const int slots = ::crypt_keyslot_max(::crypt_get_type(device));
  for (int slot = 0; slot < slots; ++slot) {
    crypt_pbkdf_type derivation{};
    const auto status = ::crypt_keyslot_status(device, slot);
    if ((status == CRYPT_SLOT_ACTIVE || status == CRYPT_SLOT_ACTIVE_LAST) &&
        ::crypt_keyslot_get_pbkdf(device, slot, &derivation) >= 0) {
      most = std::max<std::uint64_t>(most, std::uint64_t{derivation.max_memory_kb} * 1024);
    }
  }
  if (most <= job_.limits.memory) return base::Ok{};
  return base::fail("to derive its key takes " + std::to_string(most >> 20U) +
                    " MiB of memory, and " + std::to_string(job_.limits.memory >> 20U) +
                    " are free where it is scanned; sallyport-scanner --memory gives more");
}

base::Result<Unlocked> Opener::open_luks() const {
  const auto first = volume::read_some(volume_, 0, 8);
  if (!first || first->size() < 8) return base::fail("its header cannot be read");
  constexpr std::size_t version_at = 7;  // the low byte of a big-endian number
  const bool old = (*first)[version_at] == std::byte{1};
  const auto head = head_of(old ? largest_luks1_head : largest_luks2_head);
  if (!head) return base::Unexpected{head.error()};
  const auto device = device_on(*head);
  if (!device) return base::Unexpected{device.error()};
  crypt_device* luks = device->get();
  if (::crypt_load(luks, CRYPT_LUKS, nullptr) < 0) {
    return base::fail("its header is damaged" + said_.in_brackets());
  }
  std::uint32_t needed = 0;
  crypt_params_integrity integrity{};
  if (!old &&
      (::crypt_persistent_flags_get(luks, CRYPT_FLAGS_REQUIREMENTS, &needed) < 0 || needed != 0)) {
    return base::fail("it is being encrypted anew, or needs what is not known here");
  }
  if (!old && ::crypt_get_integrity_info(luks, &integrity) == 0 && integrity.tag_size != 0) {
    return base::fail("it keeps tags of its sectors (dm-integrity), which are not read here");
  }
  if (auto small = check_derivation(luks); !small) return base::Unexpected{small.error()};
  auto unlocked = with_key(luks);
  if (!unlocked) return unlocked;
  if (auto shown = show_data(luks, *unlocked); !shown) return base::Unexpected{shown.error()};
  return unlocked;
}

// The file system's first bytes are kept elsewhere; there, and where the metadata are, it has zeros
// (lib/bitlk/bitlk.c of cryptsetup: _activate).
base::Status show_bitlocker(const BitlockerLayout& layout, std::uint64_t size, Unlocked& unlocked) {
  std::vector<Range> hidden{layout.header};
  for (const std::uint64_t at : layout.metadata) {
    hidden.push_back({.offset = at, .length = bitlocker_metadata_size});
  }
  std::ranges::sort(hidden, {}, &Range::offset);
  std::uint64_t from = layout.header.length;
  const std::uint64_t end = size - size % layout.sector_size;
  unlocked.pieces.push_back({.shown = {.offset = 0, .length = from},
                             .stored = layout.header.offset,
                             .numbered = layout.header.offset});
  hidden.push_back({.offset = end, .length = 0});
  for (const Range& hole : hidden) {
    if (hole.offset > end || hole.length > end)
      return base::fail("its metadata lie beyond its end");
    if (hole.offset > from) {
      const Range shown{.offset = from, .length = hole.offset - from};
      unlocked.pieces.push_back({.shown = shown, .stored = from, .numbered = from});
    }
    from = std::max(from, hole.end());
  }
  unlocked.plain = {.offset = 0, .length = end};
  return base::Ok{};
}

base::Result<Unlocked> Opener::open_bitlocker() const {
  const auto layout = read_bitlocker(volume_);
  if (!layout) return base::Unexpected{layout.error()};
  if (!layout->settled) return base::fail("it is being encrypted or decrypted");
  auto head = head_of(bitlocker_metadata_size);
  if (!head) return base::Unexpected{head.error()};
  for (const std::uint64_t at : layout->metadata) {
    auto done = head->copy(volume_, {.offset = at, .length = bitlocker_metadata_size});
    if (!done) return base::Unexpected{done.error()};
  }
  const auto device = device_on(*head);
  if (!device) return base::Unexpected{device.error()};
  if (::crypt_load(device->get(), CRYPT_BITLK, nullptr) < 0) {
    return base::fail("its header is damaged" + said_.in_brackets());
  }
  auto unlocked = with_key(device->get());
  if (!unlocked) return unlocked;
  unlocked->sector_size = unlocked->iv_unit = layout->sector_size;
  if (auto shown = show_bitlocker(*layout, volume_.size(), *unlocked); !shown) {
    return base::Unexpected{shown.error()};
  }
  return unlocked;
}

struct Opener::VeraCryptKind {
  const char* hash;
  std::uint32_t flags;
  // What stands for none given: then TrueCrypt's thousand iterations of the same hash are left out.
  std::uint32_t pim;
};

base::Result<Unlocked> Opener::try_veracrypt(const Head& head, const VeraCryptKind& kind,
                                             std::uint32_t flags) const {
  const auto device = device_on(head);
  if (!device) return base::Unexpected{device.error()};
  const base::wire::Bytes phrase = passphrase_.bytes();
  crypt_params_tcrypt params{};
  params.passphrase = base::wire::as_text(phrase).data();
  params.passphrase_size = phrase.size();
  params.hash_name = kind.hash;
  params.cipher = "aes";
  params.flags = kind.flags | flags;
  params.veracrypt_pim = kind.pim;
  if (::crypt_load(device->get(), CRYPT_TCRYPT, &params) < 0) {
    return base::fail("the passphrase opens no VeraCrypt volume in it");
  }
  auto unlocked = with_key(device->get());
  if (!unlocked) return unlocked;
  if (auto shown = show_data(device->get(), *unlocked); !shown) {
    return base::Unexpected{shown.error()};
  }
  return unlocked;
}

// A header of VeraCrypt looks like chance: it is found by trying, each kind by itself, since the
// first cipher that is missing here ends libcryptsetup's own search. Whirlpool and RIPEMD-160 are
// in a module of OpenSSL's that the sandbox does not let it load.
base::Result<Unlocked> Opener::open_veracrypt() const {
  constexpr std::uint32_t no_pim = 485;
  constexpr std::array kinds{VeraCryptKind{"sha512", CRYPT_TCRYPT_VERA_MODES, no_pim},
                             VeraCryptKind{"sha256", CRYPT_TCRYPT_VERA_MODES, no_pim},
                             VeraCryptKind{"sha512", 0, 0}};
  const auto head = head_of(veracrypt_head);
  if (!head) return base::Unexpected{head.error()};
  base::Result<Unlocked> unlocked = base::fail("nothing was tried");
  for (const std::uint32_t place : {0U, std::uint32_t{CRYPT_TCRYPT_HIDDEN_HEADER}}) {
    for (const VeraCryptKind& kind : kinds) {
      unlocked = try_veracrypt(*head, kind, place);
      if (unlocked) return unlocked;
    }
  }
  return unlocked;
}

base::Status confine(const OpenerJob& job) {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return base::io::fail_errno("parent death signal");
  if (::getppid() != job.parent) ::_exit(0);
  // If memory is short after all, it is this one that goes.
  const Fd first_to_go(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  if (first_to_go) static_cast<void>(base::io::write_all(first_to_go, "1000"));
  if (::prctl(PR_SET_DUMPABLE, 0) != 0) return base::io::fail_errno("no core dumps");
  std::vector<int> keep = job.medium.fds();
  keep.push_back(job.passphrase.get());
  keep.push_back(job.answer.get());
  base::io::close_all_but(std::move(keep));
  const auto mapped = base::io::mapped_bytes();
  if (!mapped) return base::Unexpected{mapped.error()};
  const std::uint64_t memory = *mapped + job.limits.memory + own_memory;
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(job.limits.time).count();
  for (const auto& [what, value] :
       {std::pair<int, std::uint64_t>{RLIMIT_CORE, 0},
        {RLIMIT_CPU, static_cast<std::uint64_t>(seconds) * 4},  // Argon2 has four threads
        {RLIMIT_AS, memory}}) {
    if (auto done = base::io::limit_resource(what, value); !done) return done;
  }
  // openat: libcryptsetup takes a path. Besides these two it opens the file in memory alone
  // (Landlock leaves out what no path leads to), once for each part of the header that it reads.
  using Access = base::io::PathRight::Access;
  base::io::Sandbox sandbox{.syscalls = job.medium.syscalls(),
                            // The kernel's ciphers (AF_ALG), for those that OpenSSL does not have;
                            // the size of a device's sectors; limits of anybody.
                            .refused = {"socket", "ioctl", "prlimit64"},
                            .paths = std::vector<base::io::PathRight>{
                                {"/dev/random", Access::read}, {"/dev/urandom", Access::read}}};
  for (const char* name : {"openat", "fstatfs", "pread64", "pwrite64", "ftruncate", "memfd_create",
                           "fcntl", "sysinfo", "uname", "mlock", "munlock", "sched_getaffinity",
                           "readlink", "access", "getuid", "geteuid", "poll"}) {
    sandbox.syscalls.emplace_back(name);
  }
  sandbox.threads = true;  // Argon2's
  return base::io::enter_sandbox(sandbox);
}

base::Result<Secret> read_passphrase(const Fd& file) {
  auto text = base::io::read_memory_file(file, max_passphrase);
  if (!text) return base::Unexpected{text.error()};
  Secret passphrase(base::wire::as_bytes(*text));
  wipe(*text);
  if (passphrase.bytes().empty()) return base::fail("the passphrase is empty");
  return passphrase;
}

std::vector<std::byte> answer_of(const base::Result<Unlocked>& unlocked) {
  std::vector<std::byte> out;
  out.reserve(max_opener_answer);  // nothing that grows leaves a copy of the key behind
  base::wire::Writer writer(out);
  if (unlocked) {
    writer.u8(opener_opened).bytes(encode(*unlocked));
  } else {
    const std::string_view why = unlocked.error().text;
    writer.u8(opener_refused).text(why.substr(0, max_opener_answer - 1));
  }
  return out;
}

}  // namespace

void run_opener(const OpenerJob& job) {
  if (auto confined = confine(job); !confined) {
    const auto refused = answer_of(base::fail("no sandbox: " + confined.error().text));
    static_cast<void>(base::io::write_all(job.answer, base::wire::as_text(refused)));
    ::_exit(0);
  }
  auto passphrase = read_passphrase(job.passphrase);
  const auto answer = answer_of(passphrase ? Opener(job, *std::move(passphrase)).open()
                                           : base::Unexpected{passphrase.error()});
  static_cast<void>(base::io::write_all(job.answer, base::wire::as_text(answer)));
  ::_exit(0);
}

}  // namespace scannerqube::unlock
