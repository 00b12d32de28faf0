// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/volume/io/worker_child.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <new>

#include "base/io/files.hpp"
#include "base/io/forked.hpp"
#include "base/io/sandbox.hpp"
#include "scanner-qube/volume/apfs/reader.hpp"
#include "scanner-qube/volume/fat/reader.hpp"
#include "scanner-qube/volume/iso/reader.hpp"
#include "scanner-qube/volume/recognise.hpp"
#include "scanner-qube/volume/tables.hpp"

// A sanitizer maps terabytes for itself: no limit on address space there.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SALLYPORT_SHADOW_MEMORY true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SALLYPORT_SHADOW_MEMORY true
#endif
#endif
#if !defined(SALLYPORT_SHADOW_MEMORY)
#define SALLYPORT_SHADOW_MEMORY false
#endif

namespace scannerqube::volume {
namespace {

constexpr std::size_t flush_at = std::size_t{64} * 1024;

// What the reader finds, on its way to the parent.
class RecordSink final : public Sink {
 public:
  explicit RecordSink(const base::io::Fd& out) : out_(out) {}

  bool entry(Entry entry) override {
    if (entries_ == max_entries) {
      note(finding(Concern::not_examined, "more than " + std::to_string(max_entries) + " entries"));
      return false;
    }
    ++entries_;
    put(std::move(entry));
    return true;
  }
  void note(Finding finding) override {
    if (notes_ == max_findings) return;
    ++notes_;
    if (notes_ == max_findings) {
      finding = volume::finding(Concern::not_examined, "more findings than are listed");
    }
    put(std::move(finding));
  }
  void put(const Record& record) {
    append_record(buffer_, record);
    if (buffer_.size() >= flush_at) flush();
  }
  void end() {
    put(End{.entries = entries_});
    flush();
  }
  void flush() {
    // A parent that is gone wants nothing more.
    if (!base::io::write_all(out_, base::wire::as_text(buffer_))) ::_exit(0);
    buffer_.clear();
  }

 private:
  const base::io::Fd& out_;
  std::vector<std::byte> buffer_;
  std::uint64_t entries_ = 0;
  std::size_t notes_ = 0;
};

base::Status confine(const ForkableSource& source, const WorkerLimits& limits,
                     const WorkerEnds& ends) {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return base::io::fail_errno("parent death signal");
  if (::getppid() != ends.parent) ::_exit(0);
  if (::prctl(PR_SET_DUMPABLE, 0) != 0) return base::io::fail_errno("no core dumps");
  // FAT's local times go through mktime: without this it would look for a file of time zones.
  ::setenv("TZ", "UTC0", 1);
  ::tzset();
  std::vector<int> keep = source.fds();
  keep.push_back(ends.answers.get());
  keep.push_back(ends.requests.get());
  base::io::close_all_but(std::move(keep));
  if (auto done = base::io::limit_resource(RLIMIT_CORE, 0); !done) return done;
  if (auto done = base::io::limit_resource(RLIMIT_FSIZE, 0); !done) return done;
  if (auto done = base::io::limit_resource(RLIMIT_CPU, limits.cpu_seconds); !done) return done;
  if (!SALLYPORT_SHADOW_MEMORY) {
    const auto mapped = base::io::mapped_bytes();
    if (!mapped) return base::Unexpected{mapped.error()};
    if (auto done = base::io::limit_resource(RLIMIT_AS, *mapped + limits.memory); !done)
      return done;
  }
  // "poll": a write to a full pipe waits.
  base::io::Sandbox sandbox{.syscalls = source.syscalls(),
                            .paths = std::vector<base::io::PathRight>()};
  sandbox.syscalls.emplace_back("poll");
  // UBSan writes to a pipe to see whether an object's memory is there.
  if constexpr (SALLYPORT_SHADOW_MEMORY) sandbox.syscalls.emplace_back("pipe2");
  return base::io::enter_sandbox(sandbox);
}

void tables(const Source& source, RecordSink& sink) {
  const Layout layout = read_tables(source);
  for (const Part& part : layout.parts) {
    sink.put(part);
    Recognised recognised = recognise(source, part.where);
    sink.put(std::move(recognised));
  }
  for (const Area& area : layout.areas) sink.put(area);
  for (const Finding& found : layout.findings) sink.note(found);
}

std::unique_ptr<TskVolume> walk(const Source& source, const Job& job, RecordSink& sink) {
  auto volume = TskVolume::open(source, job.part, job.kind);
  if (!volume) {
    sink.note(finding(Concern::not_examined, std::string(name_of(job.kind)) +
                                                 " cannot be opened: " + volume.error().text));
    return nullptr;
  }
  TskWalk(**volume, job.deleted, sink).run();
  return *std::move(volume);
}

void walk_own(const Source& source, const Job& job, RecordSink& sink) {
  if (job.kind == FileSystem::apfs) {
    apfs::list(source, job.part, sink);
  } else if (job.kind == FileSystem::iso9660) {
    iso::list(source, job.part, sink);
  } else {
    fat::list(source, job.part, job.kind, sink);
  }
}

Piece answer(TskVolume& volume, const ReadRequest& request) {
  auto bytes = volume.read(request.handle, request.offset, request.length);
  if (!bytes) return {.outcome = Piece::Outcome::failed, .text = bytes.error().text};
  return {.outcome = Piece::Outcome::read, .bytes = *std::move(bytes)};
}

void serve(TskVolume* volume, const base::io::Fd& requests, RecordSink& sink) {
  for (;;) {
    std::array<std::byte, read_request_size> bytes{};
    std::size_t have = 0;
    while (have < bytes.size()) {
      const ssize_t got = ::read(requests.get(), bytes.data() + have, bytes.size() - have);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return;
      have += static_cast<std::size_t>(got);
    }
    const auto request = parse_read_request(bytes);
    if (!request) return;
    Piece piece;
    if (volume == nullptr) {
      piece.text = "nothing is open";
    } else {
      piece = answer(*volume, *request);
    }
    piece.text = finding(Concern::read_error, std::move(piece.text)).text;  // printable, bounded
    sink.put(std::move(piece));
    sink.flush();
  }
}

}  // namespace

void run_worker(const ForkableSource& source, const Job& job, const WorkerLimits& limits,
                WorkerEnds ends) {
  // No exception on its way through C code, and no stack of one written to stderr.
  std::set_new_handler([] { ::_exit(out_of_memory); });
  RecordSink sink(ends.answers);
  if (auto confined = confine(source, limits, ends); !confined) {
    sink.note(finding(Concern::reader_ended, "no sandbox: " + confined.error().text));
    sink.flush();
    ::_exit(1);
  }
  std::unique_ptr<TskVolume> volume;
  if (job.task == Task::tables) tables(source, sink);
  if (job.task == Task::recognise) sink.put(recognise(source, job.part));
  if (job.task == Task::walk) volume = walk(source, job, sink);
  if (job.task == Task::walk_own) walk_own(source, job, sink);
  sink.end();
  serve(volume.get(), ends.requests, sink);
  ::_exit(0);
}

}  // namespace scannerqube::volume
