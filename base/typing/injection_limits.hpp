// SPDX-License-Identifier: GPL-2.0-or-later
// InjectionLimits: every threshold of InjectionDetector, and where each number comes from.
#pragma once

#include <chrono>
#include <cstddef>

namespace base::typing {

// Sources: [D] Dhakal, Feit, Kristensson, Oulasvirta, "Observations on Typing from 136 Million
// Keystrokes", CHI 2018: interval 238.7 ms (sd 111.6), hold 116 ms, rollover of 25 % of strokes,
// fast typists 121 ms with 40 to 70 %. [G] Gentner, "Keystroke timing in transcription typing",
// 1983: an expert's intervals vary by a third of their mean. [U] Google's ukip: 5 keys, each 50 ms
// or less apart. [H] Hak5 DuckyScript manual. [E] the project's own traces, tests/base/typing.
struct InjectionLimits {
  using Milliseconds = std::chrono::duration<double, std::milli>;

  // A device whose first press comes this soon after the start gets the `prompt_` limits. Nobody
  // plugs in and types within it; but a stream can start under a person's fingers, so this alone
  // is no finding.
  Milliseconds prompt_start{500};

  // Bursts: this many presses, this close on average. People roll two or three keys in 10 ms each
  // and record typists reach 40 ms for some seconds [E]; payloads send 0 to 25 ms [H]. Stricter
  // than [U] in speed, because ukip's 50 ms stops fast typists; 27 = 25 and the grid's rounding.
  std::size_t burst_presses = 6;
  std::size_t prompt_burst_presses = 5;
  // Each hold up to burst_gap just before the burst takes one off, down to least_burst_presses.
  std::size_t least_burst_presses = 4;
  // The same for the presses of a chord with Ctrl, Alt or GUI before it, down to this many: Ctrl,
  // Alt, T and three more.
  std::size_t chord_burst_presses = 3;
  Milliseconds burst_interval{27};
  // and no interval in it longer than this: 25 ms seen through polling. Fingers mix 10 and 45 ms.
  Milliseconds burst_gap{34};

  // Holds that no finger makes: firmware holds 0 to 25 ms [H], people 60 to 150 ms [D].
  // Four of six: one stall of 200 ms squeezes three strokes of a fast typist to nothing [E].
  Milliseconds short_hold{25};
  std::size_t short_holds = 4;
  std::size_t prompt_short_holds = 3;
  std::size_t short_hold_window = 6;  // presses

  // Windows for regularity, in presses without modifiers, and the strays in them: pauses at the
  // end of a line, doubled letters.
  std::size_t window = 12;
  std::size_t strays = 2;
  std::size_t prompt_window = 10;
  std::size_t prompt_strays = 1;
  std::size_t long_window = 24;
  std::size_t long_strays = 2;
  // Fewer different keys in a window: tapping or playing, not text [E].
  std::size_t distinct_keys = 5;

  // Spread of intervals or holds: of a timer, and of a timer seen through USB polling of 8 or
  // 10 ms (USB 2.0, 9.6.6). People's holds have an sd of 12 ms and more, their intervals 30 ms [D].
  Milliseconds timer_spread{4};
  Milliseconds polling_spread{10.5};
  // Values this far apart and no less were seen through coarser polling than a spread allows for
  // (wireless receivers: up to 30 ms): then a person's are alike too, and the spread says nothing.
  Milliseconds coarsest_polling{45};

  // Most holds of the window below this: rapid trigger keyboards go down to about 40 ms [E].
  Milliseconds light_hold{35};

  // Coefficients of variation of the long window without its two extremes at each end, which takes
  // about a quarter off. People: intervals 0.3 [G] (0.47 [D]), holds 0.2 [D].
  double interval_variation = 0.075;
  double hold_variation = 0.05;

  // Clusters: keys sent in lumps with pauses. Rolls of this speed are a few in a hundred [E].
  Milliseconds cluster_interval{15};
  std::size_t clustered = 10;  // intervals in the long window

  // No rollover in the long window. Above 150 WPM (80 ms) nobody types so [D]; above 92 WPM
  // (130 ms) it only makes the limit on variation stricter.
  Milliseconds sure_serial_interval{80};
  Milliseconds serial_interval{130};
  double serial_interval_variation = 0.10;
  std::size_t serial_changes = 16;  // strokes that could overlap: another key than before
};

}  // namespace base::typing
