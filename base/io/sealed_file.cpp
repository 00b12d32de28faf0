// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/io/sealed_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/io/files.hpp"

namespace base::io {

Result<Fd> memory_file() {
  Fd file(::memfd_create("sallyport", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file) return fail_errno("memfd");
  return file;
}

Result<std::string> read_memory_file(const Fd& file, std::size_t limit) {
  // Another file could keep its reader waiting for as long as it likes.
  if (::fcntl(file.get(), F_GET_SEALS) < 0) return fail("what came is no file in memory");
  if (::lseek(file.get(), 0, SEEK_SET) != 0) return fail_errno("read a memfd");
  return read_all(file, limit);
}

Status seal(const Fd& memory_file) {
  constexpr int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  if (::fcntl(memory_file.get(), F_ADD_SEALS, seals) != 0) return fail_errno("seal a memfd");
  return Ok{};
}

Result<Fd> sealed_copy(wire::Bytes content) {
  auto file = memory_file();
  if (!file) return file;
  if (auto written = write_all(*file, wire::as_text(content)); !written) {
    return Unexpected{written.error()};
  }
  if (auto sealed = seal(*file); !sealed) return Unexpected{sealed.error()};
  return file;
}

}  // namespace base::io
