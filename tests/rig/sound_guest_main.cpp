// SPDX-License-Identifier: GPL-2.0-or-later
// sound_guest: plays and records in a machine, by ALSA's own ioctls (sound/asound.h), so that no
// library has to be there.
//
//   sound_guest play PCM SECONDS     counted sound; prints frames written and how often it ran dry
//   sound_guest record PCM SECONDS FILE
//                                    frames of two channels, raw; prints the same
//   sound_guest hear FILE            of such a file: frames in order, breaks, silent frames
// PCM: /dev/snd/pcmC0D0p or ...c.
#include <fcntl.h>
#include <sound/asound.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "base/io/fd.hpp"
#include "base/io/files.hpp"
#include "tests/rig/counted_sound.hpp"

namespace {

using base::io::Fd;

constexpr unsigned channels = 2;
constexpr unsigned period_frames = 960;  // 20 ms
constexpr unsigned periods = 10;

int complain(const char* what) {
  std::perror(what);
  return EXIT_FAILURE;
}

void set_mask(snd_pcm_hw_params& params, unsigned which, unsigned bit) {
  snd_mask& mask = params.masks[which - SNDRV_PCM_HW_PARAM_FIRST_MASK];
  std::memset(&mask, 0, sizeof mask);
  mask.bits[bit / 32] = 1U << (bit % 32);
}

void set_interval(snd_pcm_hw_params& params, unsigned which, unsigned value) {
  snd_interval& interval = params.intervals[which - SNDRV_PCM_HW_PARAM_FIRST_INTERVAL];
  interval.min = interval.max = value;
  interval.integer = 1;
}

bool configure(const Fd& pcm) {
  snd_pcm_hw_params params{};
  for (snd_mask& mask : params.masks) std::memset(&mask, 0xff, sizeof mask);
  for (snd_interval& interval : params.intervals) interval.max = ~0U;
  params.rmask = ~0U;
  set_mask(params, SNDRV_PCM_HW_PARAM_ACCESS, SNDRV_PCM_ACCESS_RW_INTERLEAVED);
  set_mask(params, SNDRV_PCM_HW_PARAM_FORMAT, SNDRV_PCM_FORMAT_S16_LE);
  set_interval(params, SNDRV_PCM_HW_PARAM_CHANNELS, channels);
  set_interval(params, SNDRV_PCM_HW_PARAM_RATE, rig::sound_rate);
  set_interval(params, SNDRV_PCM_HW_PARAM_PERIOD_SIZE, period_frames);
  set_interval(params, SNDRV_PCM_HW_PARAM_PERIODS, periods);
  return ::ioctl(pcm.get(), SNDRV_PCM_IOCTL_HW_PARAMS, &params) == 0 &&
         ::ioctl(pcm.get(), SNDRV_PCM_IOCTL_PREPARE) == 0;
}

// Frames of one period at a time; false: errno says why.
bool move(const Fd& pcm, unsigned long request, std::vector<std::byte>& period, unsigned& dry) {
  for (;;) {
    snd_xferi transfer{.result = 0, .buf = period.data(), .frames = period_frames};
    if (::ioctl(pcm.get(), request, &transfer) == 0) return true;
    if (errno == EINTR) continue;
    if (errno != EPIPE || ::ioctl(pcm.get(), SNDRV_PCM_IOCTL_PREPARE) != 0) return false;
    ++dry;
  }
}

int play(const Fd& pcm, std::size_t count) {
  std::vector<std::byte> period(period_frames * rig::sound_frame_size);
  unsigned dry = 0;
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t at = 0; at < period.size(); at += rig::sound_frame_size) {
      rig::write_sound_frame(number++, &period[at]);
    }
    if (!move(pcm, SNDRV_PCM_IOCTL_WRITEI_FRAMES, period, dry)) return complain("play");
  }
  if (::ioctl(pcm.get(), SNDRV_PCM_IOCTL_DRAIN) != 0) return complain("drain");
  std::printf("%zu %u\n", count * period_frames, dry);
  return EXIT_SUCCESS;
}

int record(const Fd& pcm, std::size_t count, const char* path) {
  const Fd file(::open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file) return complain(path);
  std::vector<std::byte> all;
  all.reserve(count * period_frames * rig::sound_frame_size);
  std::vector<std::byte> period(period_frames * rig::sound_frame_size);
  unsigned dry = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!move(pcm, SNDRV_PCM_IOCTL_READI_FRAMES, period, dry)) return complain("record");
    all.insert(all.end(), period.begin(), period.end());
  }
  for (std::size_t at = 0; at < all.size();) {
    const ssize_t written = ::write(file.get(), &all[at], all.size() - at);
    if (written <= 0) return complain(path);
    at += static_cast<std::size_t>(written);
  }
  std::printf("%zu %u\n", count * period_frames, dry);
  return EXIT_SUCCESS;
}

int hear(const char* path) {
  constexpr std::size_t largest = std::size_t{256} << 20U;
  const auto content = base::io::read_file(path, largest);
  if (!content) {
    std::fprintf(stderr, "%s\n", content.error().text.c_str());
    return EXIT_FAILURE;
  }
  const rig::HeardSound heard = rig::hear(base::wire::as_bytes(*content));
  std::printf("%zu %zu %zu\n", heard.in_order, heard.breaks, heard.silent);
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == "hear") return hear(argv[2]);
  const std::string_view mode = argc > 3 ? argv[1] : "";
  const bool playing = mode == "play" && argc == 4;
  if (!playing && !(mode == "record" && argc == 5)) {
    std::fputs("usage: sound_guest play PCM SECONDS | record PCM SECONDS FILE | hear FILE\n",
               stderr);
    return 2;
  }
  const Fd pcm(::open(argv[2], O_RDWR | O_CLOEXEC));
  if (!pcm) return complain(argv[2]);
  if (!configure(pcm)) return complain("configure");
  const std::size_t count = std::strtoul(argv[3], nullptr, 10) * rig::sound_rate / period_frames;
  return playing ? play(pcm, count) : record(pcm, count, argv[4]);
}
